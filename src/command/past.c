#include "command/past.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command/command.h"
#include "network/access.h"
#include "network/account.h"
#include "network/rules.h"
#include "proto/name.h"

/* As long as KEEP_NAME_MAX. */
enum { FILED_MAX = 256, FOLDED_MAX = CASEMAP_ROOM(FILED_MAX) };

static struct str folded(const struct command_env *env, char memory[FOLDED_MAX], struct str name)
{
	return name.n <= FILED_MAX ? casemap_fold(network_casemap(env->net), memory, name) : STR_NONE;
}

/* When the account got its rank in that channel, ms since 1970; 0: it has none. */
static int64_t access_since(const struct command_env *env, const struct user *u, const struct channel *c)
{
	const struct account *a = network_account(env->net, user_str(u, USER_ACCOUNT));

	for (uint32_t i = 0; a && i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];
		struct str name;
		uint8_t rank;

		if (item->kind == ACCOUNT_CHANNEL && access_parse(str_of(item->text), &name, &rank) &&
		    casemap_eq(network_casemap(env->net), name, str_of(c->name)))
			return item->time;
	}
	return 0;
}

/* From when on the member may read. False: nothing. */
static bool readable(const struct command_env *env, const struct member *m, int64_t *since)
{
	enum chan_history h = m->channel->extra ? m->channel->extra->history : CHAN_HISTORY_USUAL;
	int64_t access;

	if (h == CHAN_HISTORY_USUAL)
		h = env->server->history.usual;
	if (h == CHAN_HISTORY_NEVER)
		return false;
	*since = m->channel->created;
	if (h == CHAN_HISTORY_ALWAYS)
		return true;
	access = access_since(env, m->user, m->channel);
	*since = access && access < m->joined ? access : m->joined;
	if (*since < m->channel->created)
		*since = m->channel->created;
	return true;
}

/* Lines to those of some rank are filed apart. */
static void add_ranks(const struct member *m, int64_t since, struct history_read *r)
{
	char memory[HISTORY_NAME_MAX];

	for (unsigned rank = RANK_VOICE; rank <= RANK_OWNER; rank <<= 1)
		if (rule_has_rank(m, (uint8_t)rank))
			history_read_add(r, history_rank_name(memory, str_of(m->channel->folded), rank), since);
}

static bool add_channel(const struct command_env *env, const struct session *s, const char *name,
			struct history_read *r)
{
	const struct channel *c = network_channel(env->net, str_of(name));
	const struct member *m = c && s->user ? network_member(c, s->user) : NULL;
	char memory[HISTORY_NAME_MAX];
	int64_t since;

	if (!m || !readable(env, m, &since))
		return false;
	history_read_add(r, str_of(c->folded), since);
	add_ranks(m, since, r);
	if (session_has(s, CAP_EVENT_PLAYBACK))
		history_read_add(r, history_events_name(memory, str_of(c->folded)), since);
	return true;
}

/* The account of the session; NULL: none. Whoever had an account of that name before had conversations of their own. */
static const struct account *account_of(const struct command_env *env, const struct session *s)
{
	return s->user ? network_account(env->net, user_str(s->user, USER_ACCOUNT)) : NULL;
}

/* What is said in that very millisecond is said before: for the record of an account is one that messages come behind.
 */
static int64_t behind_making(const struct account *me)
{
	return me->created + 1;
}

static void add_talk(const struct session *s, const struct account *me, struct str other, struct history_read *r)
{
	char memory[HISTORY_NAME_MAX], events[HISTORY_NAME_MAX];
	struct str talk = history_talk_name(memory, account_str(me, ACCOUNT_FOLDED), other);

	history_read_add(r, talk, behind_making(me));
	if (session_has(s, CAP_EVENT_PLAYBACK))
		history_read_add(r, history_events_name(events, talk), behind_making(me));
}

/* Whose nick that is, and what somebody without an account said by it. */
static void add_talks(const struct command_env *env, const struct session *s, const char *nick, struct history_read *r)
{
	const struct user *u = network_user_by_nick(env->net, str_of(nick));
	const struct account *a = u ? network_account(env->net, user_str(u, USER_ACCOUNT))
				    : network_account_of_nick(env->net, str_of(nick));
	BUF_MEMORY char memory[HISTORY_NAME_MAX], theirs[FOLDED_MAX];
	const struct account *me = account_of(env, s);

	if (!me)
		return;
	if (a)
		add_talk(s, me, account_str(a, ACCOUNT_FOLDED), r);
	add_talk(s, me, history_guest_name(memory, folded(env, theirs, str_of(nick))), r);
}

bool past_add(const struct command_env *env, const struct session *s, const char *name, struct history_read *r)
{
	if (name_is_channel(name))
		return add_channel(env, s, name, r);
	add_talks(env, s, name, r);
	return true;
}

void past_add_all(const struct command_env *env, const struct session *s, struct history_read *r)
{
	const struct account *me = account_of(env, s);
	int64_t since;

	for (uint32_t i = 0; i < s->user->memberships.count; i++) {
		const struct member *m = s->user->memberships.items[i];

		if (readable(env, m, &since))
			history_read_add(r, str_of(m->channel->folded), since);
	}
	if (me)
		history_read_person(r, account_str(me, ACCOUNT_FOLDED), behind_making(me));
}

struct str past_name(const struct command_env *env, const struct session *s, const struct history_row *row)
{
	BUF_MEMORY char mine[FOLDED_MAX];
	const struct account *a;
	const struct channel *c;
	struct str other;

	if (!history_is_talk(row->target)) {
		c = network_channel(env->net, row->target);
		return c ? str_of(c->name) : STR_NONE;
	}
	other = history_talk_other(row->target, folded(env, mine, user_str(s->user, USER_ACCOUNT)));
	if (history_guest_nick(other).n)
		return history_guest_nick(other);
	a = network_account(env->net, other);
	return a ? account_str(a, ACCOUNT_NAME) : other;
}

static bool is_timestamp(const char *text)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	size_t i;

	for (i = 0; shape[i]; i++)
		if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
			return false;
	return true;
}

bool past_time_parse(const char *text, int64_t *ms)
{
	struct tm tm = {0};
	const char *rest;
	int digits = 0;

	if (!is_timestamp(text))
		return false;
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest)
		return false;
	*ms = (int64_t)timegm(&tm) * 1000;
	if (*rest == '.') {
		for (int64_t unit = 100; rest[1] >= '0' && rest[1] <= '9'; rest++, unit /= 10, digits++)
			*ms += (rest[1] - '0') * unit;
		rest++;
		if (!digits)
			return false;
	}
	return strcmp(rest, "Z") == 0;
}
