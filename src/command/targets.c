#include "command/targets.h"

#include "network/rules.h"
#include "proto/numerics.h"
#include "proto/utf8.h"

void targets_init(struct targets *t, const char *list, const char *pairs, uint32_t max)
{
	t->list = t->rest = str_of(list);
	t->pairs = str_of(pairs);
	t->pair = STR_NONE;
	t->at = NULL;
	t->count = 0;
	t->max = max;
	t->quiet = false;
	t->cost = 0;
	t->word[0] = '\0';
}

static void targets_take(struct targets *t, struct str word)
{
	word = utf8_cut(word, sizeof(t->word) - 1);
	memcpy(t->word, word.p, word.n);
	t->word[word.n] = '\0';
	t->at = word.p;
}

bool targets_next(struct targets *t, const struct call *call)
{
	struct str word;

	do {
		if (!str_split(&t->rest, ',', &word))
			return false;
		if (!str_split(&t->pairs, ',', &t->pair))
			t->pair = STR_NONE;
	} while (word.n == 0);
	targets_take(t, word);
	if (t->count++ && t->count <= t->max)
		call_charge(call, t->cost);
	if (t->count <= t->max)
		return true;
	if (!t->quiet)
		reply(call->session, ERR_TOOMANYTARGETS, target_shown(t->word), t->max, call->row->name);
	return false;
}

bool targets_repeated(const struct targets *t, enum casemap map)
{
	struct str before = {t->list.p, (size_t)(t->at - t->list.p)};
	struct str word = str_of(t->word), earlier;

	while (str_split(&before, ',', &earlier)) {
		if (casemap_eq(map, earlier, word))
			return true;
	}
	return false;
}

const char *target_shown(const char *word)
{
	return *word && *word != ':' && !strchr(word, ' ') ? word : "*";
}

const struct channel *target_channel(const struct call *call, const char *name)
{
	const struct channel *c = network_channel(call->env->net, str_of(name));

	if (c && rule_sees_channel(c, call_user(call)))
		return c;
	reply(call->session, ERR_NOSUCHCHANNEL, target_shown(name));
	return NULL;
}

const struct user *target_user(const struct call *call, const char *nick)
{
	const struct user *u = network_user_by_nick(call->env->net, str_of(nick));

	if (!u)
		reply(call->session, ERR_NOSUCHNICK, target_shown(nick));
	return u;
}
