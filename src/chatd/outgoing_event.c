#include "chatd/outgoing_event.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "proto/json_write.h"
#include "network/network.h"
#include "network/rules.h"
#include "proto/mask.h"
#include "proto/multiline.h"

enum { ROOM_MIN = 256, SOURCE_MAX = 512, WORD_MAX = 256, MODES_MAX = 400 };

/* A text that grows. */
struct growing {
	char *p;
	size_t n, room;
};

static void put(void *ctx, const char *p, size_t n)
{
	struct growing *g = ctx;

	if (g->n + n + 1 > g->room) {
		g->room = 2 * (g->n + n) + ROOM_MIN;
		g->p = mem_realloc(g->p, g->room);
	}
	memcpy(g->p + g->n, n ? p : "", n);
	g->n += n;
	g->p[g->n] = '\0';
}

struct making {
	struct growing text;
	struct json json;
};

static void begin(struct making *m, const char *kind, int64_t time)
{
	*m = (struct making){.json = {.put = put, .ctx = &m->text}};
	json_begin(&m->json);
	json_str(&m->json, "event", str_of(kind));
	json_time(&m->json, "time", time);
}

/* Without the end of the line. */
static char *finish(struct making *m)
{
	json_end(&m->json);
	m->text.p[--m->text.n] = '\0';
	return m->text.p;
}

/* What is wanted */

static bool any_matches(const struct outgoing_asking *a, const char *masks, struct str text)
{
	struct str rest = str_of(masks), mask;

	while (str_split(&rest, ' ', &mask))
		if (mask.n && mask_match(a->casemap, mask, text))
			return true;
	return false;
}

static bool wants_channel(const struct outgoing_asking *a, const struct channel *c)
{
	return a->block->channels && any_matches(a, a->block->channels, str_of(c->name));
}

static bool wants_source(const struct outgoing_asking *a, struct str source)
{
	return !a->block->from || any_matches(a, a->block->from, source);
}

static bool wants_text(const struct outgoing_asking *a, struct str text)
{
	struct str rest = str_of(a->block->words), word;
	char mask[WORD_MAX];
	struct buf b;

	if (!a->block->words)
		return true;
	while (str_split(&rest, ' ', &word)) {
		buf_init(&b, mask, sizeof(mask));
		buf_fmt(&b, "*%.*s*", STR_ARG(word));
		if (word.n && !b.full && mask_match(a->casemap, buf_view(&b), text))
			return true;
	}
	return false;
}

/* Who it is */

static struct str source_of(const struct change *c, char memory[SOURCE_MAX])
{
	const struct user *u = c->type == CHANGE_QUIT || c->type == CHANGE_JOINED ? c->user : c->by;

	if (c->type == CHANGE_MESSAGE && c->record->message.by.n)
		return c->record->message.by;
	if (!u)
		return STR_NONE;
	/* A new nick is told when the user has it already. */
	if (c->type == CHANGE_NICK)
		snprintf(memory, SOURCE_MAX, "%.*s!%s@%s", STR_ARG(c->was), user_text(u, USER_NAME),
			 user_text(u, USER_HOST));
	else
		snprintf(memory, SOURCE_MAX, "%s!%s@%s", user_nick(u), user_text(u, USER_NAME),
			 user_text(u, USER_HOST));
	return str_of(memory);
}

static struct str account_of(const struct change *c)
{
	const struct user *u = c->type == CHANGE_QUIT || c->type == CHANGE_JOINED ? c->user : c->by;

	if (c->type == CHANGE_MESSAGE)
		return c->record->message.account;
	return u ? user_str(u, USER_ACCOUNT) : STR_NONE;
}

static void put_who(struct making *m, const struct change *c, struct str source)
{
	struct str nick = source, account = account_of(c);
	const char *end = source.n ? memchr(source.p, '!', source.n) : NULL;

	if (end)
		nick.n = (size_t)(end - source.p);
	if (nick.n)
		json_str(&m->json, "nick", nick);
	if (source.n)
		json_str(&m->json, "source", source);
	if (account.n)
		json_str(&m->json, "account", account);
	if (c->record->msgid.n)
		json_str(&m->json, "msgid", c->record->msgid);
}

/* Messages */

static bool is_action(struct str *text)
{
	static const struct str front = STR("\001ACTION ");

	if (!str_starts(*text, front))
		return false;
	text->p += front.n;
	text->n -= front.n;
	if (text->n && text->p[text->n - 1] == '\001')
		text->n--;
	return true;
}

/* Lines of a message stand behind ends of lines; where one line came in parts, the parts are one. */
static void put_text(struct making *m, struct str text)
{
	struct growing whole = {0};
	struct str part;

	put(&whole, "", 0);
	while (str_split(&text, MULTILINE_CONCAT, &part))
		put(&whole, part.p, part.n);
	json_str(&m->json, "text", (struct str){whole.p, whole.n});
	mem_free(whole.p);
}

static char *message(const struct outgoing_asking *a, const struct change *c, struct str source)
{
	enum outgoing_kind kind = c->record->message.kind == MESSAGE_NOTICE ? OUTGOING_NOTICE : OUTGOING_MESSAGE;
	struct str text = c->record->message.text;
	bool action = is_action(&text);
	struct making m;

	if (c->record->message.kind == MESSAGE_TAGMSG || c->record->message.min_rank ||
	    !(a->block->kinds & OUTGOING_BIT(kind)) || (!action && text.n && text.p[0] == '\001') || !wants_text(a, text))
		return NULL;
	begin(&m, outgoing_kind_name(kind), c->record->time);
	json_str(&m.json, "channel", str_of(c->channel->name));
	put_who(&m, c, source);
	if (c->record->message.relay.n)
		json_str(&m.json, "relay", c->record->message.relay);
	if (action)
		json_bool(&m.json, "action", true);
	put_text(&m, text);
	return finish(&m);
}

/* What else happens in a channel */

/* The key of a channel is nothing that others should know. */
static void put_modes(struct making *m, const struct change *c)
{
	char memory[MODES_MAX];
	struct buf b;
	char sign = 0;

	buf_init(&b, memory, sizeof(memory));
	for (uint32_t i = 0; i < c->nops; i++) {
		char now = c->ops[i].set ? '+' : '-';

		if (now != sign)
			buf_chr(&b, now);
		sign = now;
		buf_chr(&b, c->ops[i].letter);
	}
	json_str(&m->json, "modes", buf_view(&b));
	json_list_begin(&m->json, "params");
	for (uint32_t i = 0; i < c->nops; i++) {
		const struct user *u = NULL;

		for (uint32_t j = 0; c->ops[i].user && j < c->channel->members.count && !u; j++)
			if (channel_member(c->channel, j)->user->id == c->ops[i].user)
				u = channel_member(c->channel, j)->user;
		if (u)
			json_item(&m->json, user_str(u, USER_NICK));
		else if (c->ops[i].param.n)
			json_item(&m->json, c->ops[i].letter == 'k' ? STR("*") : c->ops[i].param);
	}
	json_list_end(&m->json);
}

static char *in_channel(const struct outgoing_asking *a, const struct change *c, enum outgoing_kind kind, struct str source)
{
	struct making m;

	if (!(a->block->kinds & OUTGOING_BIT(kind)))
		return NULL;
	if (c->member && (c->channel->flags & CHAN_AUDITORIUM) && !rule_has_rank(c->member, RANK_VOICE))
		return NULL;
	begin(&m, outgoing_kind_name(kind), c->record->time);
	json_str(&m.json, "channel", str_of(c->channel->name));
	put_who(&m, c, source);
	if (kind == OUTGOING_KICK)
		json_str(&m.json, "target", user_str(c->user, USER_NICK));
	if (kind == OUTGOING_MODE)
		put_modes(&m, c);
	else if (kind != OUTGOING_JOIN)
		json_str(&m.json, "text", c->text);
	return finish(&m);
}

/* In all channels at once: one event, with those of them that are wanted. */
static char *everywhere(const struct outgoing_asking *a, const struct change *c, enum outgoing_kind kind, struct str source)
{
	const struct vec *memberships = &c->user->memberships;
	struct making m;
	bool any = false;

	if (!(a->block->kinds & OUTGOING_BIT(kind)))
		return NULL;
	begin(&m, outgoing_kind_name(kind), c->record->time);
	json_list_begin(&m.json, "channels");
	for (uint32_t i = 0; i < memberships->count; i++) {
		const struct member *member = memberships->items[i];

		if (!wants_channel(a, member->channel) ||
		    ((member->channel->flags & CHAN_AUDITORIUM) && !rule_has_rank(member, RANK_VOICE)))
			continue;
		json_item(&m.json, str_of(member->channel->name));
		any = true;
	}
	json_list_end(&m.json);
	put_who(&m, c, source);
	json_str(&m.json, kind == OUTGOING_QUIT ? "text" : "to",
		 kind == OUTGOING_QUIT ? c->text : user_str(c->user, USER_NICK));
	if (any)
		return finish(&m);
	mem_free(m.text.p);
	return NULL;
}

static enum outgoing_kind kind_of(const struct change *c)
{
	switch (c->type) {
	case CHANGE_MESSAGE:
		return OUTGOING_MESSAGE;
	case CHANGE_JOINED:
		return OUTGOING_JOIN;
	case CHANGE_PARTED:
		return OUTGOING_PART;
	case CHANGE_KICKED:
		return OUTGOING_KICK;
	case CHANGE_TOPIC:
		return OUTGOING_TOPIC;
	case CHANGE_CHANNEL_MODES:
		return OUTGOING_MODE;
	case CHANGE_QUIT:
		return OUTGOING_QUIT;
	case CHANGE_NICK:
		return OUTGOING_NICK;
	default:
		return OUTGOING_KINDS;
	}
}

char *outgoing_event_change(const struct outgoing_asking *a, const struct change *c)
{
	enum outgoing_kind kind = kind_of(c);
	char memory[SOURCE_MAX];
	struct str source;

	if (kind == OUTGOING_KINDS || !(a->block->kinds & OUTGOING_OF_CHANNELS))
		return NULL;
	/* What restores a registered channel is no event. */
	if (c->record->type == RECORD_CHANNEL || (c->channel && !wants_channel(a, c->channel)))
		return NULL;
	source = source_of(c, memory);
	if (!wants_source(a, source))
		return NULL;
	if (kind == OUTGOING_QUIT || kind == OUTGOING_NICK)
		return everywhere(a, c, kind, source);
	if (!c->channel)
		return NULL;
	return kind == OUTGOING_MESSAGE ? message(a, c, source) : in_channel(a, c, kind, source);
}

char *outgoing_event_notice(const struct outgoing_asking *a, enum notice kind, const char *text, int64_t time)
{
	enum outgoing_kind which = (enum outgoing_kind)(OUTGOING_SERVER + kind);
	struct making m;

	if (!(a->block->kinds & OUTGOING_BIT(which)))
		return NULL;
	begin(&m, outgoing_kind_name(which), time);
	json_str(&m.json, "text", str_of(text));
	return finish(&m);
}

char *outgoing_event_ping(int64_t time)
{
	struct making m;

	begin(&m, "ping", time);
	return finish(&m);
}
