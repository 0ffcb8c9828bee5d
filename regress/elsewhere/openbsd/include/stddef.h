#ifndef OPENBSD_STDDEF_H
#define OPENBSD_STDDEF_H

typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __WCHAR_TYPE__ wchar_t;
typedef struct {
	long long whole;
	long double real;
} max_align_t;

#define NULL ((void *)0)
#define offsetof(type, field) __builtin_offsetof(type, field)

#endif
