#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "command/cursor.h"
#include "command/families.h"
#include "command/targets.h"
#include "command/visible.h"
#include "network/rules.h"
#include "proto/mask.h"
#include "proto/name.h"
#include "session/server.h"

/*
 * WHO, with WHOX: https://ircv3.net/specs/extensions/whox
 */
enum { WHO_TOKEN_MAX = 3, WHO_FLAGS_MAX = 16, HOSTMASK_MAX = LINE_BODY_MAX };

struct who {
	struct stream st;
	const struct network *net;
	bool opers;      /* them alone */
	bool extended;   /* 354 with fields instead of 352 */
	uint32_t fields; /* a bit for each row of who_fields */
	char token[WHO_TOKEN_MAX + 1];
	uint64_t channel; /* id; 0: users are matched against the mask */
	struct cursor cursor;
	char mask[]; /* as it was asked; the channel's name */
};

/* One line of the answer. */
struct who_row {
	const struct who *who;
	struct session *s;
	const struct user *user;
	const struct member *member; /* NULL: no channel that may be told */
};

static void flags_add(struct buf *b, const struct who_row *r)
{
	char prefixes[6];

	buf_chr(b, r->user->away ? 'G' : 'H');
	if (visible_oper(r->s->user, r->user))
		buf_chr(b, '*');
	if (r->member)
		buf_add(b, prefixes, rank_prefixes(r->member->rank, session_has(r->s, CAP_MULTI_PREFIX), prefixes));
	if (r->user->modes & USER_BOT)
		buf_chr(b, 'B');
}

static void token_add(struct buf *b, const struct who_row *r)
{
	buf_cstr(b, r->who->token);
}

static void channel_add(struct buf *b, const struct who_row *r)
{
	buf_cstr(b, r->member ? r->member->channel->name : "*");
}

static void username_add(struct buf *b, const struct who_row *r)
{
	buf_str(b, user_str(r->user, USER_NAME));
}

static void address_add(struct buf *b, const struct who_row *r)
{
	struct str address = user_str(r->user, USER_ADDRESS);
	bool told = address.n && visible_private(r->s->user, r->user);

	buf_str(b, told ? address : STR("255.255.255.255"));
}

static void host_add(struct buf *b, const struct who_row *r)
{
	buf_str(b, user_str(r->user, USER_HOST));
}

static void server_add(struct buf *b, const struct who_row *r)
{
	buf_cstr(b, r->s->hub->server->name);
}

static void nick_add(struct buf *b, const struct who_row *r)
{
	buf_str(b, user_str(r->user, USER_NICK));
}

static void hops_add(struct buf *b, const struct who_row *r)
{
	(void)r;
	buf_chr(b, '0');
}

static void idle_add(struct buf *b, const struct who_row *r)
{
	int64_t now = loop_clock(r->s->hub->loop)->real_ms;
	int64_t since = r->user->spoke > r->user->signon ? r->user->spoke : r->user->signon;

	buf_u64(b, now > since ? (uint64_t)(now - since) / 1000 : 0);
}

static void account_add(struct buf *b, const struct who_row *r)
{
	struct str account = user_str(r->user, USER_ACCOUNT);

	buf_str(b, account.n ? account : STR("0"));
}

static void level_add(struct buf *b, const struct who_row *r)
{
	(void)r;
	buf_cstr(b, "n/a");
}

static void realname_add(struct buf *b, const struct who_row *r)
{
	buf_chr(b, ':');
	buf_str(b, user_str(r->user, USER_REALNAME));
}

/* In the order in which they are sent. */
static const struct who_field {
	char letter;
	void (*add)(struct buf *b, const struct who_row *r);
} who_fields[] = {
	{'t', token_add},   {'c', channel_add}, {'u', username_add}, {'i', address_add}, {'h', host_add},
	{'s', server_add},  {'n', nick_add},    {'f', flags_add},    {'d', hops_add},    {'l', idle_add},
	{'a', account_add}, {'o', level_add},   {'r', realname_add},
};

enum { WHO_FIELDS = sizeof(who_fields) / sizeof(who_fields[0]) };

static void row_extended(const struct who_row *r)
{
	char text[2 * LINE_BODY_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	for (size_t i = 0; i < WHO_FIELDS; i++) {
		if (!(r->who->fields & 1u << i))
			continue;
		if (b.n)
			buf_chr(&b, ' ');
		who_fields[i].add(&b, r);
	}
	text[b.n] = '\0';
	if (b.n)
		reply(r->s, RPL_WHOSPCRPL, text);
}

static void row_plain(const struct who_row *r)
{
	const struct user *u = r->user;
	char flags[WHO_FLAGS_MAX];
	struct buf b;

	buf_init(&b, flags, sizeof(flags) - 1);
	flags_add(&b, r);
	flags[b.n] = '\0';
	reply(r->s, RPL_WHOREPLY, r->member ? r->member->channel->name : "*", user_text(u, USER_NAME),
	      user_text(u, USER_HOST), r->s->hub->server->name, user_nick(u), flags, user_text(u, USER_REALNAME));
}

static void who_show(const struct who *w, struct session *s, const struct user *u, const struct member *m)
{
	struct who_row row = {w, s, u, m};

	if (w->opers && !visible_oper(s->user, u))
		return;
	if (w->extended)
		row_extended(&row);
	else
		row_plain(&row);
}

/* A membership that may be told. */
static const struct member *some_membership(const struct user *viewer, const struct user *u)
{
	for (uint32_t i = 0; i < u->memberships.count; i++) {
		const struct member *m = u->memberships.items[i];

		if (visible_membership(viewer, m))
			return m;
	}
	return NULL;
}

static bool hostmask_matches(enum casemap map, struct str mask, const struct user *u, enum user_text host)
{
	char memory[HOSTMASK_MAX];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	buf_str(&b, user_str(u, USER_NICK));
	buf_chr(&b, '!');
	buf_str(&b, user_str(u, USER_NAME));
	buf_chr(&b, '@');
	buf_str(&b, user_str(u, host));
	return mask_match(map, mask, buf_view(&b));
}

/* By what is behind the cloak, for those who may know it. */
static bool mask_finds_behind(const struct who *w, const struct user *viewer, const struct user *u)
{
	static const enum user_text hosts[] = {USER_ADDRESS, USER_REALHOST};
	enum casemap map = network_casemap(w->net);
	struct str mask = str_of(w->mask);

	if (!visible_private(viewer, u))
		return false;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		if (!user_str(u, hosts[i]).n)
			continue;
		if (strpbrk(w->mask, "!@") ? hostmask_matches(map, mask, u, hosts[i])
					   : mask_match(map, mask, user_str(u, hosts[i])))
			return true;
	}
	return false;
}

static bool mask_finds(const struct who *w, const struct user *u)
{
	static const enum user_text searched[] = {USER_NICK, USER_NAME, USER_HOST, USER_REALNAME};
	enum casemap map = network_casemap(w->net);
	struct str mask = str_of(w->mask);

	if (strpbrk(w->mask, "!@"))
		return hostmask_matches(map, mask, u, USER_HOST);
	for (size_t i = 0; i < sizeof(searched) / sizeof(searched[0]); i++) {
		if (mask_match(map, mask, user_str(u, searched[i])))
			return true;
	}
	return false;
}

/* Both: true when there may be more. */
static bool users_block(struct who *w, struct session *s)
{
	const struct vec *users = network_users(w->net);
	struct cursor_block b;

	if (!cursor_next(&w->cursor, users->count, CURSOR_LINES, &b))
		return false;
	for (uint32_t i = b.from; i < b.end; i++) {
		const struct user *u = users->items[i];

		if ((mask_finds(w, u) || mask_finds_behind(w, s->user, u)) && visible_user(s->user, u))
			who_show(w, s, u, some_membership(s->user, u));
	}
	return w->cursor.left > 0;
}

static bool channel_block(struct who *w, struct session *s)
{
	const struct channel *c = network_channel(w->net, str_of(w->mask));
	struct cursor_block b;
	bool inside;

	if (!c || c->id != w->channel || !rule_sees_channel(c, s->user))
		return false;
	if (!cursor_next(&w->cursor, c->members.count, CURSOR_LINES, &b))
		return false;
	inside = network_member(c, s->user);
	for (uint32_t i = b.from; i < b.end; i++) {
		const struct member *m = channel_member(c, i);

		if (inside ? rule_sees_member(s->user, m) : visible_membership(s->user, m))
			who_show(w, s, m->user, m);
	}
	return w->cursor.left > 0;
}

static void who_end(const struct who *w, struct session *s)
{
	reply(s, RPL_ENDOFWHO, target_shown(w->mask));
}

static bool who_step(struct stream *st, struct session *s)
{
	struct who *w = (struct who *)st;

	if (!s->user)
		return true;
	if (!st->cut && (w->channel ? channel_block(w, s) : users_block(w, s)))
		return false;
	who_end(w, s);
	return true;
}

static void who_free(struct stream *st)
{
	mem_free(st);
}

/* "o%fields,token" */
static void who_options(struct who *w, const char *options)
{
	const char *percent = strchr(options, '%');
	const char *comma;
	size_t n = 0;

	w->opers = memchr(options, 'o', percent ? (size_t)(percent - options) : strlen(options));
	if (!percent)
		return;
	w->extended = true;
	comma = strchr(percent, ',');
	for (const char *p = percent + 1; *p && p != comma; p++) {
		for (size_t i = 0; i < WHO_FIELDS; i++) {
			if (who_fields[i].letter == *p)
				w->fields |= 1u << i;
		}
	}
	for (const char *p = comma; p && n < WHO_TOKEN_MAX && isdigit((unsigned char)p[1]); p++)
		w->token[n++] = p[1];
	if (n == 0)
		w->token[n++] = '0';
	w->token[n] = '\0';
}

/* Streams the answer if it may be long; false: the mask names one user, or nobody. */
static bool who_many(struct who *w, const struct user *viewer)
{
	const struct channel *c;

	if (name_is_channel(w->mask)) {
		c = network_channel(w->net, str_of(w->mask));
		if (!c || !rule_sees_channel(c, viewer))
			return false;
		w->channel = c->id;
		w->cursor.left = c->members.count;
		return true;
	}
	if (!strpbrk(w->mask, "*?.:@"))
		return false;
	w->cursor.left = network_users(w->net)->count;
	return true;
}

static void who_one(const struct who *w, struct session *s)
{
	const struct user *u = network_user_by_nick(w->net, str_of(w->mask));

	if (u)
		who_show(w, s, u, some_membership(s->user, u));
	who_end(w, s);
}

static void run_who(struct call *call)
{
	const char *mask = call_word(call, 0);
	const char *options = call_word(call, 1);
	struct who *w;

	if (!mask || strcmp(mask, "0") == 0)
		mask = "*";
	w = mem_zalloc(sizeof(*w) + strlen(mask) + 1);
	memcpy(w->mask, mask, strlen(mask) + 1);
	w->st.step = who_step;
	w->st.free = who_free;
	w->net = call->env->net;
	if (options)
		who_options(w, options);
	if (who_many(w, call->user)) {
		session_stream(call->session, &w->st);
		return;
	}
	who_one(w, call->session);
	who_free(&w->st);
}

static const struct command rows[] = {
	{"WHO", ROLE_USER, 0, 30, -1, run_who},
};

const struct command *command_family_who(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
