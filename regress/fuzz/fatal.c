/* For doors that nothing that comes in by is to end a process at. */

#include "fuzz.h"
#include "log.h"

void
fatal(const char *fmt, ...)
{
	fuzz_wrong(fmt);
}

void
fatalx(const char *fmt, ...)
{
	fuzz_wrong(fmt);
}
