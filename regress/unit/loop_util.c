/* See loop_util.h. */

#include <sys/syscall.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/imsg_send.h"
#include "loop_util.h"
#include "task_util.h"

#include "task/call.h"
#include "task/loop.h"

struct heard heard;
uint32_t task_seq;
static struct peer *peers;

static struct peer *
peer_new(int fd)
{
	struct peer *p = calloc(1, sizeof(*p));

	p->next = peers;
	peers = p;
	p->pidfd = -1;
	assert_int_equal(imsgbuf_init(&p->ibuf, fd), 0);
	assert_int_equal(imsgbuf_set_maxsize(&p->ibuf, 2 << 20), 0);
	imsgbuf_allow_fdpass(&p->ibuf);
	return (p);
}

/* What the switch does for its root task. */
static void
become_task(int fd)
{
	int null = open("/dev/null", O_RDWR);

	(void)dup2(null, 0);
	(void)dup2(null, 1);
	(void)dup2(fd, TASK_CHANNEL_FD);
	closefrom(TASK_CHANNEL_FD + 1);
	(void)fcntl(TASK_CHANNEL_FD, F_SETFD, FD_CLOEXEC);
	task_main(0);
}

struct peer *
task_root(void)
{
	struct task_here here;
	struct peer *p;
	int fds[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	if ((pid = fork()) == 0) {
		(void)close(fds[0]);
		become_task(fds[1]);
	}
	(void)close(fds[1]);
	p = peer_new(fds[0]);
	p->pid = pid;
	p->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	task_expect(p, TASK_HERE);
	memcpy(&here, heard.data, sizeof(here));
	assert_int_equal(here.inner, pid);
	assert_int_equal(here.again, 0);
	return (p);
}

uint32_t
task_hear(struct peer *p)
{
	struct imsg imsg;
	struct ibuf body;
	int n;

	while ((n = imsgbuf_get(&p->ibuf, &imsg)) == 0)
		if (imsgbuf_read(&p->ibuf) != 1)
			return (0);
	assert_int_equal(n, 1);
	heard.type = imsg_get_type(&imsg);
	heard.fd = imsg_get_fd(&imsg);
	heard.len = imsg_get_len(&imsg);
	if (heard.len > 0) {
		assert_int_equal(imsg_get_ibuf(&imsg, &body), 0);
		memcpy(heard.data, ibuf_data(&body), heard.len);
	}
	imsg_free(&imsg);
	return (heard.type);
}

void
task_expect(struct peer *p, uint32_t type)
{
	assert_int_equal(task_hear(p), type);
}

static void
send_it(struct peer *p, uint32_t type, const void *head, size_t headlen,
    const void *data, size_t len)
{
	struct iovec iov[2] = { { (void *)(uintptr_t)head, headlen },
		{ (void *)(uintptr_t)data, len } };

	assert_int_equal(imsg_composev(&p->ibuf, type, 0, 0, -1, iov, 2), 1);
	assert_int_equal(imsgbuf_flush(&p->ibuf), 0);
}

void
task_ask(struct peer *p, const char *name, const char *args)
{
	struct task_call head = { ++task_seq, 0, 0 };
	size_t len;
	uint8_t *term = term_of(args, &len);

	head.number = (uint16_t)call_number(name);
	send_it(p, TASK_CALL, &head, sizeof(head), term, len);
	free(term);
}

/* One call of a batch, n bytes of text, as it is on the wire. */
static size_t
put_call(uint8_t *to, const char *text, size_t n)
{
	char *call = strndup(text, n), *args = strchr(call, ' ');
	unsigned int number;
	uint8_t *term;
	size_t len, i;

	*args++ = '\0';
	number = (unsigned int)call_number(call);
	term = term_of(args, &len);
	to[0] = (uint8_t)(number >> 8);
	to[1] = (uint8_t)number;
	for (i = 0; i < 4; i++)
		to[2 + i] = (uint8_t)(len >> (24 - 8 * i));
	memcpy(to + 6, term, len);
	free(term);
	free(call);
	return (6 + len);
}

void
task_ask_all(struct peer *p, const char *calls, int flags)
{
	static uint8_t all[1 << 20];
	struct task_batch head = { ++task_seq, 0, (uint16_t)flags };
	size_t n, len = 0;

	for (; *calls != '\0'; head.count++) {
		n = strcspn(calls, ";");
		len += put_call(all + len, calls, n);
		calls += n + strspn(calls + n, "; ");
	}
	send_it(p, TASK_BATCH, &head, sizeof(head), all, len);
}

const char *
task_term(size_t head)
{
	assert_true(heard.len > head);
	assert_int_equal(etf_check(heard.data + head, heard.len - head), 0);
	return (text_of(heard.data + head + 1, heard.len - head - 1));
}

const char *
task_answer(struct peer *p)
{
	struct task_reply head;

	task_expect(p, TASK_REPLY);
	memcpy(&head, heard.data, sizeof(head));
	assert_int_equal(head.seq, task_seq);
	return (task_term(sizeof(head)));
}

const char *
task_call(struct peer *p, const char *name, const char *args)
{
	task_ask(p, name, args);
	return (task_answer(p));
}

struct peer *
task_child(void)
{
	struct task_born born;
	struct peer *child;

	assert_int_equal(heard.type, TASK_BORN);
	memcpy(&born, heard.data, sizeof(born));
	assert_int_equal(born.seq, task_seq);
	assert_int_not_equal(heard.fd, -1);
	child = peer_new(heard.fd);
	child->pid = born.inner;
	return (child);
}

struct peer *
task_fork(struct peer *p, const char *name, const char *args)
{
	struct task_here here;
	struct peer *child;
	char ok[32];

	task_ask(p, name, args);
	task_expect(p, TASK_BORN);
	child = task_child();
	task_expect(p, TASK_PIDFD);
	child->pidfd = heard.fd;
	assert_int_not_equal(child->pidfd, -1);
	(void)snprintf(ok, sizeof(ok), "{ok,%d}", child->pid);
	assert_string_equal(task_answer(p), ok);
	task_expect(child, TASK_HERE);
	memcpy(&here, heard.data, sizeof(here));
	child->inner = (int)here.inner;
	return (child);
}

void
task_gone(struct peer *p)
{
	struct pollfd pfd = { .fd = p->pidfd, .events = POLLIN };

	assert_int_equal(poll(&pfd, 1, 20000), 1);
}

void
task_end(struct peer *root)
{
	struct peer *p;

	(void)close(root->ibuf.fd);
	task_gone(root);
	(void)waitpid(root->pid, NULL, 0);
	while ((p = peers) != NULL) {
		peers = p->next;
		imsgbuf_clear(&p->ibuf);
		if (p != root)
			(void)close(p->ibuf.fd);
		if (p->pidfd != -1)
			(void)close(p->pidfd);
		free(p);
	}
}
