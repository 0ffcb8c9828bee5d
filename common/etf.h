/*
 * Numbers of Erlang's external term format that its reader and its writer
 * have to agree on.
 */

#ifndef ETF_H
#define ETF_H

#define ETF_VERSION 131 /* the first byte of a term */
#define ETF_SMALL_INTEGER 97 /* the tag of an integer of one byte */
#define ETF_ATOM_CHARS 255 /* code points that an atom may have */

#endif
