/*
 * Carries out one call: its row, its arguments, its handler, its answer. What
 * the node sends is hostile; it meets a process that may do no more than its
 * user may.
 */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "call.h"
#include "calls.h"
#include "caught.h"
#include "constant.h"
#include "family.h"
#include "filter.h"
#include "interrupt.h"

static const struct call_handler *const tables[] = {
	call_file_handlers,
	call_path_handlers,
	call_id_handlers,
	call_proc_handlers,
	call_env_handlers,
	call_net_handlers,
	call_name_handlers,
	call_system_handlers,
	fork_handlers,
	exec_handlers,
	reexec_handlers,
	caught_handlers,
	filter_handlers,
};

static const struct call_handler *handlers[CALLS_MAX];

/* Each row's handler is looked for once, for all tasks to come. */
static const struct call_handler *
handler_of(unsigned int number)
{
	static int known;
	const struct call_handler *h;
	size_t i;
	int row;

	for (i = 0; !known && i < sizeof(tables) / sizeof(tables[0]); i++)
		for (h = tables[i]; h->name != NULL; h++)
			if ((row = call_number(h->name)) != -1)
				handlers[row] = h;
	known = 1;
	return (number < call_rows_count ? handlers[number] : NULL);
}

int
call_here(unsigned int number)
{
	return (handler_of(number) != NULL);
}

static void
put_error(struct call *c, int error)
{
	etf_put_tuple(c->out, 2);
	etf_put_atom(c->out, "error");
	etf_put_tuple(c->out, 3);
	etf_put_atom(c->out, c->stage);
	etf_put_atom(c->out, constant_errno(error));
	if (c->detail != NULL)
		etf_put_atom(c->out, c->detail);
	else
		etf_put_int(c->out, c->number);
}

/*
 * What waits can be interrupted. If that was for another call, one that has
 * had its answer, it goes on. So it does when a child has ended, which the
 * switch is told of meanwhile; unless the call, or the node, sees to that.
 */
static int
wait_for(struct call *c, const struct call_handler *h)
{
	int error, over, r;
	int children = (c->row->marks & CALL_REAPS) == 0 &&
		       caught[SIGCHLD] != SIGNAL_CAUGHT;

	do {
		over = interrupt_begin(children);
		if (interrupt_child())
			(void)family_reap(-1, NULL);
		r = over ? -1 : h->run(c);
		error = over ? EINTR : errno;
		over = interrupt_end();
		if (interrupt_child() || (children && error == EINTR))
			(void)family_reap(-1, NULL);
	} while (r == -1 && error == EINTR && !over);
	if (r == -1 && error == EINTR)
		return (call_failed(c, "timeout", ETIMEDOUT, c->row->name));
	errno = error;
	return (r);
}

/* 0, or -1 with errno. */
static int
handle(struct call *c, const struct call_handler *h, const uint8_t *term,
    size_t len)
{
	if (h == NULL)
		return (call_failed(c, "system", ENOSYS, c->row->name));
	if (args_read(c, term, len) == -1)
		return (-1);
	if ((c->row->marks & CALL_BLOCKS) != 0)
		return (wait_for(c, h));
	return (h->run(c));
}

int
call_run(unsigned int number, const uint8_t *term, size_t len,
    struct etf_writer *out)
{
	static const struct call_row none = { "call", "", 0, 0, NULL, NULL };
	struct call c;
	size_t start = out->len, head;
	int error = 0;

	memset(&c, 0, sizeof(c));
	c.row = number < call_rows_count ? &call_rows[number] : &none;
	c.out = out;
	c.stage = "call";
	c.detail = c.row->name;
	etf_put_tuple(out, 2);
	etf_put_atom(out, "ok");
	head = out->len;
	if (filter_denies(number)) {
		c.stage = "policy";
		error = EPERM;
	} else if (handle(&c, handler_of(number), term, len) == -1)
		error = errno;
	else if (out->full) {
		c.stage = "wire";
		error = EMSGSIZE;
	} else if (out->len == head) {
		out->len = start;
		etf_put_atom(out, "ok");
	}
	if (error != 0) {
		out->len = start;
		out->full = 0;
		put_error(&c, error);
	}
	call_free(&c);
	return (error == 0);
}
