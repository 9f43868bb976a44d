#include "command/ban_list.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "command/ban_order.h"
#include "command/command.h"
#include "command/services.h"
#include "command/targets.h"
#include "proto/mask.h"

enum { TEXT_MAX = LINE_BODY_MAX };

struct listing {
	struct stream st;
	const struct network *net;
	struct ban_listing want;
	struct ban_walk walk;
	char *glob;
	uint64_t shown;
};

void ban_walk_begin(struct ban_walk *w)
{
	*w = (struct ban_walk){.cursor = {UINT32_MAX}};
}

const struct vec *ban_walk_next(struct ban_walk *w, const struct network *net, unsigned kinds, uint32_t max,
				struct cursor_block *b)
{
	for (; w->kind < BAN_KIND_COUNT; w->kind++) {
		const struct vec *bans = network_bans(net, (enum ban_kind)w->kind);

		if ((kinds & 1u << w->kind) && cursor_next(&w->cursor, bans->count, max, b))
			return bans;
		w->cursor.left = UINT32_MAX;
	}
	return NULL;
}

static bool is_wanted(const struct listing *l, const struct ban *b)
{
	if (l->want.shuns && b->action != BAN_SHUN)
		return false;
	if (l->want.query && strchr("kKdDzZxX", l->want.query) && b->action == BAN_SHUN)
		return false;
	return !l->glob || mask_match(network_casemap(l->net), str_of(l->glob), str_of(b->mask));
}

/* "K host * user :reason", the nick left out, as there is no place for it. */
static void show_kline(struct session *s, const struct ban *b)
{
	const char *bang = strchr(b->mask, '!'), *at = strrchr(b->mask, '@');
	char user[TEXT_MAX];

	if (bang && at && at > bang)
		snprintf(user, sizeof(user), "%.*s", (int)(at - bang - 1), bang + 1);
	else
		snprintf(user, sizeof(user), "*");
	reply(s, RPL_STATSKLINE, 'K', at ? at + 1 : b->mask, user, b->reason);
}

static void show_stats(const struct listing *l, struct session *s, const struct ban *b)
{
	int64_t now = loop_clock(s->hub->loop)->real_ms;
	long long left = b->until ? (long long)((b->until - now) / 1000) : 0, age = (long long)((now - b->time) / 1000);

	switch (l->want.query | 0x20) {
	case 'k':
		show_kline(s, b);
		break;
	case 'd':
	case 'z':
		reply(s, RPL_STATSDLINE, 'D', b->mask, b->reason);
		break;
	case 'x':
		reply(s, RPL_STATSXLINE, 'X', (unsigned long long)b->hits, target_shown(b->mask), b->reason);
		break;
	default:
		reply(s, RPL_STATSGLINE, ban_letter(b), target_shown(b->mask), left < 0 ? 0 : left, age < 0 ? 0 : age,
		      *b->by ? b->by : "*", b->reason);
	}
}

static void tell(const struct listing *l, struct session *s, const char *text)
{
	if (l->want.service)
		services_say(s, l->want.service, "%s", text);
	else
		reply_notice(s, "%s", text);
}

static void show(struct listing *l, struct session *s, const struct ban *b)
{
	char text[TEXT_MAX];
	struct buf out;

	if (!is_wanted(l, b))
		return;
	l->shown++;
	if (l->want.query) {
		show_stats(l, s, b);
		return;
	}
	buf_init(&out, text, sizeof(text) - 1);
	ban_describe(&out, b, session_language(s), loop_clock(s->hub->loop)->real_ms);
	text[out.n] = '\0';
	tell(l, s, text);
}

static void end(const struct listing *l, struct session *s)
{
	char query[2] = {l->want.query, '\0'}, text[64];

	snprintf(text, sizeof(text), reply_words(s, "End of list: %llu"), (unsigned long long)l->shown);
	if (l->want.query)
		reply(s, RPL_ENDOFSTATS, query);
	else
		tell(l, s, text);
}

static bool step(struct stream *st, struct session *s)
{
	struct listing *l = (struct listing *)st;
	struct cursor_block b;
	const struct vec *bans = st->cut ? NULL : ban_walk_next(&l->walk, l->net, l->want.kinds, CURSOR_LINES, &b);

	for (uint32_t i = bans ? b.end : 0; bans && i-- > b.from;)
		show(l, s, bans->items[i]);
	if (!bans)
		end(l, s);
	return !bans;
}

static void listing_free(struct stream *st)
{
	struct listing *l = (struct listing *)st;

	mem_free(l->glob);
	mem_free(l);
}

void ban_list(const struct call *call, const struct ban_listing *want)
{
	struct listing *l = mem_zalloc(sizeof(*l));

	l->st.step = step;
	l->st.free = listing_free;
	l->net = call->env->net;
	l->want = *want;
	l->glob = mem_strdup(want->glob);
	ban_walk_begin(&l->walk);
	session_stream(call->session, &l->st);
}
