/*
 * The children of the benchmark, as small as a process can be:
 *
 *	child idle		sleep until killed
 *	child flood		write zeros as fast as anybody reads
 *	child sink bytes	read so many, write one, and end
 *	child bomb n		make so many that flee for ever, write one byte
 *
 * Whatever becomes of the benchmark, none stays: they die with their parent, or
 * after a minute.
 */

#include <sys/prctl.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char buf[65536];

static int
flood(void)
{
	for (;;)
		if (write(STDOUT_FILENO, buf, sizeof(buf)) == -1 &&
		    errno != EINTR)
			return (1);
}

/* In the pieces in which most programs read. */
static int
sink(long long left)
{
	ssize_t n;

	while (left > 0) {
		n = read(STDIN_FILENO, buf, 8192);
		if (n == 0 || (n == -1 && errno != EINTR))
			return (1);
		if (n > 0)
			left -= n;
	}
	return (write(STDOUT_FILENO, buf, 1) != 1);
}

/* It is another process each 50 ms, and nobody's child. */
static void
flee(time_t until)
{
	while (time(NULL) < until) {
		(void)usleep(50000);
		if (fork() > 0)
			_exit(0);
		(void)setsid();
	}
	_exit(0);
}

static int
bomb(int n)
{
	const time_t until = time(NULL) + 60;

	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGCHLD, SIG_IGN);
	while (n-- > 0)
		switch (fork()) {
		case -1:
			return (1);
		case 0:
			flee(until);
		}
	if (write(STDOUT_FILENO, buf, 1) != 1)
		return (1);
	for (;;)
		(void)pause();
}

int
main(int argc, char *argv[])
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		return (1);
	if (argc == 2 && strcmp(argv[1], "idle") == 0)
		for (;;)
			(void)pause();
	if (argc == 2 && strcmp(argv[1], "flood") == 0)
		return (flood());
	if (argc == 3 && strcmp(argv[1], "sink") == 0)
		return (sink(strtoll(argv[2], NULL, 10)));
	if (argc == 3 && strcmp(argv[1], "bomb") == 0)
		return (bomb(atoi(argv[2])));
	return (2);
}
