#include "proto/mask.h"

#include "network/rules.h"
#include "network/state.h"
#include "proto/name.h"
#include "proto/utf8.h"

enum { EXTBAN_VALUE_MAX = 200, COUNTRY_SIZE = 2, LIKENESS_MAX = 5 };

static const struct str secure_tls = {"tls", 3}, secure_plain = {"plain", 5};

/*
 * A user as masks see it, made once for a whole list: by the host shown, by the cloaks of the address, and, where
 * nothing hides them, by the address and its name.
 */
struct likeness {
	struct str of[LIKENESS_MAX];
	size_t count;
	char memory[LIKENESS_MAX * NETWORK_MASK_MAX];
};

static void add_likeness(struct likeness *l, struct buf *b, const struct user *u, struct str host)
{
	size_t before = b->n;

	if (!host.n || l->count == LIKENESS_MAX)
		return;
	buf_str(b, user_str(u, USER_NICK));
	buf_chr(b, '!');
	buf_str(b, user_str(u, USER_NAME));
	buf_chr(b, '@');
	buf_str(b, host);
	l->of[l->count++] = (struct str){b->p + before, b->n - before};
}

static void likeness_init(struct likeness *l, const struct user *u)
{
	struct str cloaks = user_str(u, USER_CLOAKS), cloak, shown = user_str(u, USER_HOST);
	struct buf b;

	buf_init(&b, l->memory, sizeof(l->memory));
	l->count = 0;
	add_likeness(l, &b, u, shown);
	while (str_split(&cloaks, ' ', &cloak))
		if (!str_eq(cloak, shown))
			add_likeness(l, &b, u, cloak);
	if (u->modes & USER_CLOAKED)
		return;
	add_likeness(l, &b, u, user_str(u, USER_ADDRESS));
	add_likeness(l, &b, u, user_str(u, USER_REALHOST));
}

static bool looks_like(enum casemap map, struct str mask, const struct likeness *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (mask_match(map, mask, l->of[i]))
			return true;
	return false;
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

/* Who is in a channel that hides them is no more found by a ban than by a list. */
static bool matches_channel(const struct network *net, struct str name, const struct user *u)
{
	const struct channel *c = network_channel(net, name);
	const struct member *m = c ? network_member(c, u) : NULL;

	return m && rule_sees_channel(c, NULL) && rule_sees_member(NULL, m);
}

static bool matches_glob(const struct network *net, struct str glob, struct str text)
{
	return glob.n && text.n && mask_match(net->config.casemap, glob, text);
}

static bool matches_extended(const struct network *net, char extban, struct str value, const struct user *u)
{
	switch (extban) {
	case EXTBAN_ACCOUNT:
		return matches_glob(net, value, user_str(u, USER_ACCOUNT));
	case EXTBAN_REALNAME:
		return value.n && mask_match(net->config.casemap, value, user_str(u, USER_REALNAME));
	case EXTBAN_CHANNEL:
		return matches_channel(net, value, u);
	case EXTBAN_GATEWAY:
		return matches_glob(net, value, user_str(u, USER_GATEWAY));
	case EXTBAN_COUNTRY:
		return value.n && str_eq_nocase(value, user_str(u, USER_COUNTRY));
	case EXTBAN_SECURE:
		return str_eq_nocase(value, u->secure ? secure_tls : secure_plain);
	default:
		return false;
	}
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
	return extban ? matches_extended(net, extban, mask, u) : looks_like(net->config.casemap, mask, l);
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
	case EXTBAN_GATEWAY:
	case EXTBAN_COUNTRY:
	case EXTBAN_SECURE:
		return EXTBAN_VALUE_MAX;
	default:
		return 0;
	}
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool value_valid(char extban, struct str value)
{
	switch (extban) {
	case EXTBAN_CHANNEL:
		return name_channel_valid(value, EXTBAN_VALUE_MAX);
	case EXTBAN_COUNTRY:
		return value.n == COUNTRY_SIZE && is_letter(value.p[0]) && is_letter(value.p[1]);
	case EXTBAN_SECURE:
		return str_eq_nocase(value, secure_tls) || str_eq_nocase(value, secure_plain);
	default:
		return extban_max(extban) && is_printable(value);
	}
}

bool rule_mask_normalise(struct buf *out, struct str mask)
{
	struct str rest = first_word(mask);
	char extban = take_wrappers(out, &rest);
	size_t before;

	if (extban) {
		if (!value_valid(extban, rest))
			return false;
		add_extban(out, extban);
		buf_str(out, utf8_cut(rest, extban_max(extban)));
		return !out->full;
	}
	before = out->n;
	mask_normalise(out, rest);
	return !out->full && out->n > before;
}

bool state_mask_renamed(const struct network *net, struct buf *out, struct str mask, struct str from, struct str to)
{
	char extban = take_wrappers(out, &mask);

	if (extban != EXTBAN_CHANNEL || !casemap_eq(net->config.casemap, mask, from))
		return false;
	add_extban(out, extban);
	buf_str(out, to);
	return !out->full;
}
