#include "proto/mask.h"

#include "network/rules.h"
#include "network/state.h"
#include "proto/name.h"
#include "proto/utf8.h"

enum { EXTBAN_VALUE_MAX = 200 };

/* A user as masks see it: by the host shown, by the address behind it, and by that one's name. Made once for a whole list. */
struct likeness {
	struct str shown, real, named; /* empty: there is none */
	char memory[3 * NETWORK_MASK_MAX];
};

static struct str add_likeness(struct buf *b, const struct user *u, enum user_text host)
{
	size_t before = b->n;

	if (!user_str(u, host).n)
		return STR_NONE;
	state_user_mask(b, u, host);
	return (struct str){b->p + before, b->n - before};
}

static bool looks_like(enum casemap map, struct str mask, struct str likeness)
{
	return likeness.n && mask_match(map, mask, likeness);
}

static void likeness_init(struct likeness *l, const struct user *u)
{
	struct buf b;

	buf_init(&b, l->memory, sizeof(l->memory));
	l->shown = add_likeness(&b, u, USER_HOST);
	l->real = add_likeness(&b, u, USER_ADDRESS);
	l->named = add_likeness(&b, u, USER_REALHOST);
}

/* Takes "~x:" off the front; 0: the mask is a plain one. A username may begin with the prefix, so the colon decides. */
static char take_extban(struct str *mask)
{
	char letter;

	if (mask->n < 3 || mask->p[0] != EXTBAN_PREFIX || mask->p[2] != ':')
		return 0;
	letter = mask->p[1];
	*mask = (struct str){mask->p + 3, mask->n - 3};
	return letter;
}

static bool matches_account(const struct network *net, struct str glob, const struct user *u)
{
	struct str account = user_str(u, USER_ACCOUNT);

	return glob.n && account.n && mask_match(net->config.casemap, glob, account);
}

/* Who is in a channel that hides them is no more found by a ban than by a list. */
static bool matches_channel(const struct network *net, struct str name, const struct user *u)
{
	const struct channel *c = network_channel(net, name);
	const struct member *m = c ? network_member(c, u) : NULL;

	return m && rule_sees_channel(c, NULL) && rule_sees_member(NULL, m);
}

static bool matches(const struct network *net, struct str mask, const struct user *u, const struct likeness *l)
{
	char extban = take_extban(&mask);

	if (extban == EXTBAN_MUTE)
		extban = take_extban(&mask);
	if (extban == EXTBAN_UNREGISTERED) {
		if (user_str(u, USER_ACCOUNT).n)
			return false;
		extban = take_extban(&mask);
	}
	if (extban == EXTBAN_ACCOUNT)
		return matches_account(net, mask, u);
	if (extban == EXTBAN_REALNAME)
		return mask.n && mask_match(net->config.casemap, mask, user_str(u, USER_REALNAME));
	if (extban == EXTBAN_CHANNEL)
		return matches_channel(net, mask, u);
	if (extban)
		return false;
	return looks_like(net->config.casemap, mask, l->shown) || looks_like(net->config.casemap, mask, l->real) ||
	       looks_like(net->config.casemap, mask, l->named);
}

bool rule_mask_matches(const struct network *net, const char *mask, const struct user *u)
{
	struct likeness l;

	likeness_init(&l, u);
	return matches(net, str_of(mask), u, &l);
}

static bool is_mute(struct str mask)
{
	return take_extban(&mask) == EXTBAN_MUTE;
}

bool state_list_matches(const struct network *net, const struct vec *list, const struct user *u, enum mask_use use)
{
	struct likeness l;

	if (!list->count)
		return false;
	likeness_init(&l, u);
	for (uint32_t i = 0; i < list->count; i++) {
		struct str mask = str_of(((const struct list_entry *)list->items[i])->mask);

		if (use == MASK_JOIN && is_mute(mask))
			continue;
		if (matches(net, mask, u, &l))
			return true;
	}
	return false;
}

/* One word: a space would make two parameters of it when it is listed. */
static struct str first_word(struct str s)
{
	const char *space = s.n ? memchr(s.p, ' ', s.n) : NULL;

	return space ? (struct str){s.p, (size_t)(space - s.p)} : s;
}

static bool is_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	}
	return true;
}

static void add_extban(struct buf *out, char letter)
{
	buf_chr(out, EXTBAN_PREFIX);
	buf_chr(out, letter);
	buf_chr(out, ':');
}

/* Those that are about a mask which follows, each once and in this order. */
static char take_wrappers(struct buf *out, struct str *rest)
{
	static const char wrappers[] = {EXTBAN_MUTE, EXTBAN_UNREGISTERED};
	char extban = take_extban(rest);

	for (size_t i = 0; i < sizeof(wrappers); i++) {
		if (extban != wrappers[i])
			continue;
		add_extban(out, extban);
		extban = take_extban(rest);
	}
	return extban;
}

static size_t extban_max(char extban)
{
	switch (extban) {
	case EXTBAN_ACCOUNT:
		return NAME_ACCOUNT_MAX;
	case EXTBAN_REALNAME:
	case EXTBAN_CHANNEL:
		return EXTBAN_VALUE_MAX;
	default:
		return 0;
	}
}

bool rule_mask_normalise(struct buf *out, struct str mask)
{
	struct str rest = first_word(mask);
	char extban = take_wrappers(out, &rest);
	size_t before;

	if (extban) {
		if (!extban_max(extban) || !is_printable(rest))
			return false;
		if (extban == EXTBAN_CHANNEL && !name_channel_valid(rest, EXTBAN_VALUE_MAX))
			return false;
		add_extban(out, extban);
		buf_str(out, utf8_cut(rest, extban_max(extban)));
		return !out->full;
	}
	before = out->n;
	mask_normalise(out, rest);
	return !out->full && out->n > before;
}
