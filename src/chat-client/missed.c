#include "chat-client/missed.h"

#include <string.h>

#include "base/mem.h"
#include "chat-client/client.h"
#include "chat-client/windows.h"
#include "chat-client/words.h"
#include "proto/tags.h"

static const struct str token = STR("caught-up-");

enum { CLOCKS_MS = 10000 };

struct held_line {
	enum screen_stream stream;
	int64_t ms;
	char *msgid, *text;
};

static void free_held(struct held_line *held)
{
	mem_free(held->msgid);
	mem_free(held->text);
	mem_free(held);
}

static void drop(struct vec *lines)
{
	for (uint32_t i = 0; i < lines->count; i++)
		free_held(lines->items[i]);
	vec_deinit(lines);
}

void missed_drop(struct window *w)
{
	drop(&w->page);
	drop(&w->past);
	drop(&w->held);
}

static void show_all(struct missed *h, struct window *w, struct vec *lines)
{
	for (uint32_t i = 0; i < lines->count; i++) {
		struct held_line *held = lines->items[i];

		if (held->text)
			h->show(h->ctx, held->stream, held->ms, str_of(held->text));
		if (held->text && held->msgid)
			strlcpy(w->msgid, held->msgid, sizeof(w->msgid));
	}
	drop(lines);
}

/* Earlier lines come in front of those that were there. */
static void turn_page(struct window *w)
{
	for (uint32_t i = 0; i < w->past.count; i++)
		vec_push(&w->page, w->past.items[i]);
	vec_deinit(&w->past);
	w->past = w->page;
	w->page = (struct vec){0};
}

static void release(struct missed *h, struct window *w)
{
	w->asked = false;
	w->batch[0] = '\0';
	turn_page(w);
	show_all(h, w, &w->past);
	show_all(h, w, &w->held);
}

static unsigned page(const struct missed *h)
{
	unsigned max = h->client->history_max;

	return max && max < MISSED_PAGE ? max : MISSED_PAGE;
}

static bool knows_history(const struct client *c)
{
	return (c->caps & CLIENT_CAP_HISTORY) && (c->caps & CLIENT_CAP_BATCH);
}

/* A server that does not answer the one still answers the other. */
static void begin(struct missed *h, struct window *w)
{
	w->asked = true;
	w->asked_last = false;
	strlcpy(w->asked_after, w->msgid, sizeof(w->asked_after));
	w->part = 0;
	w->ping = ++h->pings;
	client_sendf(h->client, "PING :%s%u", token.p, w->ping);
}

void missed_ask(struct missed *h, struct window *w)
{
	if (!w->msgid[0] || w->asked || !knows_history(h->client))
		return;
	w->missed = 0;
	client_sendf(h->client, "CHATHISTORY AFTER %s msgid=%s %u", w->name, w->msgid, page(h));
	begin(h, w);
}

void missed_ask_last(struct missed *h, struct window *w, unsigned lines)
{
	if (w->asked || !knows_history(h->client))
		return;
	w->missed = 0;
	w->last = lines;
	client_sendf(h->client, "CHATHISTORY LATEST %s * %u", w->name, lines < page(h) ? lines : page(h));
	begin(h, w);
	w->asked_last = true;
}

/* What is wanted of the time before the first line that came; false when there is none, or no more is wanted. */
static bool ask_before(struct missed *h, struct window *w)
{
	const struct held_line *first = w->page.count ? w->page.items[0] : NULL;
	unsigned wanted = w->last > w->part ? w->last - w->part : 0;

	w->last = wanted;
	turn_page(w);
	if (!first || !first->msgid || !wanted)
		return false;
	client_sendf(h->client, "CHATHISTORY BEFORE %s msgid=%s %u", w->name, first->msgid,
		     wanted < page(h) ? wanted : page(h));
	begin(h, w);
	w->asked_last = true;
	return true;
}

static void add_time(struct buf *b, int64_t ms)
{
	buf_cstr(b, " timestamp=");
	buf_time(b, ms);
}

void missed_ask_who(struct missed *h, int64_t since_ms)
{
	char memory[128];
	struct buf b;

	if (!knows_history(h->client))
		return;
	/* no two clocks are alike; what is shown already is not shown again */
	h->since_ms = since_ms - CLOCKS_MS;
	buf_init(&b, memory, sizeof(memory));
	buf_cstr(&b, "CHATHISTORY TARGETS");
	add_time(&b, h->since_ms);
	add_time(&b, loop_clock(h->client->loop)->real_ms + CLOCKS_MS);
	buf_fmt(&b, " %u", page(h));
	client_send(h->client, buf_view(&b));
}

/* "CHATHISTORY TARGETS ana 2026-01-31T12:00:00.000Z" */
static bool on_who(struct missed *h, const struct line *line)
{
	struct str name = line->nparams > 2 ? line->params[1] : STR_NONE;
	char memory[LINE_BODY_MAX];
	struct window *w;
	struct buf b;

	if (!name.n || !h->since_ms || strchr("#&+!", name.p[0]) || windows_find(h->windows, name))
		return true;
	w = windows_get(h->windows, name);
	if (!w)
		return true;
	buf_init(&b, memory, sizeof(memory));
	buf_fmt(&b, "CHATHISTORY AFTER %s", w->name);
	add_time(&b, h->since_ms);
	buf_fmt(&b, " %u", page(h));
	client_send(h->client, buf_view(&b));
	w->missed = 0;
	begin(h, w);
	return true;
}

static void tell_missed(struct missed *h, const struct window *w)
{
	char memory[512];
	struct buf b;

	if (!w->missed)
		return;
	buf_init(&b, memory, sizeof(memory));
	buf_fmt(&b, WORDS("* %u line was said in %s meanwhile", "* %u lines were said in %s meanwhile", w->missed),
		w->missed, w->name);
	h->show(h->ctx, SCREEN_REST, loop_clock(h->client->loop)->real_ms, buf_view(&b));
}

static void end_batch(struct missed *h, struct window *w)
{
	/* how many it counts, and of what, is the server's business: there is more until it has nothing new */
	bool more = w->part && strcmp(w->msgid, w->asked_after) != 0;

	w->batch[0] = '\0';
	if (w->asked_last) {
		if (!ask_before(h, w))
			release(h, w);
		return;
	}
	if (more) {
		client_sendf(h->client, "CHATHISTORY AFTER %s msgid=%s %u", w->name, w->msgid, page(h));
		begin(h, w);
		return;
	}
	tell_missed(h, w);
	release(h, w);
}

static bool on_batch(struct missed *h, const struct line *line)
{
	struct str ref = line->params[0];
	struct window *w;

	if (ref.n < 2 || ref.n >= WINDOW_REF_MAX)
		return true;
	if (ref.p[0] == '+') {
		if (line->nparams < 3 || !str_eq(line->params[1], STR("chathistory")))
			return true;
		w = windows_find(h->windows, line->params[2]);
		if (w && w->asked) {
			memcpy(w->batch, ref.p + 1, ref.n - 1);
			w->batch[ref.n - 1] = '\0';
		}
		return true;
	}
	for (uint32_t i = 0; (w = windows_at(h->windows, i)); i++) {
		if (w->batch[0] && str_eq(str_of(w->batch), (struct str){ref.p + 1, ref.n - 1})) {
			end_batch(h, w);
			break;
		}
	}
	return true;
}

/* No answer is to come any more to the question with that number (0: to any) where none has begun to come. */
static void give_up(struct missed *h, unsigned ping)
{
	struct window *w;

	for (uint32_t i = 0; (w = windows_at(h->windows, i)); i++) {
		if (w->asked && !w->batch[0] && (!ping || w->ping == ping))
			release(h, w);
	}
}

/*
 * A question of ours is not answered: that of the window that is named. What nobody but we asked for nobody misses;
 * what was asked for on the command line is an error to be told.
 */
static bool on_fail(struct missed *h, const struct line *line)
{
	bool told = false;
	struct window *w;

	for (size_t i = 2; i < line->nparams; i++) {
		w = windows_find(h->windows, line->params[i]);
		if (!w || !w->asked || w->batch[0])
			continue;
		told |= w->asked_last;
		release(h, w);
	}
	return !told;
}

static bool on_pong(struct missed *h, struct str text)
{
	unsigned long long ping;

	if (!str_starts(text, token) || !str_u64((struct str){text.p + token.n, text.n - token.n}, UINT32_MAX, &ping))
		return false;
	if (ping)
		give_up(h, (unsigned)ping);
	return true;
}

bool missed_control(struct missed *h, const struct line *line)
{
	if (!line->nparams)
		return false;
	if (str_eq(line->command, STR("CHATHISTORY")))
		return on_who(h, line);
	if (str_eq(line->command, STR("BATCH")))
		return on_batch(h, line);
	if (str_eq(line->command, STR("FAIL")) && str_eq(line->params[0], STR("CHATHISTORY")))
		return on_fail(h, line);
	return str_eq(line->command, STR("PONG")) && on_pong(h, line->params[line->nparams - 1]);
}

static struct str tag_of(const struct line *line, struct str key)
{
	struct tag tag;

	return line->tags.n && tags_find(line->tags, key, &tag) ? tag.value : STR_NONE;
}

bool missed_is_old(const struct window *w, const struct line *line)
{
	return w->batch[0] && str_eq(tag_of(line, STR("batch")), str_of(w->batch));
}

static void note_msgid(struct window *w, struct str msgid)
{
	if (!msgid.n || msgid.n >= sizeof(w->msgid))
		return;
	memcpy(w->msgid, msgid.p, msgid.n);
	w->msgid[msgid.n] = '\0';
}

/* What the answer holds need not be shown again after it. */
static void strike_out(struct window *w, struct str msgid)
{
	for (uint32_t i = 0; i < w->held.count && msgid.n; i++) {
		struct held_line *held = w->held.items[i];

		if (held->text && held->msgid && str_eq(str_of(held->msgid), msgid)) {
			mem_free(held->text);
			held->text = NULL;
		}
	}
}

static void hold(struct vec *lines, struct str msgid, const struct missed_words *words)
{
	struct held_line *held = mem_zalloc(sizeof(*held));

	*held = (struct held_line){words->stream, words->ms, NULL, mem_strndup(words->text.p, words->text.n)};
	if (msgid.n)
		held->msgid = mem_strndup(msgid.p, msgid.n);
	vec_push(lines, held);
}

bool missed_message(struct missed *h, struct window *w, const struct line *line, const struct missed_words *words)
{
	struct str msgid = tag_of(line, STR("msgid"));
	bool old = missed_is_old(w, line);

	if (old) {
		w->part++;
		w->missed++;
		strike_out(w, msgid);
	}
	if (old && w->asked_last) {
		hold(&w->page, msgid, words);
		return true;
	}
	if (w->asked && !old) {
		hold(&w->held, msgid, words);
		if (w->held.count == MISSED_HELD_MAX)
			release(h, w);
		return true;
	}
	note_msgid(w, msgid);
	return false;
}

void missed_end(struct missed *h)
{
	struct window *w;

	for (uint32_t i = 0; (w = windows_at(h->windows, i)); i++) {
		if (w->asked)
			release(h, w);
	}
}
