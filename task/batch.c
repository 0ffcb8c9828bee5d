/*
 * Calls, one by one, and what holds for each of them whatever it is.
 */

#include <errno.h>
#include <string.h>

#include "answer.h"
#include "batch.h"
#include "call.h"
#include "fork.h"
#include "self.h"

#define HEAD 6 /* bytes before the term: number and length */

static unsigned int
marks_of(unsigned int number)
{
	return (number < call_rows_count ? call_rows[number].marks : 0);
}

static const char *
name_of(unsigned int number)
{
	return (number < call_rows_count ? call_rows[number].name : "call");
}

enum outcome
batch_call(unsigned int number, const uint8_t *term, size_t len, int last)
{
	struct etf_writer *w = answer_next();
	unsigned int marks = marks_of(number);
	int ok = 0;

	if (fork_ward() != 0)
		answer_error("state", EACCES, "init");
	else if ((marks & CALL_LEAVES) != 0 && !last)
		answer_error("state", EACCES, name_of(number));
	else
		ok = call_run(number, term, len, w);
	if (self_is_new())
		return (CALL_FORKED);
	if ((marks & CALL_IDS) != 0)
		self_arm();
	if (!answer_fits(name_of(number)))
		return (CALL_NO_ROOM);
	return (ok ? CALL_OK : CALL_FAILED);
}

static uint32_t
number_at(const uint8_t *p, size_t width)
{
	uint32_t v = 0;

	while (width-- > 0)
		v = v << 8 | *p++;
	return (v);
}

/* The next call: 0, or -1 if there is none of that length. */
static int
next(const uint8_t **p, size_t *len, unsigned int *number, uint32_t *size)
{
	if (*len < HEAD)
		return (-1);
	*number = number_at(*p, 2);
	*size = number_at(*p + 2, 4);
	*p += HEAD;
	*len -= HEAD;
	return (*size > *len ? -1 : 0);
}

enum outcome
batch_run(unsigned int count, int all, const uint8_t *p, size_t len)
{
	enum outcome r = CALL_OK;
	unsigned int number;
	uint32_t size;

	for (; count > 0 && (r == CALL_OK || all); count--) {
		if (next(&p, &len, &number, &size) == -1)
			break;
		r = batch_call(number, p, size, count == 1);
		if (r == CALL_FORKED || r == CALL_NO_ROOM)
			return (r);
		p += size;
		len -= size;
	}
	if (count > 0 && (r == CALL_OK || all)) {
		(void)answer_next();
		answer_error("wire", EINVAL, "batch");
		(void)answer_fits("batch");
	}
	return (r);
}
