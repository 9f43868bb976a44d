#include "chatctl/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "chatctl/copy.h"
#include "chatctl/journal.h"
#include "journal/store_lock.h"

/*
 * The copy is looked at where it is, copied beside what is there, and looked at once more: a disk may be full, or bad.
 * Only then is anything altered, and that is renaming.
 */
enum { PATH_SIZE = 4096, WHY_MAX = 512 };

static const char fresh_name[] = "restore.tmp";

struct restoring {
	const struct options *o;
	const char *from;
	int state, source, fresh; /* directories */
	int lock;
	uid_t uid; /* of the state directory: whose the files are to be */
	gid_t gid;
	char aside[64]; /* where the old ones go */
};

static int fail(int code, const char *what, int error)
{
	fprintf(stderr, "chatctl: %s: %s\n", what, strerror(error));
	return code;
}

static bool is_kept(const char *name)
{
	return strcmp(name, "chatd.db") == 0 || strncmp(name, "snapshot-", 9) == 0;
}

/* What goes with an old database too: its write-ahead log must not meet the new one. */
static bool is_old(const char *name)
{
	return is_kept(name) || strcmp(name, "chatd.db-wal") == 0 || strcmp(name, "chatd.db-shm") == 0;
}

/* Calls each with the names in the directory that are wanted, as far as it gives EX_OK. */
static int each_file(struct restoring *r, int directory, bool (*wanted)(const char *name),
		     int (*each)(struct restoring *r, const char *name))
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = EX_OK;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir)
		return fail(EX_IOERR, "the directory", errno);
	while (code == EX_OK && (entry = readdir(dir)))
		if (wanted(entry->d_name))
			code = each(r, entry->d_name);
	closedir(dir);
	return code;
}

static int verify(const struct restoring *r, const char *directory, int fd)
{
	struct options looking = *r->o;
	int code;

	looking.state = directory;
	code = journal_verify(&looking);
	/* Looking at it leaves these beside it. */
	unlinkat(fd, "chatd.db-shm", 0);
	unlinkat(fd, "chatd.db-wal", 0);
	return code;
}

static int copy_file(struct restoring *r, const char *name)
{
	int from = openat(r->source, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), to, error;

	if (from < 0)
		return fail(EX_NOINPUT, name, errno);
	to = openat(r->fresh, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	error = to < 0 ? errno : copy_bytes(from, to);
	if (!error && fchown(to, r->uid, r->gid) < 0)
		error = errno;
	if (to >= 0)
		close(to);
	close(from);
	return error ? fail(EX_IOERR, name, error) : EX_OK;
}

static int drop_file(struct restoring *r, const char *name)
{
	unlinkat(r->fresh, name, 0);
	return EX_OK;
}

static int set_aside(struct restoring *r, const char *name)
{
	int to = openat(r->state, r->aside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = to < 0 || renameat(r->state, name, to, name) < 0 ? errno : 0;

	if (to >= 0)
		close(to);
	return error ? fail(EX_IOERR, name, error) : EX_OK;
}

static int put_in_place(struct restoring *r, const char *name)
{
	return renameat(r->fresh, name, r->state, name) < 0 ? fail(EX_IOERR, name, errno) : EX_OK;
}

static int make_directory(struct restoring *r, const char *name)
{
	if (mkdirat(r->state, name, 0700) < 0 || fchownat(r->state, name, r->uid, r->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(EX_CANTCREAT, name, errno);
	return EX_OK;
}

static int open_all(struct restoring *r)
{
	char why[WHY_MAX] = "";
	struct stat st;

	r->source = open(r->from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->source < 0 || faccessat(r->source, "chatd.db", R_OK, 0) < 0)
		return fail(EX_NOINPUT, r->from, errno);
	r->state = open(r->o->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->state < 0 || fstat(r->state, &st) < 0)
		return fail(EX_NOINPUT, r->o->state, errno);
	r->uid = st.st_uid;
	r->gid = st.st_gid;
	r->lock = store_lock(r->o->state, why, sizeof(why));
	if (r->lock < 0) {
		fprintf(stderr, "chatctl: %s\n", why);
		return EX_UNAVAILABLE;
	}
	return fchown(r->lock, r->uid, r->gid) < 0 ? fail(EX_NOPERM, r->o->state, errno) : EX_OK;
}

/* Of an attempt that was cut off. */
static void clear_fresh(struct restoring *r)
{
	int fd = openat(r->state, fresh_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	r->fresh = fd;
	each_file(r, fd, is_old, drop_file);
	close(fd);
	r->fresh = -1;
	unlinkat(r->state, fresh_name, AT_REMOVEDIR);
}

static int copy_all(struct restoring *r)
{
	char path[PATH_SIZE];
	int code;

	clear_fresh(r);
	code = make_directory(r, fresh_name);
	if (code != EX_OK)
		return code;
	r->fresh = openat(r->state, fresh_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r->fresh < 0)
		return fail(EX_IOERR, fresh_name, errno);
	code = each_file(r, r->source, is_kept, copy_file);
	snprintf(path, sizeof(path), "%s/%s", r->o->state, fresh_name);
	return code == EX_OK ? verify(r, path, r->fresh) : code;
}

static int exchange(struct restoring *r)
{
	int code;

	snprintf(r->aside, sizeof(r->aside), "before-restore-%lld", (long long)time(NULL));
	code = make_directory(r, r->aside);
	if (code == EX_OK)
		code = each_file(r, r->state, is_old, set_aside);
	if (code == EX_OK)
		code = each_file(r, r->fresh, is_kept, put_in_place);
	if (code == EX_OK && fsync(r->state) < 0)
		code = fail(EX_IOERR, r->o->state, errno);
	if (code == EX_OK)
		fprintf(stderr, "chatctl: done; what was there is in %s/%s\n", r->o->state, r->aside);
	else
		fprintf(stderr, "chatctl: not all is in its place; what was there is in %s/%s. Try again.\n",
			r->o->state, r->aside);
	return code;
}

int restore_run(const struct options *o)
{
	struct restoring r = {.o = o, .state = -1, .source = -1, .fresh = -1, .lock = -1};
	int code;

	if (o->nwords != 2)
		return options_usage();
	r.from = o->words[1];
	code = open_all(&r);
	if (code == EX_OK)
		code = verify(&r, r.from, r.source);
	if (code == EX_OK)
		code = copy_all(&r);
	if (code == EX_OK)
		code = exchange(&r);
	if (r.fresh >= 0)
		close(r.fresh);
	if (r.lock >= 0)
		clear_fresh(&r);
	if (r.source >= 0)
		close(r.source);
	if (r.lock >= 0)
		close(r.lock);
	if (r.state >= 0)
		close(r.state);
	return code;
}
