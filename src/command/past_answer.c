#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "command/command.h"
#include "command/past.h"
#include "proto/name.h"

/* Of all channels and conversations, the newest so many are shown to one who comes back. */
enum { ROWS_OF_A_STEP = 16, TALKS_MAX = 256 };

enum showing_kind {
	SHOW_LINES,
	SHOW_NAMES,
	SHOW_TALKS, /* each of them becomes an answer of its own */
};

/* What is read when its turn comes, so that a client that has much to catch up with holds little at a time. */
struct showing {
	struct stream stream; /* first: streams come back as this */
	const struct command_env *env;
	struct session *session; /* while the read is under way */
	struct history_read *read;
	enum showing_kind kind;
	struct reply_batch batch;
	uint32_t next;
	bool read_begun, begun, starting;
	uint32_t limit; /* of SHOW_TALKS, as the next */
	int64_t before;
	char sub[16]; /* empty: nobody asked */
	const char *batch_type; /* of a search; else NULL */
	char target[];
};

static void fail(const struct showing *sh, struct session *s, const char *why)
{
	char context[2 * LINE_BODY_MAX];

	if (sh->batch_type)
		reply_fail(s, "SEARCH", "INTERNAL_ERROR", NULL, why);
	if (!sh->sub[0] || sh->batch_type)
		return;
	snprintf(context, sizeof(context), "%s %s", sh->sub, sh->target);
	reply_fail(s, "CHATHISTORY", "MESSAGE_ERROR", context, why);
}

static void read_done(struct history_read *r)
{
	struct showing *sh = r->ctx;

	(*sh->env->errands)--;
	sh->stream.waits = false;
	if (!sh->starting)
		session_stream_resume(sh->session);
}

static void begin_read(struct showing *sh, struct session *s)
{
	sh->read_begun = sh->starting = true;
	sh->stream.waits = true;
	sh->session = s;
	sh->read->done = read_done;
	sh->read->ctx = sh;
	(*sh->env->errands)++;
	sh->env->host->read(sh->env->host->ctx, sh->read);
	sh->starting = false;
}

static void show_row(struct showing *sh, struct session *s, const struct history_row *row)
{
	struct record_room room;
	struct record r;

	char found[HISTORY_NAME_MAX];

	if (sh->batch_type && !*sh->target)
		snprintf(found, sizeof(found), "%.*s", STR_ARG(past_name(sh->env, s, row)));
	else
		snprintf(found, sizeof(found), "%s", sh->target);
	if (*found && record_decode(&r, &room, row->bytes))
		sh->env->host->show(sh->env->host->ctx, s, &r, found);
}

static void show_name(const struct showing *sh, struct session *s, const struct history_row *row)
{
	struct str name = past_name(sh->env, s, row);
	char memory[32];
	struct buf time;

	if (!name.n)
		return;
	buf_init(&time, memory, sizeof(memory));
	buf_time(&time, row->time);
	reply_server(s, "CHATHISTORY TARGETS %.*s %.*s", STR_ARG(name), STR_ARG(buf_view(&time)));
}

static void show_talk(const struct showing *sh, struct session *s, const struct history_row *row)
{
	const struct past_span span = {sh->read->to.time, sh->before, sh->limit};
	struct str name = past_name(sh->env, s, row);
	char text[HISTORY_NAME_MAX];

	if (!name.n)
		return;
	snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
	past_replay_one(sh->env, s, text, &span);
}

static void begin_batch(struct showing *sh, struct session *s)
{
	char what[2 * LINE_BODY_MAX];

	sh->begun = true;
	if (sh->kind == SHOW_NAMES)
		snprintf(what, sizeof(what), "draft/chathistory-targets");
	else if (sh->batch_type)
		snprintf(what, sizeof(what), "%s", sh->batch_type);
	else
		snprintf(what, sizeof(what), "chathistory %s", sh->target);
	reply_batch_begin(s, &sh->batch, what);
}

/* True: those were the last. */
static bool show_some(struct showing *sh, struct session *s)
{
	const struct vec *rows = &sh->read->rows;
	uint32_t end = sh->next + ROWS_OF_A_STEP;

	if (sh->stream.cut)
		return true;
	for (; sh->next < rows->count && sh->next < end; sh->next++) {
		if (sh->kind == SHOW_NAMES)
			show_name(sh, s, rows->items[sh->next]);
		else if (sh->kind == SHOW_LINES)
			show_row(sh, s, rows->items[sh->next]);
		else
			show_talk(sh, s, rows->items[sh->next]);
	}
	return sh->next >= rows->count;
}

/*
 * An answer waits for those before it, and for the disk: whoever was let in may have been thrown out meanwhile, and what is
 * read then has what was said behind his back.
 */
static bool may_read_still(const struct showing *sh, const struct session *s)
{
	const struct channel *c = network_channel(sh->env->net, str_of(sh->target));

	return !name_is_channel(sh->target) || (c && s->user && network_member(c, s->user));
}

static bool end_early(struct showing *sh, struct session *s)
{
	if (sh->begun) {
		reply_batch_enter(s, &sh->batch);
		reply_batch_end(s, &sh->batch);
	} else {
		fail(sh, s, N_("You are not there any more"));
	}
	return true;
}

static bool show(struct showing *sh, struct session *s)
{
	bool last;

	if (!may_read_still(sh, s))
		return end_early(sh, s);
	if (sh->read->err) {
		fail(sh, s,
		     sh->read->err == HISTORY_NO_MESSAGE ? N_("There is no such message")
		     : sh->read->err == HISTORY_TOO_LONG ? N_("That takes too long: ask for less")
							 : "Messages could not be retrieved");
		return true;
	}
	if (sh->kind == SHOW_TALKS || (!sh->sub[0] && !sh->read->rows.count))
		return show_some(sh, s);
	if (!sh->begun)
		begin_batch(sh, s);
	else
		reply_batch_enter(s, &sh->batch);
	last = show_some(sh, s);
	if (last)
		reply_batch_end(s, &sh->batch);
	else
		reply_batch_leave(s, &sh->batch);
	return last;
}

static bool step(struct stream *st, struct session *s)
{
	struct showing *sh = (struct showing *)st;

	if (!sh->read_begun && !st->cut) {
		if (!may_read_still(sh, s))
			return end_early(sh, s);
		begin_read(sh, s);
	} else if (st->waits || st->cut) {
		/* Asked all the same: a restart does not wait. */
		if (sh->begun && !st->waits)
			return show(sh, s);
		fail(sh, s, N_("The server is restarting, ask again"));
		return true;
	}
	return st->waits ? false : show(sh, s);
}

static void free_showing(struct stream *st)
{
	struct showing *sh = (struct showing *)st;

	if (sh->read_begun && sh->read->under_way)
		(*sh->env->errands)--;
	history_read_free(sh->read);
	mem_free(sh);
}

static struct showing *showing_new(const struct command_env *env, struct history_read *r, const char *target)
{
	size_t n = strlen(target) + 1;
	struct showing *sh = mem_zalloc(sizeof(*sh) + n);

	sh->stream = (struct stream){.step = step, .free = free_showing};
	sh->env = env;
	sh->read = r;
	memcpy(sh->target, target, n);
	return sh;
}

void past_answer(const struct command_env *env, struct session *s, const struct past_answer *a)
{
	struct showing *sh = showing_new(env, a->read, a->target);

	sh->batch_type = a->batch;
	if (a->sub)
		snprintf(sh->sub, sizeof(sh->sub), "%s", a->sub);
	session_stream(s, &sh->stream);
}

void past_answer_names(const struct command_env *env, struct session *s, struct history_read *r)
{
	struct showing *sh = showing_new(env, r, "*");

	sh->kind = SHOW_NAMES;
	snprintf(sh->sub, sizeof(sh->sub), "TARGETS");
	session_stream(s, &sh->stream);
}

/* Open ends are as far as any time can be. */
static void bounds_of(const struct past_span *span, struct history_bound *from, struct history_bound *to)
{
	*from = (struct history_bound){.set = true, .time = span->after};
	*to = (struct history_bound){.set = true, .time = span->before ? span->before : INT64_MAX};
}

void past_replay(const struct command_env *env, struct session *s, const struct past_span *span)
{
	struct history_read *r;
	struct history_bound older, newer;
	struct showing *sh;

	if (!env->host->read || !s->user)
		return;
	r = history_read_new(HISTORY_TALKS, TALKS_MAX);
	past_add_all(env, s, r);
	bounds_of(&(struct past_span){span->after, 0, 0}, &older, &newer);
	history_read_bounds(r, &newer, &older);
	sh = showing_new(env, r, "*");
	sh->kind = SHOW_TALKS;
	sh->limit = span->limit;
	sh->before = span->before;
	session_stream(s, &sh->stream);
}

/* Counted from the newer end. */
void past_replay_one(const struct command_env *env, struct session *s, const char *name, const struct past_span *span)
{
	struct history_read *r;
	struct history_bound older, newer;

	if (!env->host->read || !s->user)
		return;
	r = history_read_new(HISTORY_BETWEEN, span->limit);
	bounds_of(span, &older, &newer);
	history_read_bounds(r, &newer, &older);
	if (past_add(env, s, name, r))
		past_answer(env, s, &(struct past_answer){.read = r, .target = name});
	else
		history_read_free(r);
}
