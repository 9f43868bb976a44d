#include "session/subscriptions.h"

#include "base/buf.h"
#include "base/mem.h"
#include "session/reply.h"
#include "session/server.h"
#include "session/session.h"

enum { MINUTE_MS = 60 * 1000 };

struct subscriptions {
	struct vec keys; /* char * */
	int64_t from;    /* mono ms: since when changes are counted */
	uint32_t changes;
};

static struct subscriptions *of(struct session *s)
{
	if (!s->subscriptions)
		s->subscriptions = mem_zalloc(sizeof(*s->subscriptions));
	return s->subscriptions;
}

/* Past the end: it is not there. */
static uint32_t find(const struct session *s, struct str key)
{
	const struct vec *keys = &s->subscriptions->keys;
	uint32_t i = 0;

	while (i < keys->count && !str_eq(str_of(keys->items[i]), key))
		i++;
	return i;
}

bool subscriptions_has(const struct session *s, struct str key)
{
	return s->subscriptions && find(s, key) < s->subscriptions->keys.count;
}

bool subscriptions_add(struct session *s, struct str key, uint32_t max)
{
	struct vec *keys = &of(s)->keys;

	if (keys->count >= max)
		return false;
	if (!subscriptions_has(s, key))
		vec_push(keys, mem_strndup(key.p, key.n));
	return true;
}

void subscriptions_remove(struct session *s, struct str key)
{
	struct vec *keys;
	uint32_t at;

	if (!subscriptions_has(s, key))
		return;
	keys = &s->subscriptions->keys;
	at = find(s, key);
	mem_free(keys->items[at]);
	vec_remove(keys, at);
}

const char *subscriptions_nth(const struct session *s, size_t n)
{
	return s->subscriptions && n < s->subscriptions->keys.count ? s->subscriptions->keys.items[n] : NULL;
}

void subscriptions_free(struct session *s)
{
	struct subscriptions *subs = s->subscriptions;

	if (!subs)
		return;
	for (uint32_t i = 0; i < subs->keys.count; i++)
		mem_free(subs->keys.items[i]);
	vec_deinit(&subs->keys);
	mem_free(subs);
	s->subscriptions = NULL;
}

static void put_numeric(struct buf *b, const struct session *s, const struct subscription_line *l)
{
	buf_fmt(b, ":%s %s %s %s %.*s ", s->hub->server->name, l->removed ? "766" : "761", session_nick(s), l->target,
		STR_ARG(l->key));
	buf_cstr(b, l->removed ? ":key not set" : "* :");
}

static void put_command(struct buf *b, const struct session *s, const struct subscription_line *l)
{
	buf_fmt(b, ":%s METADATA %s %.*s * :", l->source ? l->source : s->hub->server->name, l->target,
		STR_ARG(l->key));
}

void subscriptions_tell(struct session *s, const struct subscription_line *l, bool asked)
{
	char memory[2 * LINE_BODY_MAX];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	if (session_has(s, CAP_METADATA_3))
		put_numeric(&b, s, l);
	else if (session_has(s, CAP_METADATA_2))
		put_command(&b, s, l);
	else
		return;
	if (!l->removed)
		buf_str(&b, l->value);
	if (asked)
		reply_line(s, STR_NONE, buf_view(&b));
	else
		reply_unasked(s, buf_view(&b));
}

uint32_t subscriptions_pace(struct session *s, uint32_t minute)
{
	struct subscriptions *subs = of(s);
	int64_t now = loop_clock(s->hub->loop)->mono_ms;

	if (subs->changes == 0 || now - subs->from >= MINUTE_MS) {
		subs->from = now;
		subs->changes = 0;
	}
	if (subs->changes >= minute)
		return (uint32_t)((subs->from + MINUTE_MS - now + 999) / 1000);
	subs->changes++;
	return 0;
}
