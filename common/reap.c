/*
 * Reaping: see reap.h.
 */

#include <sys/wait.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "reap.h"

pid_t
reap_ended(pid_t pid, int *status, struct rusage *ru)
{
	pid_t got;

	/* A stop that was told of is not told of again. */
	do
		got = wait4(pid, status, WNOHANG, ru);
	while (got > 0 && WIFSTOPPED(*status));
	return (got);
}

int
reap_has_ended(pid_t pid, pid_t *which)
{
	idtype_t type = pid == -1 ? P_ALL : P_PID;
	siginfo_t si, stop;

	for (;;) {
		si.si_pid = 0;
		if (waitid(type, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) ==
			-1 ||
		    si.si_pid == 0)
			return (0);
		if (si.si_code == CLD_EXITED || si.si_code == CLD_KILLED ||
		    si.si_code == CLD_DUMPED)
			break;
		/* Take the stop away: it may hide another's end. */
		stop.si_pid = 0;
		if (waitid(P_PID, (id_t)si.si_pid, &stop, WSTOPPED | WNOHANG) ==
			-1 ||
		    stop.si_pid == 0)
			return (0);
	}
	if (which != NULL)
		*which = si.si_pid;
	return (1);
}

int
reap_is_stopped(pid_t pid)
{
	siginfo_t si;

	si.si_pid = 0;
	return (
	    waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
	    si.si_pid == pid && si.si_code == CLD_STOPPED);
}

const char *
reap_words(int status)
{
	static char words[96];

	if (status == -1)
		return ("with a status that nobody knows");
	if (WIFEXITED(status))
		(void)snprintf(words, sizeof(words), "with status %d",
		    WEXITSTATUS(status));
	else
		(void)snprintf(words, sizeof(words), "by signal %d (%s%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)),
		    WCOREDUMP(status) ? ", core dumped" : "");
	return (words);
}
