#include "chatd/control_bans.h"

#include <stdio.h>
#include <string.h>

#include "chatd/control_private.h"
#include "command/ban_order.h"
#include "command/forbid.h"
#include "network/network.h"
#include "proto/line.h"

enum { BY_MAX = CONTROL_USER_MAX + 16 };

static const struct network *network_of(struct control_conn *c)
{
	return engine_view(control_of(c)->host.engine).net;
}

static int64_t now_ms(struct control_conn *c)
{
	return loop_clock(control_of(c)->loop)->real_ms;
}

static struct str who(struct control_conn *c, char dst[BY_MAX])
{
	snprintf(dst, BY_MAX, "%s (chatctl)", control_user(c));
	return str_of(dst);
}

static void ask(struct control_conn *c, struct record *r)
{
	enum refusal refusal = engine_ask(control_of(c)->host.engine, r);

	if (refusal == REFUSAL_NONE)
		control_ok(c);
	else if (refusal == REFUSAL_BANS_FULL)
		control_fail(c, "refused", "there are as many bans as the configuration allows");
	else
		control_fail(c, "refused", "the network refused it");
}

/* The words of a line, which is changed for it. */
static size_t split(char *line, const char *words[LINE_PARAMS_MAX])
{
	size_t n = 0;

	for (line += strspn(line, " "); *line && n < LINE_PARAMS_MAX; line += strspn(line, " ")) {
		words[n++] = line;
		if (n == LINE_PARAMS_MAX)
			break;
		line += strcspn(line, " ");
		if (*line)
			*line++ = '\0';
	}
	return n;
}

static void set(struct control_conn *c, const char *command, const struct ban_order *o)
{
	struct record r = {.type = RECORD_BAN_SET};
	char by[BY_MAX];

	control_log(c, &(struct control_deed){command, NULL, o->mask, *o->reason ? o->reason : NULL});
	ban_order_record(o, &r, now_ms(c));
	r.ban.id = network_ban_next(network_of(c));
	r.ban.max = control_of(c)->host.config->server.bans_max;
	r.ban.by = who(c, by);
	ask(c, &r);
}

static void add(struct control_conn *c, const char *rest)
{
	char line[CONTROL_REQUEST_MAX + 1];
	const char *words[LINE_PARAMS_MAX], *why;
	struct ban_order o = {.action = BAN_REFUSE};

	snprintf(line, sizeof(line), "%s", rest);
	why = ban_order_parse(&o, BAN_FORM_ANY, words, split(line, words));
	if (why)
		control_fail(c, "bad_request", why);
	else
		set(c, "ban add", &o);
}

static const struct ban *find(struct control_conn *c, const char *text)
{
	const struct network *net = network_of(c);
	struct ban_order o = {0};
	unsigned long long id;

	if (str_u64(str_of(text + (*text == '#')), INT64_MAX, &id))
		return network_ban(net, id);
	(void)ban_target_parse(&o, BAN_FORM_ANY, text);
	return o.mask[0] ? network_ban_find(net, o.kind, str_of(o.mask)) : NULL;
}

static void clear(struct control_conn *c, const char *command, const struct ban *b)
{
	struct record r = {.type = RECORD_BAN_CLEAR};
	char by[BY_MAX];

	if (!b) {
		control_fail(c, "no_such_ban", "there is no such ban");
		return;
	}
	control_log(c, &(struct control_deed){command, NULL, b->mask, NULL});
	r.ban_clear.id = b->id;
	r.ban_clear.by = who(c, by);
	ask(c, &r);
}

static void show(struct control_conn *c, const struct ban *b)
{
	struct json *j = &c->json;

	json_begin(j);
	json_u64(j, "ban", b->id);
	json_str(j, "kind", str_of(ban_kind_name(b->kind)));
	json_str(j, "target", str_of(b->mask));
	json_str(j, "action", str_of(ban_action_name(b->action)));
	json_str(j, "by", str_of(b->by));
	json_time(j, "set", b->time);
	if (b->until)
		json_time(j, "until", b->until);
	json_u64(j, "hits", b->hits);
	if (b->last_hit)
		json_time(j, "last_hit", b->last_hit);
	json_str(j, "reason", str_of(b->reason));
	json_end(j);
}

static bool step(struct control_conn *c)
{
	struct cursor_block b;
	const struct vec *bans = ban_walk_next(&c->bans, network_of(c), c->ban_kinds, CURSOR_LINES, &b);

	if (!bans) {
		control_ok(c);
		return true;
	}
	for (uint32_t i = b.from; i < b.end; i++)
		show(c, bans->items[i]);
	return false;
}

static void list(struct control_conn *c, unsigned kinds)
{
	ban_walk_begin(&c->bans);
	c->ban_kinds = kinds;
	c->step = step;
}

void control_ban(struct control_conn *c, const char *const *words, size_t n)
{
	if (strcmp(words[0], "list") == 0 && n == 1) {
		list(c, BAN_LIST_ALL);
	} else if (strcmp(words[0], "add") == 0 && n == 2) {
		add(c, words[1]);
	} else if (strcmp(words[0], "del") == 0 && n == 2) {
		clear(c, "ban del", find(c, words[1]));
	} else {
		control_fail(c, "bad_request", "wanted is ban add, ban del or ban list");
	}
}

void control_forbid(struct control_conn *c, const char *const *words, size_t n)
{
	char line[CONTROL_REQUEST_MAX + 1];
	const char *said[LINE_PARAMS_MAX], *why;
	struct ban_order o = {0};

	snprintf(line, sizeof(line), "%s", n > 1 ? words[1] : "");
	if (strcmp(words[0], "list") == 0 && n == 1) {
		list(c, 1u << BAN_NICK | 1u << BAN_CHANNEL | 1u << BAN_EMAIL);
	} else if (strcmp(words[0], "add") == 0 && n == 2) {
		why = forbid_parse(&o, said, split(line, said));
		if (why)
			control_fail(c, "bad_request", why);
		else
			set(c, "forbid add", &o);
		if (!why && o.kind == BAN_NICK)
			forbid_rename_all(engine_env(control_of(c)->host.engine));
	} else if (strcmp(words[0], "del") == 0 && n == 2) {
		clear(c, "forbid del", network_ban_find(network_of(c), forbid_kind(words[1]), str_of(words[1])));
	} else {
		control_fail(c, "bad_request", "wanted is forbid add, forbid del or forbid list");
	}
}

void control_suspend(struct control_conn *c, const char *rest)
{
	char line[CONTROL_REQUEST_MAX + 1];
	const char *said[LINE_PARAMS_MAX], *why;
	struct ban_order o = {0};

	snprintf(line, sizeof(line), "%s", rest);
	why = suspend_parse(engine_env(control_of(c)->host.engine), &o, said, split(line, said));
	if (why)
		control_fail(c, "refused", why);
	else
		set(c, "channel suspend", &o);
}

void control_unsuspend(struct control_conn *c, const char *channel)
{
	clear(c, "channel unsuspend", network_ban_find(network_of(c), BAN_SUSPENDED, str_of(channel)));
}

void control_suspensions(struct control_conn *c)
{
	list(c, 1u << BAN_SUSPENDED);
}
