/*
 * What a person asks proctor-check: words with NULs behind them, up to an empty
 * one, and then the policy, on its standard input.
 */

#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "fuzz.h"

#define WORDS_MAX 32

static int policy;

void
fuzz_begin(void)
{
	if (freopen("/dev/null", "w", stdout) == NULL ||
	    (policy = memfd_create("policy", MFD_CLOEXEC)) == -1 ||
	    dup2(policy, STDIN_FILENO) == -1)
		abort();
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	char *words[WORDS_MAX + 1], *text, *p;
	static char file[] = "-";
	int argc = 0, status;

	if ((text = malloc(len + 2)) == NULL)
		abort();
	memcpy(text, data, len);
	text[len] = text[len + 1] = '\0';
	for (p = text; *p != '\0' && argc < WORDS_MAX; p += strlen(p) + 1)
		words[argc++] = p;
	words[argc] = NULL;
	if (*p == '\0' && p < text + len)
		p++;
	len = p < text + len ? (size_t)(text + len - p) : 0;
	if (ftruncate(policy, 0) == -1 ||
	    pwrite(policy, p, len, 0) != (ssize_t)len ||
	    lseek(policy, 0, SEEK_SET) == -1)
		abort();
	status = check_policy(file, argc, words);
	if (status < 0 || status > 2)
		fuzz_wrong("no status of an exit");
	free(text);
}
