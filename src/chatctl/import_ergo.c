#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "chatctl/import.h"
#include "proto/json_read.h"

/*
 * The file of Ergo (ircd.db): every change of a table of keys and values, "*3\r\n$3\r\nset\r\n$n\r\nkey\r\n...", as a
 * client of Redis would send it. What stands in the table at the end is what counts. Offsets take the place of lines.
 */
enum { ARGS_MAX = 5, KEY_MAX = 400, VALUE_MAX = 1 << 20, TEXT_SIZE = IMPORT_TEXT_MAX * 4, NS_IN_MS = 1000000 };

struct entry {
	struct str key, value; /* in the file */
};

struct table {
	struct map by_key;
};

static struct str key_of(const void *item)
{
	return ((const struct entry *)item)->key;
}

static void clear(struct table *t)
{
	uint32_t at = 0;
	struct entry *e;

	while ((e = map_next(&t->by_key, &at)))
		mem_free(e);
	map_deinit(&t->by_key);
}

static void del(struct table *t, struct str key)
{
	struct entry *e = map_get(&t->by_key, key);

	if (!e)
		return;
	map_del(&t->by_key, key);
	mem_free(e);
}

static bool set(struct import *im, struct table *t, struct str key, struct str value)
{
	struct entry *e;

	del(t, key);
	if (t->by_key.count >= IMPORT_ITEMS_MAX)
		return import_fail(im, "there is too much in it");
	e = mem_alloc(sizeof(*e));
	*e = (struct entry){key, value};
	map_put(&t->by_key, e);
	return true;
}

/* "$12" or "*3", and what ends the line. */
static bool take_count(struct str *text, char sign, unsigned long long max, size_t *out)
{
	unsigned long long n;
	struct str line;

	if (!text->n || text->p[0] != sign || !str_split(text, '\n', &line) || line.n < 3 || line.p[line.n - 1] != '\r')
		return false;
	if (!str_u64((struct str){line.p + 1, line.n - 2}, max, &n))
		return false;
	*out = (size_t)n;
	return true;
}

static bool take_arg(struct str *text, struct str *arg)
{
	size_t n;

	if (!take_count(text, '$', IMPORT_FILE_MAX, &n) || text->n < n + 2 || memcmp(text->p + n, "\r\n", 2) != 0)
		return false;
	*arg = (struct str){text->p, n};
	text->p += n + 2;
	text->n -= n + 2;
	return true;
}

static bool take_change(struct import *im, struct table *t, struct str *text)
{
	struct str args[ARGS_MAX];
	size_t n;

	if (!take_count(text, '*', ARGS_MAX, &n) || n == 0)
		return import_fail(im, "a change of the table was expected: this is no database of Ergo");
	for (size_t i = 0; i < n; i++)
		if (!take_arg(text, &args[i]))
			return import_fail(im, "a change of the table is cut off, or damaged");
	if (n >= 3 && str_eq_nocase(args[0], STR("set")))
		return set(im, t, args[1], args[2]);
	if (n == 2 && str_eq_nocase(args[0], STR("del")))
		del(t, args[1]);
	else if (n == 1 && str_eq_nocase(args[0], STR("flushdb")))
		clear(t);
	else
		return import_fail(im, "a change of the table is of an unknown kind");
	return true;
}

/* Of what "account.name" and the like have of somebody. */
static struct str get(const struct table *t, const char *what, struct str name)
{
	char memory[KEY_MAX];
	const struct entry *e;
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	buf_cstr(&b, what);
	buf_chr(&b, ' ');
	buf_str(&b, name);
	e = b.full ? NULL : map_get(&t->by_key, buf_view(&b));
	return e ? e->value : STR_NONE;
}

static int64_t nanoseconds(struct str text)
{
	unsigned long long n;

	return str_u64(text, INT64_MAX, &n) ? (int64_t)(n / NS_IN_MS) : 0;
}

/* As Go writes times: the zone is UTC there. */
static int64_t timestamp(const char *text)
{
	struct tm tm = {0};
	int64_t s = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) : 0;

	return s > 0 ? s * 1000 : 0;
}

static bool is_object(struct str text)
{
	return text.n > 1 && text.n <= VALUE_MAX && text.p[0] == '{' && json_object_valid(text);
}

/* STR_NONE: it has none. memory holds it. */
static struct str member(struct str object, const char *name, char memory[TEXT_SIZE])
{
	struct json_value v;

	return json_member(object, name, &v) && json_string(&v, memory, TEXT_SIZE) ? str_of(memory) : STR_NONE;
}

static struct str after_space(struct str rest)
{
	while (rest.n && memchr(" \t\r\n,:", rest.p[0], 6)) {
		rest.p++;
		rest.n--;
	}
	return rest;
}

/* The next value of a list or an object that is valid, and behind it what is left: a string or a number. False: the
 * end. */
static bool next_value(struct str *rest, struct json_value *out)
{
	size_t n = 1;

	*rest = after_space(*rest);
	if (!rest->n || rest->p[0] == ']' || rest->p[0] == '}')
		return false;
	if (rest->p[0] == '"') {
		while (n < rest->n && rest->p[n] != '"')
			n += rest->p[n] == '\\' ? 2 : 1;
		if (n >= rest->n)
			return false;
		*out = (struct json_value){JSON_STRING, {rest->p + 1, n - 1}};
		n++;
	} else {
		while (n < rest->n && !memchr(" \t\r\n,:]}", rest->p[n], 8))
			n++;
		*out = (struct json_value){JSON_NUMBER, {rest->p, n}};
	}
	rest->p += n;
	rest->n -= n;
	return true;
}

/* Inside of the brackets. */
static struct str inside(const struct json_value *v)
{
	return v->text.n >= 2 ? (struct str){v->text.p + 1, v->text.n - 1} : STR_NONE;
}

/* Accounts */

static void set_keys(struct import_account *a, struct str object)
{
	char salt[TEXT_SIZE], stored[TEXT_SIZE], server[TEXT_SIZE], number[24];
	struct json_value v, inner;
	int64_t n;

	/* They stand in an object of their own, or beside the rest. */
	if (json_member(object, "SCRAMCreds", &inner) && inner.kind == JSON_OBJECT)
		object = inner.text;
	if (!json_member(object, "Iters", &v) || !json_integer(&v, &n) || n <= 0)
		return;
	snprintf(number, sizeof(number), "%lld", (long long)n);
	import_set_keys(a, str_of(number), member(object, "Salt", salt), member(object, "StoredKey", stored),
			member(object, "ServerKey", server));
}

static void set_credentials(struct import *im, struct import_account *a, struct str text)
{
	char memory[TEXT_SIZE];
	struct json_value v, each;
	struct str rest;

	a->passing = "bcrypt";
	if (!is_object(text)) {
		a->passing = "a hash that cannot be read";
		return;
	}
	set_keys(a, text);
	if (!json_member(text, "PassphraseHash", &v) || v.kind != JSON_STRING || !v.text.n)
		a->passing = "no password";
	if (!json_member(text, "Certfps", &v) || v.kind != JSON_ARRAY)
		return;
	for (rest = inside(&v); next_value(&rest, &each);)
		if (json_string(&each, memory, sizeof(memory)))
			import_add_cert(im, a, str_of(memory));
}

static void set_mail(struct import *im, const struct table *t, struct import_account *a, struct str name)
{
	struct str callback = get(t, "account.callback", name), settings = get(t, "account.settings", name);
	char memory[TEXT_SIZE];
	struct str email;

	if (str_starts(callback, STR("mailto:")) && callback.n > 7)
		import_set(im, &a->email, (struct str){callback.p + 7, callback.n - 7});
	if (!is_object(settings))
		return;
	email = member(settings, "Email", memory);
	if (email.n)
		import_set(im, &a->email, email);
	import_lose(im, "settings of accounts");
}

static void set_host(struct import *im, struct import_account *a, struct str text)
{
	char memory[TEXT_SIZE];
	struct json_value v;

	if (!text.n)
		return;
	if (!is_object(text)) {
		import_set(im, &a->vhost, text);
		return;
	}
	if (json_member(text, "Enabled", &v) && json_true(&v))
		import_set(im, &a->vhost, member(text, "ApprovedVHost", memory));
}

static void take_account(struct import *im, const struct table *t, struct str name)
{
	struct str shown = get(t, "account.name", name), nicks = get(t, "account.additionalnicks", name), nick;
	struct import_account *a = import_add_account(im, shown.n ? shown : name);

	if (!a)
		return;
	a->created = nanoseconds(get(t, "account.registered.time", name));
	a->unverified = !get(t, "account.verified", name).n;
	a->suspended = get(t, "account.suspended", name).n > 0;
	set_credentials(im, a, get(t, "account.credentials", name));
	set_mail(im, t, a, name);
	set_host(im, a, get(t, "account.vhost", name));
	while (str_split(&nicks, ',', &nick))
		if (nick.n)
			import_add(im, &a->nicks, nick);
}

/* Channels */

static void add_mode(struct import *im, struct import_channel *c, int64_t letter)
{
	if (letter > 0 && letter < 128 && strchr("imnstCRu", (int)letter))
		import_add_mode(c, (char)letter);
	else
		import_lose(im, "modes of channels, and entries of their lists");
}

static char rank_of(int64_t letter)
{
	return letter == 'q' ? 'a' : letter > 0 && letter < 128 && strchr("aohv", (int)letter) ? (char)letter : 0;
}

/* "AccountToUMode": accounts and letters, as numbers. */
static void take_ranks(struct import *im, struct import_channel *c, struct str object)
{
	struct json_value who, letter;
	char memory[TEXT_SIZE];
	struct str rest = object.n ? (struct str){object.p + 1, object.n - 1} : STR_NONE;
	int64_t n;

	while (next_value(&rest, &who) && next_value(&rest, &letter)) {
		if (!json_string(&who, memory, sizeof(memory)) || !json_integer(&letter, &n) || !rank_of(n))
			import_lose(im, "entries of access lists with other rights than a rank");
		else if (import_account(im, str_of(memory)) !=
			 (c->founder ? import_account(im, str_of(c->founder)) : NULL))
			import_add_access(im, c, str_of(memory), rank_of(n));
	}
}

static void lose_list(struct import *im, struct str text)
{
	if (text.n > 2 && text.p[0] == '{')
		import_lose(im, "lists of channels (bans, exceptions, invitations)");
}

/* Of older files: a key for each thing. */
static void take_old_channel(struct import *im, const struct table *t, struct str name)
{
	struct str shown = get(t, "channel.name", name), modes = get(t, "channel.modes", name),
		   ranks = get(t, "channel.accounttoumode", name);
	struct import_channel *c = import_add_channel(im, shown.n ? shown : name);
	unsigned long long limit;

	if (!c)
		return;
	import_set(im, &c->founder, get(t, "channel.founder", name));
	c->created = nanoseconds(get(t, "channel.registered.time", name));
	import_set(im, &c->topic, get(t, "channel.topic", name));
	import_set(im, &c->topic_by, get(t, "channel.topic.setby", name));
	c->topic_time = nanoseconds(get(t, "channel.topic.settime", name));
	import_set(im, &c->key, get(t, "channel.key", name));
	if (str_u64(get(t, "channel.userlimit", name), UINT32_MAX, &limit))
		c->limit = (uint32_t)limit;
	for (size_t i = 0; i < modes.n; i++)
		add_mode(im, c, modes.p[i]);
	if (is_object(ranks))
		take_ranks(im, c, ranks);
	lose_list(im, get(t, "channel.banlist", name));
	lose_list(im, get(t, "channel.exceptlist", name));
	lose_list(im, get(t, "channel.invitelist", name));
}

static void take_new_modes(struct import *im, struct import_channel *c, struct str object)
{
	struct json_value v, each;
	struct str rest;
	int64_t n;

	if (json_member(object, "Modes", &v) && v.kind == JSON_ARRAY)
		for (rest = inside(&v); next_value(&rest, &each);)
			if (json_integer(&each, &n))
				add_mode(im, c, n);
	if (json_member(object, "UserLimit", &v) && json_integer(&v, &n) && n > 0 && n <= UINT32_MAX)
		c->limit = (uint32_t)n;
	if (json_member(object, "AccountToUMode", &v) && v.kind == JSON_OBJECT)
		take_ranks(im, c, v.text);
}

/* Of newer ones: an object under a number. */
static void take_new_channel(struct import *im, struct str object)
{
	static const char *const lists[] = {"Bans", "Excepts", "Invites"};
	char memory[TEXT_SIZE];
	struct str name = member(object, "Name", memory);
	struct import_channel *c = name.n && name.p[0] == '#' ? import_add_channel(im, name) : NULL;
	struct json_value v;

	if (!c)
		return;
	import_set(im, &c->founder, member(object, "Founder", memory));
	c->created = member(object, "RegisteredAt", memory).n ? timestamp(memory) : 0;
	import_set(im, &c->topic, member(object, "Topic", memory));
	import_set(im, &c->topic_by, member(object, "TopicSetBy", memory));
	c->topic_time = member(object, "TopicSetTime", memory).n ? timestamp(memory) : 0;
	import_set(im, &c->key, member(object, "Key", memory));
	take_new_modes(im, c, object);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (json_member(object, lists[i], &v))
			lose_list(im, v.text);
}

/* The name behind the key's first word, where that is it. */
static bool is_of(struct str key, const char *what, struct str *name)
{
	struct str first;

	*name = key;
	return str_split(name, ' ', &first) && name->n && str_eq(first, str_of(what));
}

static bool is_number(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!memchr("0123456789abcdef", text.p[i], 16))
			return false;
	return text.n > 0;
}

static void take_entry(struct import *im, const struct table *t, const struct entry *e, bool channels)
{
	struct str name, first = STR_NONE, rest = e->key;
	struct json_value v;

	if (!channels && is_of(e->key, "account.exists", &name))
		take_account(im, t, name);
	else if (channels && is_of(e->key, "channel.exists", &name))
		take_old_channel(im, t, name);
	else if (channels && str_split(&rest, ' ', &first) && is_number(first) && is_object(e->value) &&
		 json_member(e->value, "Founder", &v))
		take_new_channel(im, e->value);
	else if (channels && (is_of(e->key, "channel.purged", &name) || is_of(e->key, "bans.klinev2", &name)))
		import_lose(im, "bans of the server, and of channels");
}

static bool take_table(struct import *im, const struct table *t)
{
	for (int channels = 0; channels < 2; channels++) {
		uint32_t at = 0;
		const struct entry *e;

		while ((e = map_next(&t->by_key, &at)))
			take_entry(im, t, e, channels);
	}
	return !im->error[0];
}

bool import_ergo(struct import *im, struct str text)
{
	struct hash_key seed;
	size_t all = text.n;
	struct table t;
	bool good = text.n ? true : import_fail(im, "it is empty");

	arc4random_buf(&seed, sizeof(seed));
	map_init(&t.by_key, key_of, &seed);
	while (good && text.n) {
		im->line = all - text.n;
		good = take_change(im, &t, &text);
	}
	if (good)
		good = take_table(im, &t);
	clear(&t);
	return good;
}
