#include "chatd/hooks_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { FILE_MAX = 4 << 20, PATH_SIZE = 4096 };

void hook_free(struct hook *hook)
{
	if (!hook)
		return;
	mem_free(hook->name);
	mem_free(hook->channel);
	mem_free(hook->format);
	mem_free(hook);
}

void hooks_file_begin(struct hooks_file *f)
{
	if (!f->keyed)
		arc4random_buf(f->key, sizeof(f->key));
	f->keyed = true;
}

void hooks_file_remove(struct hooks_file *f, uint32_t nth)
{
	hook_free(f->hooks.items[nth]);
	memmove(&f->hooks.items[nth], &f->hooks.items[nth + 1], (f->hooks.count - nth - 1) * sizeof(f->hooks.items[0]));
	f->hooks.count--;
}

void hooks_file_deinit(struct hooks_file *f)
{
	while (f->hooks.count)
		hooks_file_remove(f, f->hooks.count - 1);
	vec_deinit(&f->hooks);
	explicit_bzero(f->key, sizeof(f->key));
}

/* Reading */

static bool read_key(struct hooks_file *f, struct str line)
{
	static const char front[] = "chatd-hooks 1 ";
	size_t n = sizeof(front) - 1;
	char digits[3] = "";

	if (!str_starts(line, STR("chatd-hooks 1 ")) || line.n != n + 2 * sizeof(f->key) ||
	    strspn(line.p + n, "0123456789abcdef") < 2 * sizeof(f->key))
		return false;
	for (size_t i = 0; i < sizeof(f->key); i++) {
		memcpy(digits, line.p + n + 2 * i, 2);
		f->key[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	f->keyed = true;
	return true;
}

static bool read_hook(struct hooks_file *f, struct str line)
{
	struct str part[5];
	struct hook *hook;
	unsigned long long created, flags;

	for (size_t i = 0; i < 5; i++)
		if (!str_split(&line, ' ', &part[i]) || !part[i].n)
			return false;
	if (part[2].n != sizeof(hook->id) - 1 || !str_u64(part[3], INT64_MAX, &created) ||
	    !str_u64(part[4], 3, &flags) || part[0].n > HOOK_NAME_MAX)
		return false;
	hook = mem_zalloc(sizeof(*hook));
	hook->name = mem_strndup(part[0].p, part[0].n);
	hook->channel = mem_strndup(part[1].p, part[1].n);
	memcpy(hook->id, part[2].p, part[2].n);
	hook->created = (int64_t)created;
	hook->sealed = flags & 1;
	hook->founders = flags & 2;
	hook->format = line.n ? mem_strndup(line.p, line.n) : mem_strdup("");
	vec_push(&f->hooks, hook);
	return true;
}

static int parse(struct hooks_file *f, struct str text)
{
	struct str line;

	if (!text.n)
		return 0;
	if (text.p[text.n - 1] != '\n' || !str_split(&text, '\n', &line) || !read_key(f, line))
		return -EBADMSG;
	while (text.n && str_split(&text, '\n', &line))
		if (!read_hook(f, line))
			return -EBADMSG;
	return 0;
}

static int path_of(char path[PATH_SIZE], const char *directory, const char *name)
{
	int n = snprintf(path, PATH_SIZE, "%s/%s", directory, name);

	return n > 0 && n < PATH_SIZE ? 0 : -ENAMETOOLONG;
}

int hooks_file_read(struct hooks_file *f, const char *directory)
{
	char path[PATH_SIZE], *text;
	int err = path_of(path, directory, "hooks");
	FILE *in = err < 0 ? NULL : fopen(path, "re");
	size_t n;

	if (!in)
		return err < 0 ? err : errno == ENOENT ? 0 : -errno;
	text = mem_alloc(FILE_MAX + 1);
	n = fread(text, 1, FILE_MAX, in);
	text[n] = '\0';
	err = ferror(in) ? -EIO : n == FILE_MAX ? -EFBIG : parse(f, (struct str){text, n});
	fclose(in);
	explicit_bzero(text, n);
	mem_free(text);
	return err;
}

/* Writing */

struct str hooks_file_text(const struct hooks_file *f)
{
	char key[2 * CREDENTIAL_KEY_SIZE + 1], *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return STR_NONE;
	str_hex(key, f->key, sizeof(f->key));
	fprintf(out, "chatd-hooks 1 %s\n", key);
	explicit_bzero(key, sizeof(key));
	for (uint32_t i = 0; i < f->hooks.count; i++) {
		const struct hook *hook = f->hooks.items[i];

		if (hook != f->skipped)
			fprintf(out, "%s %s %s %lld %d %s\n", hook->name, hook->channel, hook->id,
				(long long)hook->created, hook->sealed | hook->founders << 1, hook->format);
	}
	if (fclose(out) == 0)
		return (struct str){text, n};
	free(text);
	return STR_NONE;
}

void hooks_file_text_free(struct str text)
{
	if (text.n)
		explicit_bzero((void *)(uintptr_t)text.p, text.n);
	free((void *)(uintptr_t)text.p);
}

static int put(struct str text, FILE *out)
{
	errno = EIO;
	return fwrite(text.p, 1, text.n, out) != text.n || fflush(out) != 0 || fsync(fileno(out)) != 0 ? -errno : 0;
}

static int sync_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 || fsync(fd) != 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return err;
}

int hooks_file_write(struct str text, const char *directory)
{
	char path[PATH_SIZE], fresh[PATH_SIZE];
	int fd, err;
	FILE *out;

	if (path_of(path, directory, "hooks") < 0 || path_of(fresh, directory, "hooks.new") < 0)
		return -ENAMETOOLONG;
	if (!text.n)
		return -ENOMEM;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	err = put(text, out);
	if (fclose(out) != 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(fresh, path) != 0)
		err = -errno;
	return err == 0 ? sync_directory(directory) : err;
}
