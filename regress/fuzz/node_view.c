#include <string.h>
#include <unistd.h>

#include "etf_read.h"
#include "fuzz.h"
#include "node_view.h"

struct kid kids[KIDS + 1];

static uint8_t got[1 << 20];
static size_t have;
static int prefix;

void
node_begin(int bytes)
{
	have = 0;
	prefix = bytes;
	memset(kids, 0, sizeof(kids));
}

/* The one that the node knows by that pid. */
static struct kid *
node_kid(int64_t pid)
{
	int i;

	for (i = 1; i <= KIDS; i++)
		if (kids[i].told && !kids[i].over && kids[i].pid == pid)
			return (&kids[i]);
	fuzz_wrong("the node hears of a child that it does not know");
}

static void
node_output(struct kid *k, int n, const uint8_t *bytes, size_t len)
{
	size_t i;

	if (!k->counted)
		return;
	for (i = 0; i < len; i++)
		if (bytes[i] != (uint8_t)(k->got[n] + i))
			fuzz_wrong("output that was not written so");
	k->got[n] += len;
	if (k->got[n] > k->wrote[n])
		fuzz_wrong("output that was not written");
}

static void
node_exit(struct kid *k)
{
	int i;

	if (!k->exiting)
		fuzz_wrong("an exit of a child that lives");
	for (i = 0; i < 2 && k->counted; i++)
		if (k->got[i] < k->owed[i])
			fuzz_wrong("output is missing");
	k->over = 1;
}

/* {Tid, {pid, Pid}}: of what else is answered nothing is known. */
static void
node_reply(int64_t tid, struct etf *e)
{
	char atom[ETF_ATOM_MAX];
	struct kid *k;
	uint32_t n;
	int64_t pid;
	int i;

	if (etf_get_tuple(e, &n) == -1 || n != 2 ||
	    etf_get_atom(e, atom, sizeof(atom)) == -1 ||
	    strcmp(atom, "pid") != 0 || etf_get_int(e, &pid) == -1)
		return;
	k = &kids[tid - TID_FIRST];
	for (i = 1; i <= KIDS; i++)
		if (kids[i].told && !kids[i].over && kids[i].pid == pid)
			fuzz_wrong("two children have one pid");
	if (k->told || k->pid != pid)
		fuzz_wrong("another child than was made");
	k->told = 1;
}

static void
node_event(struct etf *e)
{
	char atom[ETF_ATOM_MAX];
	const uint8_t *bytes;
	struct kid *k;
	int64_t pid;
	uint32_t n;
	size_t len;

	if (etf_get_tuple(e, &n) == -1 ||
	    etf_get_atom(e, atom, sizeof(atom)) == -1)
		fuzz_wrong("no event");
	if (strcmp(atom, "launcher_down") == 0)
		return;
	if (etf_get_int(e, &pid) == -1)
		fuzz_wrong("an event of nobody");
	k = node_kid(pid);
	if (strcmp(atom, "exit") == 0 || strcmp(atom, "exit_status") == 0)
		node_exit(k);
	else if (etf_get_binary(e, &bytes, &len) == 0)
		node_output(k, strcmp(atom, "stderr") == 0, bytes, len);
}

static void
node_frame(const uint8_t *p, size_t len)
{
	struct etf e;
	int64_t tid;
	uint32_t n;

	if (etf_check(p, len) == -1 || etf_open(&e, p, len) == -1 ||
	    etf_get_tuple(&e, &n) == -1 || n != 2 ||
	    etf_get_int(&e, &tid) == -1)
		fuzz_wrong("the node gets what is no term");
	if (tid == 0)
		node_event(&e);
	else if (tid > TID_FIRST && tid <= TID_FIRST + KIDS)
		node_reply(tid, &e);
}

size_t
node_reads(int fd, size_t most)
{
	size_t off = 0, len;
	ssize_t n;
	int i;

	if (most > sizeof(got) - have)
		most = sizeof(got) - have;
	if ((n = read(fd, got + have, most)) <= 0)
		return (0);
	have += (size_t)n;
	for (;;) {
		for (len = 0, i = 0; i < prefix; i++)
			len = len << 8 | got[off + (size_t)i];
		if (have - off < (size_t)prefix ||
		    have - off - (size_t)prefix < len)
			break;
		node_frame(got + off + prefix, len);
		off += (size_t)prefix + len;
	}
	memmove(got, got + off, have - off);
	have -= off;
	return ((size_t)n);
}
