#include "journal/store_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = SCHEMA_VERSION, PROJECTION_PARTS = 4 };

_Static_assert(JOURNAL_PASSING == 0 && JOURNAL_MESSAGE == 1 && JOURNAL_STATE == 2, "the numbers stand in files");

/* journal.msgid is text or NULL, target_id NULL for what has no target. */
#define CREATE_TARGETS "CREATE TABLE targets(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
#define CREATE_JOURNAL                                                                                                 \
	"CREATE TABLE journal(position INTEGER PRIMARY KEY, class INTEGER NOT NULL, time INTEGER NOT NULL,"            \
	" target_id INTEGER, msgid TEXT, bytes BLOB NOT NULL);"                                                        \
	"CREATE INDEX journal_state ON journal(position) WHERE class = 2;"
#define CREATE_COUNTERS                                                                                                \
	"INSERT OR IGNORE INTO meta(key, value) VALUES('node', lower(hex(randomblob(8)))), ('epoch', 0), ('batch', "   \
	"0),"                                                                                                          \
	" ('position', 0);"

/* Whose messages are about to go. places: ",1,2," are ids of targets, "" is everywhere, "*" of state too. */
#define CREATE_MORE                                                                                                    \
	"CREATE TABLE forgetting(account TEXT NOT NULL, places TEXT NOT NULL, upto INTEGER NOT NULL,"                  \
	" at INTEGER NOT NULL, PRIMARY KEY(account, places)) WITHOUT ROWID;"

/* What answers queries: all of it can be made from the table journal. */
#define DROP_PROJECTION                                                                                                \
	"DROP INDEX IF EXISTS target_second; DROP INDEX IF EXISTS message_msgid; DROP TABLE IF EXISTS message_at;"
/* The second of the two who have a conversation; the first is found by the name. */
#define CREATE_SECOND "CREATE INDEX target_second ON targets(substr(name, instr(name, ' ') + 1));"
#define CREATE_PROJECTION                                                                                              \
	"CREATE TABLE message_at(target_id INTEGER NOT NULL, time INTEGER NOT NULL, position INTEGER NOT NULL,"        \
	" PRIMARY KEY(target_id, time, position)) WITHOUT ROWID;"                                                      \
	"INSERT INTO message_at SELECT target_id, time, position FROM journal"                                         \
	" WHERE class = 1 AND target_id IS NOT NULL ORDER BY target_id, time, position;"                               \
	"CREATE INDEX message_msgid ON journal(msgid) WHERE class = 1 AND msgid IS NOT NULL;"

/* Each row makes its version out of the one before it. */
static const char *const migrations[VERSION + 1] = {
	[2] = "ALTER TABLE journal RENAME TO journal_1;" CREATE_TARGETS CREATE_JOURNAL
	      "INSERT INTO targets(name) SELECT DISTINCT target FROM journal_1 WHERE target <> '';"
	      "INSERT INTO journal(position, class, time, target_id, msgid, bytes)"
	      " SELECT position, class, time, (SELECT id FROM targets WHERE name = target), nullif(msgid, ''), bytes"
	      " FROM journal_1 ORDER BY position;"
	      "DROP TABLE journal_1;" CREATE_COUNTERS "UPDATE meta SET value = (SELECT coalesce(max(position), 0) FROM "
	      "journal) WHERE key = 'position';" CREATE_PROJECTION,
	[3] = CREATE_SECOND,
	[4] = "CREATE TABLE forgetting(account TEXT PRIMARY KEY, upto INTEGER NOT NULL, at INTEGER NOT NULL)"
	      " WITHOUT ROWID;" INDEX_CREATE,
	[5] = "ALTER TABLE forgetting RENAME TO forgetting_4;" CREATE_MORE
	      "INSERT INTO forgetting SELECT account, '', upto, at FROM forgetting_4; DROP TABLE forgetting_4;",
};

static const char fresh[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;" CREATE_TARGETS CREATE_JOURNAL CREATE_COUNTERS
		CREATE_PROJECTION CREATE_SECOND CREATE_MORE INDEX_CREATE;

int disk_project(struct disk *d)
{
	int rc = disk_begin(d);

	if (rc)
		return rc;
	return disk_end(d, disk_exec(d, DROP_PROJECTION INDEX_DROP CREATE_PROJECTION CREATE_SECOND INDEX_CREATE));
}

/* The file must be private before SQLite finds it: the files beside it take over its mode. */
static int make_private(const struct disk *d)
{
	struct stat st;
	int fd;

	if (stat(d->path, &st) == 0) {
		if ((st.st_mode & 077) && chmod(d->path, 0600) < 0)
			return -errno;
		return 0;
	}
	fd = open(d->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int run_version(struct disk *d, int version, const char *sql)
{
	char set[64];
	int rc = disk_begin(d);

	if (rc)
		return rc;
	snprintf(set, sizeof(set), "PRAGMA user_version = %d", version);
	rc = disk_exec(d, sql);
	if (!rc)
		rc = disk_exec(d, set);
	return disk_end(d, rc);
}

static int migrate(struct disk *d, int64_t version)
{
	int rc = SQLITE_OK;

	while (!rc && version < VERSION) {
		version++;
		rc = run_version(d, (int)version, migrations[version]);
		if (!rc)
			disk_note(d, EVENT_STORE_UPGRADED, "journal: %s was moved to schema %d", d->path, (int)version);
	}
	return rc;
}

/* Nothing is written to a file before it is known to be ours and not newer. */
static int look_at_version(struct disk *d, int64_t *version, char *why, size_t size)
{
	int64_t tables;
	int rc = disk_number(d, "PRAGMA user_version", version);

	if (!rc)
		rc = disk_number(d, "SELECT count(*) FROM sqlite_master", &tables);
	if (rc)
		return rc;
	if (*version > VERSION) {
		snprintf(why, size, "%s has schema %lld and this program knows none above %d: a newer chatd wrote it",
			 d->path, (long long)*version, VERSION);
		return -EPROTONOSUPPORT;
	}
	if (*version < 0 || (*version == 0 && tables)) {
		snprintf(why, size, "%s is a database of some other program", d->path);
		return -EINVAL;
	}
	return SQLITE_OK;
}

static int set_up(struct disk *d)
{
	static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA cache_size = -16384;"
				       "PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;";
	char limit[64];
	int rc = disk_exec(d, settings);

	snprintf(limit, sizeof(limit), "PRAGMA journal_size_limit = %lld", (long long)disk_wal_limit(d));
	if (!rc)
		rc = disk_exec(d, limit);
	return rc ? rc : disk_durability(d, d->durability);
}

/* A part of it that somebody dropped is made again. */
static int complete_projection(struct disk *d)
{
	int64_t parts;
	int rc = disk_number(d,
			     "SELECT count(*) FROM sqlite_master WHERE name IN ('message_at', 'message_msgid', "
			     "'target_second', 'message_text')",
			     &parts);

	if (rc || parts == PROJECTION_PARTS)
		return rc;
	disk_note(d, EVENT_STORE_UPGRADED, "journal: %s lacks what answers queries: it is made from the records",
		  d->path);
	return disk_project(d);
}

/* After a crash the newest row may be behind the counter, and in a file put back by hand before it. */
static int read_position(struct disk *d)
{
	int64_t counted = 0, newest = 0, epoch = 0;
	int rc = disk_number(d, "SELECT value FROM meta WHERE key = 'position'", &counted);

	if (!rc)
		rc = disk_number(d, "SELECT max(position) FROM journal", &newest);
	if (!rc)
		rc = disk_number(d, "SELECT value FROM meta WHERE key = 'epoch'", &epoch);
	if (rc)
		return rc;
	if (newest > counted)
		counted = newest;
	if ((uint64_t)counted > d->position)
		d->position = (uint64_t)counted;
	if (!d->claimed)
		d->epoch = (uint64_t)epoch + 1;
	return SQLITE_OK;
}

static int prepare(struct disk *d, char *why, size_t size)
{
	int64_t version = 0;
	int rc;

	sqlite3_busy_timeout(d->db, d->open_busy_ms);
	rc = disk_exec(d, "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;");
	if (!rc)
		rc = look_at_version(d, &version, why, size);
	if (!rc)
		rc = set_up(d);
	if (!rc)
		rc = version ? migrate(d, version) : run_version(d, VERSION, fresh);
	if (!rc)
		rc = read_position(d);
	if (!rc)
		rc = complete_projection(d);
	if (!rc)
		rc = disk_index_open(d);
	/* A version of ours without its tables is no mistake in our statements. */
	if (rc == SQLITE_ERROR)
		rc = SQLITE_CORRUPT;
	/* From now on it is the loop that waits, with a timer. */
	sqlite3_busy_timeout(d->db, 0);
	return rc;
}

int disk_open(struct disk *d, char *why, size_t size)
{
	int rc = make_private(d);

	if (size)
		why[0] = '\0';
	if (rc < 0) {
		snprintf(why, size, "%s: %s", d->path, strerror(-rc));
		return rc;
	}
	rc = disk_handle_open(d, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	if (!rc)
		rc = prepare(d, why, size);
	if (!rc)
		return 0;
	if (size && !why[0]) {
		int err = rc > 0 && d->db ? sqlite3_system_errno(d->db) : 0;

		snprintf(why, size, "%s: %s%s%s", d->path, rc < 0 ? strerror(-rc) : sqlite3_errstr(rc), err ? ": " : "",
			 err ? strerror(err) : "");
	}
	disk_handle_abandon(d);
	return rc;
}
