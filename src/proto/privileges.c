#include "proto/privileges.h"

static const char *const names[PRIV_COUNT] = {
	[PRIV_KILL] = "kill",
	[PRIV_BAN] = "ban",
	[PRIV_REHASH] = "rehash",
	[PRIV_RESTART] = "restart",
	[PRIV_DIE] = "die",
	[PRIV_SAJOIN] = "sajoin",
	[PRIV_SAPART] = "sapart",
	[PRIV_SAMODE] = "samode",
	[PRIV_SANICK] = "sanick",
	[PRIV_OVERRIDE] = "override",
	[PRIV_SEE_SECRET] = "see-secret",
	[PRIV_SEE_HIDDEN] = "see-hidden",
	[PRIV_SEE_ADDRESS] = "see-address",
	[PRIV_WALLOPS] = "wallops",
	[PRIV_STATS] = "stats",
	[PRIV_NO_FLOOD] = "no-flood",
	[PRIV_REGISTER] = "register",
	[PRIV_ACCOUNTS] = "accounts",
	[PRIV_VHOST] = "vhost",
	[PRIV_FILTER] = "filter",
	[PRIV_EMERGENCY] = "emergency",
	[PRIV_ANNOUNCE] = "announce",
	[PRIV_NOTICES] = "notices",
	[PRIV_HIDE] = "hide",
	[PRIV_REDACT] = "redact",
};

const char *privilege_name(enum privilege priv)
{
	return names[priv];
}

bool privilege_find(struct str name, enum privilege *out)
{
	for (int i = 0; i < PRIV_COUNT; i++) {
		if (str_eq(name, str_of(names[i]))) {
			*out = (enum privilege)i;
			return true;
		}
	}
	return false;
}

static bool add_word(struct str word, priv_set *set)
{
	bool without = word.n > 1 && word.p[0] == '-';
	enum privilege priv;
	priv_set bits;

	if (without) {
		word.p++;
		word.n--;
	}
	if (str_eq(word, STR("all")))
		bits = PRIV_ALL;
	else if (privilege_find(word, &priv))
		bits = PRIV_BIT(priv);
	else
		return false;
	*set = without ? *set & ~bits : *set | bits;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

static struct str next_word(struct str *rest)
{
	struct str word;

	while (rest->n && is_blank(*rest->p)) {
		rest->p++;
		rest->n--;
	}
	word = (struct str){rest->p, 0};
	while (rest->n && !is_blank(*rest->p)) {
		rest->p++;
		rest->n--;
		word.n++;
	}
	return word;
}

bool privileges_parse(struct str list, priv_set *out, struct str *bad)
{
	priv_set set = 0;
	struct str word;

	while ((word = next_word(&list)).n) {
		if (!add_word(word, &set)) {
			*bad = word;
			return false;
		}
	}
	*out = set;
	return true;
}

void privileges_show(struct buf *out, priv_set set)
{
	bool first = true;

	if ((set & PRIV_ALL) == PRIV_ALL) {
		buf_cstr(out, "all");
		return;
	}
	for (int i = 0; i < PRIV_COUNT; i++) {
		if (!(set & PRIV_BIT(i)))
			continue;
		if (!first)
			buf_chr(out, ' ');
		buf_cstr(out, names[i]);
		first = false;
	}
}
