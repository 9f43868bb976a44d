#include "chat-client/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = KEEP_FOLDER_MAX + 64, LINE_ROOM = KEEP_KEY_MAX + KEEP_VALUE_MAX + 2 };

bool keep_folder(char dst[KEEP_FOLDER_MAX])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (state && state[0] == '/')
		n = snprintf(dst, KEEP_FOLDER_MAX, "%s/chat-client", state);
	else if (home && home[0] == '/')
		n = snprintf(dst, KEEP_FOLDER_MAX, "%s/.local/state/chat-client", home);
	else
		return false;
	return n < KEEP_FOLDER_MAX;
}

/* The value behind the key, when the line is of that key; its newline is taken off. */
static char *value_of(char *line, const char *key)
{
	size_t n = strlen(key);

	line[strcspn(line, "\r\n")] = '\0';
	return strncmp(line, key, n) == 0 && line[n] == ' ' ? line + n + 1 : NULL;
}

bool keep_get(const char *folder, const char *name, const char *key, char value[KEEP_VALUE_MAX])
{
	char path[PATH_ROOM], line[LINE_ROOM];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		const char *at = value_of(line, key);

		found = at && strlen(at) < KEEP_VALUE_MAX;
		if (found)
			strlcpy(value, at, KEEP_VALUE_MAX);
	}
	fclose(f);
	return found;
}

static int make_folders(const char *folder)
{
	char path[KEEP_FOLDER_MAX];

	if (strlcpy(path, folder, sizeof(path)) >= sizeof(path))
		return -ENAMETOOLONG;
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -errno;
		*at = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* All lines of the old file but those of the key. */
static void copy_others(FILE *to, const char *old, const char *key)
{
	char line[LINE_ROOM];
	FILE *from = fopen(old, "re");

	while (from && fgets(line, sizeof(line), from)) {
		if (!value_of(line, key) && line[0])
			fprintf(to, "%s\n", line);
	}
	if (from)
		fclose(from);
}

static int replace(const char *path, const char *next, const char *key, const char *value)
{
	int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *f;
	bool good;

	if (fd < 0)
		return -errno;
	f = fdopen(fd, "w");
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	copy_others(f, path, key);
	if (value)
		fprintf(f, "%s %s\n", key, value);
	good = fflush(f) == 0 && !ferror(f) && fsync(fd) == 0;
	if (fclose(f) == 0 && good && rename(next, path) == 0)
		return 0;
	(void)unlink(next);
	return -EIO;
}

int keep_put(const char *folder, const char *name, const char *key, const char *value)
{
	char path[PATH_ROOM], next[PATH_ROOM + 16];
	int r = make_folders(folder);

	if (r)
		return r;
	if (strlen(key) >= KEEP_KEY_MAX || strpbrk(key, " \r\n") || (value && strlen(value) >= KEEP_VALUE_MAX))
		return -EINVAL;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(next, sizeof(next), "%s.%ld", path, (long)getpid());
	return replace(path, next, key, value);
}
