/* Requests, and what they remember. */

#include "../../broker/request.c"

#include "request_state.h"

void
request_remember(int hello)
{
	native = hello;
}
