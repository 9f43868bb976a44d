#include "chatctl/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "chatctl/flat.h"
#include "chatctl/table.h"
#include "chatd/record_json.h"
#include "chatd/replay.h"
#include "journal/store_tools.h"
#include "proto/json_write.h"

enum { WHY_MAX = 512, RESULT_MAX = 2048 };

/* An object that is made here and shown as the server's are. */
struct result {
	char text[RESULT_MAX];
	struct buf buf;
	struct json json;
};

static void put_file(void *ctx, const char *p, size_t n)
{
	fwrite(p, 1, n, ctx);
}

static void put_buf(void *ctx, const char *p, size_t n)
{
	buf_add(ctx, p, n);
}

static void result_begin(struct result *r)
{
	buf_init(&r->buf, r->text, sizeof(r->text) - 1);
	r->json = (struct json){.put = put_buf, .ctx = &r->buf};
	json_begin(&r->json);
}

static void result_show(struct result *r, bool json)
{
	static const struct table_column as_it_is[] = {{.name = NULL}};
	struct flat f;

	json_end(&r->json);
	r->text[r->buf.n] = '\0';
	if (json)
		fputs(r->text, stdout);
	else if (flat_read(&f, r->text))
		table_list(stdout, &f, as_it_is);
}

static int fail(int err, const char *directory, const char *why)
{
	char escaped[2 * WHY_MAX];

	if (!*why)
		why = strerror(-err);
	log_escape(escaped, sizeof(escaped), why, strlen(why));
	fprintf(stderr, "chatctl: %s: %s\n", directory, escaped);
	switch (err) {
	case -ENOENT:
		return EX_NOINPUT;
	case -EACCES:
	case -EPERM:
		return EX_NOPERM;
	case -EBUSY:
		return EX_TEMPFAIL;
	case -EIO:
		return EX_IOERR;
	default:
		return EX_DATAERR;
	}
}

/* The store says less of what is not there. EX_OK: it is. */
static int look_for_file(const char *directory)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/chatd.db", directory);
	return access(path, R_OK) == 0 ? EX_OK : fail(-errno, path, "");
}

struct dumping {
	struct json json;
	struct record_room *room;
	uint64_t damaged;
};

static bool dump_one(void *ctx, const struct store_record *r)
{
	struct dumping *d = ctx;
	struct record record;

	json_begin(&d->json);
	json_u64(&d->json, "position", r->position);
	json_str(&d->json, "class", r->class == JOURNAL_MESSAGE ? STR("message") : STR("state"));
	if (record_decode(&record, d->room, r->bytes)) {
		record_json(&d->json, &record);
	} else {
		json_bool(&d->json, "damaged", true);
		json_u64(&d->json, "bytes", r->bytes.n);
		d->damaged++;
	}
	json_end(&d->json);
	return !ferror(stdout);
}

static int dump(const struct options *o)
{
	struct dumping d = {.json = {.put = put_file, .ctx = stdout}};
	char why[WHY_MAX] = "";
	int err;

	d.room = mem_alloc(sizeof(*d.room));
	err = store_dump(o->state, dump_one, &d, why, sizeof(why));
	mem_free(d.room);
	if (err < 0)
		return fail(err, o->state, why);
	if (d.damaged)
		fprintf(stderr, "chatctl: %" PRIu64 " records are damaged\n", d.damaged);
	return d.damaged ? EX_DATAERR : EX_OK;
}

static int replay(const struct options *o)
{
	struct replay_result got;
	struct result shown;
	char why[WHY_MAX] = "", hash[24];
	int err = replay_store(o->state, o->casemap, &got, why, sizeof(why));

	if (err < 0)
		return fail(err, o->state, why);
	snprintf(hash, sizeof(hash), "%016" PRIx64, got.hash);
	result_begin(&shown);
	json_u64(&shown.json, "records", got.records);
	json_u64(&shown.json, "damaged", got.damaged);
	json_u64(&shown.json, "channels", got.channels);
	json_str(&shown.json, "hash", str_of(hash));
	json_u64(&shown.json, "ms", (uint64_t)got.us / 1000);
	result_show(&shown, o->json);
	return got.damaged ? EX_DATAERR : EX_OK;
}

static bool decodes(void *ctx, const struct store_record *r)
{
	struct record record;

	return record_decode(&record, ctx, r->bytes);
}

int journal_verify(const struct options *o)
{
	struct record_room *room = mem_alloc(sizeof(*room));
	const struct store_check check = {decodes, room};
	struct store_verdict v;
	struct result shown;
	char why[WHY_MAX] = "";
	int err = store_verify(o->state, &check, &v, why, sizeof(why));

	mem_free(room);
	if (err < 0)
		return fail(err, o->state, why);
	result_begin(&shown);
	json_u64(&shown.json, "messages", v.messages);
	json_u64(&shown.json, "states", v.states);
	json_u64(&shown.json, "snapshots", v.snapshots);
	json_u64(&shown.json, "snapshot_items", v.snapshot_items);
	json_u64(&shown.json, "faults", v.faults);
	if (v.faults)
		json_str(&shown.json, "first", str_of(v.first));
	result_show(&shown, o->json);
	return v.faults ? EX_DATAERR : EX_OK;
}

int journal_run(const struct options *o)
{
	static const struct {
		const char *name;
		int (*run)(const struct options *o);
	} tools[] = {{"verify", journal_verify}, {"dump", dump}, {"replay", replay}};
	int code;

	for (size_t i = 0; o->nwords == 2 && i < sizeof(tools) / sizeof(tools[0]); i++) {
		if (strcmp(tools[i].name, o->words[1]) != 0)
			continue;
		code = look_for_file(o->state);
		return code == EX_OK ? tools[i].run(o) : code;
	}
	return options_usage();
}
