/* Where bytes of a number are, whatever the machine's order. */

#ifndef UNIT_ORDER_H
#define UNIT_ORDER_H

/* The lower and the upper half of one of 64 bits that is at off. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOWER_HALF(off) ((off) + 4)
#define UPPER_HALF(off) (off)
#else
#define LOWER_HALF(off) (off)
#define UPPER_HALF(off) ((off) + 4)
#endif

/* A number below 256, in text: its byte, and that of one of what is 0. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define TEXT_OF_2(byte, zero) zero byte
#define TEXT_OF_4(byte, zero) zero zero zero byte
#else
#define TEXT_OF_2(byte, zero) byte zero
#define TEXT_OF_4(byte, zero) byte zero zero zero
#endif

#endif
