#ifndef OPENBSD_CTYPE_H
#define OPENBSD_CTYPE_H

int isalnum(int);
int isalpha(int);
int isdigit(int);
int isprint(int);
int isspace(int);
int isxdigit(int);
int tolower(int);
int toupper(int);

#endif
