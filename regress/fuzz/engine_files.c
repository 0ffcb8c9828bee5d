/*
 * No engine: the inputs in the files, and in the folders' files, that are
 * named. What was found once is looked at in each run of the tests.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static unsigned int count;

static void
play(const char *path, size_t len)
{
	uint8_t *data;
	FILE *f;

	if ((data = malloc(len + (len == 0))) == NULL)
		err(1, "%s", path);
	/* By libc's own calls: a harness may have others of that name. */
	if ((f = fopen(path, "re")) == NULL || fread(data, 1, len, f) != len)
		err(1, "%s", path);
	(void)fclose(f);
	fuzz_one(data, len);
	free(data);
	count++;
}

static void
play_folder(const char *folder)
{
	char path[PATH_MAX];
	struct dirent *e;
	struct stat sb;
	DIR *d;

	if ((d = opendir(folder)) == NULL)
		err(1, "%s", folder);
	while ((e = readdir(d)) != NULL) {
		if (snprintf(path, sizeof(path), "%s/%s", folder, e->d_name) >=
		    (int)sizeof(path))
			errx(1, "%s: too long", folder);
		if (stat(path, &sb) == 0 && S_ISREG(sb.st_mode))
			play(path, (size_t)sb.st_size);
	}
	(void)closedir(d);
}

int
main(int argc, char *argv[])
{
	struct stat sb;
	int i;

	fuzz_begin();
	for (i = 1; i < argc; i++) {
		if (stat(argv[i], &sb) == -1)
			err(1, "%s", argv[i]);
		if (S_ISDIR(sb.st_mode))
			play_folder(argv[i]);
		else
			play(argv[i], (size_t)sb.st_size);
	}
	if (count == 0)
		errx(1, "no input");
	(void)printf("%u inputs\n", count);
	return (0);
}
