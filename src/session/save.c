#include "session/save.h"

#include <string.h>

#include "base/mem.h"
#include "net/address.h"
#include "net/tls.h"
#include "proto/line.h"
#include "session/client_batch.h"
#include "session/exchange.h"
#include "session/held.h"
#include "session/line_door.h"
#include "session/lookup.h"
#include "session/monitor.h"
#include "session/reply.h"
#include "session/server.h"
#include "session/session_internal.h"
#include "session/subscriptions.h"

/* As saved: these numbers are not used again. */
enum {
	SAVED_CAP_302 = 1 << 0,
	SAVED_PINGED = 1 << 1,
	SAVED_LOCAL = 1 << 2,
	SAVED_THROTTLED = 1 << 3,
	SAVED_SECURE = 1 << 4,
	SAVED_WEBSOCKET = 1 << 5,
	SAVED_PROXIED = 1 << 6,
	SAVED_UNDECIDED = 1 << 12,
	SAVED_GREETED = 1 << 13,
};

enum { TEXT_LEAST = 1, LONG_TEXT_MAX = 32 << 10 };

static const struct {
	uint16_t flag;
	uint32_t saved;
} flags[] = {
	{SESSION_CAP_302, SAVED_CAP_302},     {SESSION_PINGED, SAVED_PINGED}, {SESSION_LOCAL, SAVED_LOCAL},
	{SESSION_THROTTLED, SAVED_THROTTLED}, {SESSION_SECURE, SAVED_SECURE}, {SESSION_WEBSOCKET, SAVED_WEBSOCKET},
	{SESSION_PROXIED, SAVED_PROXIED},     {SESSION_UNDECIDED, SAVED_UNDECIDED}, {SESSION_GREETED, SAVED_GREETED},
};

enum { FLAGS = sizeof(flags) / sizeof(flags[0]) };

/* Settling */

static void settle_step(struct session *s)
{
	struct stream *st = s->stream;

	if (!st->cut && conn_sendq(&s->conn) > s->hub->limits.sendq_max / 2) {
		reply_notice(s, "The server is restarting: this answer ends early");
		for (struct stream *each = st; each; each = each->next)
			each->cut = true;
	}
	if (!st->step(st, s) || s->stream != st)
		return;
	s->stream = st->next;
	st->free(st);
}

bool session_settle(struct session *s)
{
	bool streamed = s->stream;

	while (s->stream && !s->stream->stays && !conn_is_dead(&s->conn))
		settle_step(s);
	if (streamed)
		answer_close(s);
	return conn_can_leave(&s->conn);
}

/* Writing */

static void save_registration(const struct registration *r, struct wire_out *out)
{
	wire_put_text(out, r->nick);
	wire_put_text(out, r->username);
	wire_put_text(out, r->realname);
	wire_put_text(out, r->password);
	wire_put_text(out, r->away);
	wire_put_u8(out, r->negotiating);
	wire_put_u8(out, r->checked);
	wire_put_text(out, r->account);
	wire_put_text(out, r->realhost);
	wire_put_text(out, r->ident);
	wire_put_text(out, r->metadata);
	wire_put_u8(out, r->waiting);
	wire_put_text(out, r->gateway);
}

/* By name: their bits move with each new one. */
static void save_caps(cap_set caps, struct wire_out *out)
{
	size_t rows, begun = wire_begin(out);
	const struct cap_row *row = caps_rows(&rows);

	for (size_t i = 0; i < rows; i++)
		if (caps & CAP_BIT(row[i].cap))
			wire_put_text(out, row[i].name);
	wire_end(out, begun);
}

static void save_monitors(const struct session *s, struct wire_out *out)
{
	const char *nick;

	wire_put_u32(out, s->monitors.count);
	for (size_t i = 0; (nick = monitor_nth(s, i)); i++)
		wire_put_text(out, nick);
}

/* The clock of another process may stand elsewhere: how long ago it was is what counts. */
static void save_times(const struct session *s, struct wire_out *out)
{
	int64_t now = loop_clock(s->hub->loop)->mono_ms;

	wire_put_i64(out, s->opened);
	wire_put_i64(out, now - s->heard);
	wire_put_i64(out, now - s->pinged);
	wire_put_i64(out, now - s->refilled);
	wire_put_u32(out, (uint32_t)s->tokens);
}

static uint32_t saved_flags(const struct session *s)
{
	uint32_t saved = 0;

	for (size_t i = 0; i < FLAGS; i++)
		if (s->flags & flags[i].flag)
			saved |= flags[i].saved;
	return saved;
}

static void save_binding(const struct tls_binding *b, struct wire_out *out)
{
	wire_put_str(out, b ? (struct str){(const char *)b->exporter, b->exporter_size} : STR_NONE);
	wire_put_str(out, b ? (struct str){(const char *)b->endpoint, b->endpoint_size} : STR_NONE);
}

static void save_subscriptions(const struct session *s, struct wire_out *out)
{
	size_t begun = wire_begin(out);
	const char *key;

	for (size_t i = 0; (key = subscriptions_nth(s, i)); i++)
		wire_put_text(out, key);
	wire_end(out, begun);
}

/* Behind all that was there from the first version on; each may be missing, with all that follow it. */
static void save_more(const struct session *s, struct wire_out *out)
{
	size_t begun;

	wire_put_text(out, s->certfp);
	wire_put_text(out, s->certname);
	save_binding(s->binding, out);
	save_subscriptions(s, out);
	wire_put_text(out, s->device);
	client_batch_save(s, out);
	begun = wire_begin(out);
	if (s->person)
		line_door_save(s, out);
	wire_end(out, begun);
	wire_put_text(out, s->away);
	wire_put_text(out, s->language ? language_code((enum language)(s->language - 1)) : NULL);
}

bool session_save(const struct session *s, struct wire_out *out)
{
	size_t before = out->buf.n, begun = wire_begin(out), inner;

	wire_put_u64(out, s->id);
	wire_put_u32(out, saved_flags(s));
	wire_put_text(out, s->address);
	save_caps(s->caps, out);
	save_times(s, out);
	inner = wire_begin(out);
	if (s->reg)
		save_registration(s->reg, out);
	wire_end(out, inner);
	save_monitors(s, out);
	if (!conn_save(&s->conn, out)) {
		out->buf.n = before;
		return false;
	}
	save_more(s, out);
	wire_end(out, begun);
	return true;
}

/* Reading */

static char *take_text_of(struct wire_in *in, uint32_t max)
{
	struct str s = wire_text(in, max);

	return s.p ? mem_strndup(s.p, s.n) : NULL;
}

static char *take_text(struct wire_in *in)
{
	return take_text_of(in, LINE_MAX_BYTES);
}

/* What is not known here was offered by a later version: the client is told nothing more of it. */
static cap_set take_caps(struct wire_in *in)
{
	struct wire_in names = wire_section(in);
	cap_set caps = 0;

	while (wire_more(&names)) {
		const struct cap_row *row = caps_find(wire_text(&names, LINE_MAX_BYTES));

		if (row)
			caps |= CAP_BIT(row->cap);
	}
	if (names.bad)
		wire_fail(in);
	return caps;
}

static void load_flags(struct session *s, uint32_t saved)
{
	for (size_t i = 0; i < FLAGS; i++)
		if (saved & flags[i].saved)
			s->flags |= flags[i].flag;
}

static void load_times(struct session *s, struct wire_in *in)
{
	int64_t now = loop_clock(s->hub->loop)->mono_ms;

	s->opened = wire_i64(in);
	s->heard = now - (int64_t)wire_bounded(in, 8, INT64_MAX / 2);
	s->pinged = now - (int64_t)wire_bounded(in, 8, INT64_MAX / 2);
	s->refilled = now - (int64_t)wire_bounded(in, 8, INT64_MAX / 2);
	s->tokens = (int32_t)wire_u32(in);
}

static void load_registration(struct session *s, struct wire_in *in)
{
	struct wire_in saved = wire_section(in);
	struct registration *r;

	if (wire_more(&saved) == (s->user != NULL))
		wire_fail(in);
	if (s->user)
		return;
	r = s->reg = mem_zalloc(sizeof(*r));
	s->hub->unregistered++;
	r->nick = take_text(&saved);
	r->username = take_text(&saved);
	r->realname = take_text(&saved);
	r->password = take_text(&saved);
	r->away = take_text(&saved);
	r->negotiating = wire_bounded(&saved, 1, 1);
	r->checked = wire_bounded(&saved, 1, 1);
	if (wire_more(&saved))
		r->account = take_text(&saved);
	if (wire_more(&saved))
		r->realhost = take_text(&saved);
	if (wire_more(&saved))
		r->ident = take_text(&saved);
	if (wire_more(&saved))
		r->metadata = take_text_of(&saved, LONG_TEXT_MAX);
	if (wire_more(&saved))
		r->waiting = wire_bounded(&saved, 1, 1);
	if (wire_more(&saved))
		r->gateway = take_text(&saved);
	if (saved.bad)
		wire_fail(in);
}

static void load_monitors(struct session *s, struct wire_in *in)
{
	uint32_t count = wire_count(in, TEXT_LEAST);

	for (uint32_t i = 0; i < count && !in->bad; i++) {
		struct str nick = wire_text(in, LINE_MAX_BYTES);

		if (nick.n)
			monitor_add(s->hub->monitor, s, nick, UINT32_MAX);
	}
}

static void load_binding(struct session *s, struct wire_in *in)
{
	struct str exporter = wire_str(in), endpoint = wire_str(in);

	if (exporter.n > TLS_EXPORTER_SIZE || endpoint.n > TLS_ENDPOINT_MAX)
		wire_fail(in);
	if (in->bad || (!exporter.n && !endpoint.n))
		return;
	s->binding = mem_zalloc(sizeof(*s->binding));
	s->binding->exporter_size = (uint8_t)exporter.n;
	s->binding->endpoint_size = (uint8_t)endpoint.n;
	memcpy(s->binding->exporter, exporter.p ? exporter.p : "", exporter.n);
	memcpy(s->binding->endpoint, endpoint.p ? endpoint.p : "", endpoint.n);
}

static void load_subscriptions(struct session *s, struct wire_in *in)
{
	struct wire_in keys = wire_section(in);

	while (wire_more(&keys)) {
		struct str key = wire_text(&keys, LINE_MAX_BYTES);

		if (key.n)
			(void)subscriptions_add(s, key, UINT32_MAX);
	}
}

static void load_person(struct session *s, struct wire_in *in)
{
	struct wire_in saved = wire_section(in);

	if (wire_more(&saved))
		line_door_load(s, &saved);
	if (saved.bad)
		wire_fail(in);
}

/* One that is not there any more is no reason to fail. */
static void load_language(struct session *s, struct wire_in *in)
{
	struct str code = wire_text(in, LINE_MAX_BYTES);
	enum language language;

	if (language_find(code, &language))
		s->language = (uint8_t)(language + 1);
}

/* What save_more wrote. */
static void load_more(struct session *s, struct wire_in *in)
{
	if (wire_more(in))
		s->certfp = take_text(in);
	if (wire_more(in))
		s->certname = take_text(in);
	if (wire_more(in))
		load_binding(s, in);
	if (wire_more(in))
		load_subscriptions(s, in);
	if (wire_more(in))
		s->device = take_text(in);
	if (wire_more(in))
		client_batch_load(s, in);
	if (wire_more(in))
		load_person(s, in);
	if (wire_more(in))
		s->away = take_text(in);
	if (wire_more(in))
		load_language(s, in);
}

static bool load(struct session *s, struct wire_in *in)
{
	s->id = wire_u64(in);
	load_flags(s, wire_u32(in));
	s->address = take_text(in);
	s->caps = take_caps(in);
	load_times(s, in);
	load_registration(s, in);
	load_monitors(s, in);
	if (in->bad || !s->id || !s->address || !conn_load(&s->conn, in))
		return false;
	load_more(s, in);
	return !in->bad;
}

struct session *session_load(struct session_hub *hub, int fd, const struct user *user, struct wire_in *in)
{
	struct wire_in saved = wire_section(in);
	struct transport plain; /* until the state says better */
	struct session *s;

	transport_plain_init(&plain, fd);
	s = session_make(hub, &plain);
	if (!s)
		return NULL;
	s->user = user;
	if (!load(s, &saved)) {
		session_abandon(s);
		return NULL;
	}
	session_timer_arm(s);
	/* What was not known yet over there, and what lists say, is asked once more. */
	lookup_begin(s);
	if (!session_must_wait(s) && !(s->reg && s->reg->waiting))
		conn_resume(&s->conn);
	return s;
}

/* Ending here */

static void forget(struct session *s)
{
	struct stream *st;

	lookup_drop(s);
	while ((st = s->stream)) {
		s->stream = st->next;
		st->free(st);
	}
	answer_drop(s);
	line_door_free(s);
	held_drop(s);
	loop_timer_stop(s->hub->loop, &s->timer);
	monitor_clear(s->hub->monitor, s);
	subscriptions_free(s);
	if (s->reg)
		s->hub->unregistered--;
	session_registration_free(s->reg);
	exchange_end(s);
	client_batch_end(s);
	s->hub->count--;
}

void session_abandon(struct session *s)
{
	if (!(s->flags & SESSION_CLOSED))
		forget(s);
	conn_abandon(&s->conn);
	session_free(s);
}

void session_thaw(struct session *s)
{
	if (!session_must_wait(s))
		conn_resume(&s->conn);
}
