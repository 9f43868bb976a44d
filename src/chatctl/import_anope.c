#include <stdlib.h>
#include <string.h>

#include "chatctl/import.h"
#include "proto/base64.h"

/*
 * The flat file of Anope 2.0 (anope.db): "OBJECT Type", lines "DATA key value", "END". An object may name one that
 * comes later, so the file is read twice: first for accounts and channels, then for what belongs to them.
 */
enum { FIELDS_MAX = 256, PASSWORD_MAX = 400 };

struct field {
	struct str key, value;
};

struct object {
	struct str type;
	struct field fields[FIELDS_MAX];
	size_t n;
	bool open;
};

struct reading {
	struct import *im;
	bool second;
};

static struct str get(const struct object *o, const char *key)
{
	for (size_t i = 0; i < o->n; i++)
		if (str_eq(o->fields[i].key, str_of(key)))
			return o->fields[i].value;
	return STR_NONE;
}

static bool is_set(const struct object *o, const char *key)
{
	return str_eq(get(o, key), STR("1"));
}

/* enc_none keeps what was typed, in base64. All others are hashes of another kind than ours. */
static void set_password(struct import_account *a, struct str pass)
{
	static const struct {
		const char *start, *passing;
	} kinds[] = {{"bcrypt:", "bcrypt"}, {"sha256:", "salted SHA-256"}, {"sha1:", "SHA-1"}, {"md5:", "MD5"},
		     {"oldmd5:", "MD5"},    {"argon2", "Argon2"},          {"hmac-", "HMAC"}};
	char memory[PASSWORD_MAX];
	struct str method;
	struct buf b;

	a->passing = "a hash of another kind";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_starts(pass, str_of(kinds[i].start)))
			a->passing = kinds[i].passing;
	if (!str_starts(pass, STR("plain:")) || !str_split(&pass, ':', &method))
		return;
	buf_init(&b, memory, sizeof(memory));
	if (base64_decode(&b, pass))
		import_set_password(a, buf_view(&b));
	explicit_bzero(memory, sizeof(memory));
}

static void take_core(struct reading *r, const struct object *o)
{
	struct import_account *a = import_add_account(r->im, get(o, "display"));
	struct str certs = get(o, "cert"), cert;

	if (!a)
		return;
	import_set(r->im, &a->email, get(o, "email"));
	set_password(a, get(o, "pass"));
	a->created = import_seconds(get(o, "time_registered"));
	a->unverified = is_set(o, "UNCONFIRMED") || is_set(o, "extensible:UNCONFIRMED");
	a->secret = is_set(o, "NS_PRIVATE") || is_set(o, "extensible:NS_PRIVATE");
	while (str_split(&certs, ' ', &cert))
		if (cert.n)
			import_add_cert(r->im, a, cert);
	if (get(o, "greet").n)
		import_lose(r->im, "greetings of people");
	if (get(o, "access").n)
		import_lose(r->im, "access lists of accounts (masks that were let in without a password)");
}

static void take_alias(struct reading *r, const struct object *o)
{
	struct import_account *a = import_account(r->im, get(o, "nc"));
	struct str nick = get(o, "nick"), host = get(o, "vhost_host");

	if (!a) {
		import_lose(r->im, "nicks of nobody");
		return;
	}
	if (import_account(r->im, nick) == a)
		a->created = import_seconds(get(o, "time_registered"));
	else
		import_add(r->im, &a->nicks, nick);
	if (host.n && !a->vhost)
		import_set(r->im, &a->vhost, host);
	else if (host.n)
		import_lose(r->im, "hosts of nicks: an account has one");
}

static void take_mode(struct reading *r, struct import_channel *c, struct str name, struct str param)
{
	static const struct {
		const char *name;
		char letter;
	} modes[] = {{"NOEXTERNAL", 'n'},  {"TOPIC", 't'},      {"INVITE", 'i'},     {"SECRET", 's'},
		     {"MODERATED", 'm'},   {"NOCTCP", 'C'},     {"NOKNOCK", 'K'},    {"REGISTEREDONLY", 'R'},
		     {"AUDITORIUM", 'u'},  {"BLOCKCOLOR", 'c'}, {"STRIPCOLOR", 'S'}, {"NONICK", 'N'},
		     {"REGMODERATED", 'M'}};
	unsigned long long limit;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (!str_eq(name, str_of(modes[i].name)))
			continue;
		import_add_mode(c, modes[i].letter);
		return;
	}
	if (str_eq(name, STR("KEY")) && param.n)
		import_set(r->im, &c->key, param);
	else if (str_eq(name, STR("LIMIT")) && str_u64(param, UINT32_MAX, &limit))
		c->limit = (uint32_t)limit;
	else if (!str_eq(name, STR("REGISTERED")) && !str_eq(name, STR("PERM")))
		import_lose(r->im, "modes of channels, and entries of their lists");
}

static void take_channel(struct reading *r, const struct object *o)
{
	struct import_channel *c = import_add_channel(r->im, get(o, "name"));
	struct str modes = get(o, "last_modes"), mode, name;

	if (!c)
		return;
	import_set(r->im, &c->founder, get(o, "founder"));
	c->created = import_seconds(get(o, "time_registered"));
	import_set(r->im, &c->topic, get(o, "last_topic"));
	import_set(r->im, &c->topic_by, get(o, "last_topic_setter"));
	c->topic_time = import_seconds(get(o, "last_topic_time"));
	while (str_split(&modes, ' ', &mode))
		if (str_split(&mode, ',', &name) && name.n)
			take_mode(r, c, name, mode);
	if (get(o, "successor").n)
		import_lose(r->im, "successors of founders");
}

static void take_lock(struct reading *r, const struct object *o)
{
	struct import_channel *c = import_channel(r->im, get(o, "ci"));

	if (c && is_set(o, "set"))
		take_mode(r, c, get(o, "name"), get(o, "param"));
}

/* Levels as they are unless somebody changed them; words of XOP; letters of flags. 0: no rank. */
static char rank_of(struct str provider, struct str data)
{
	static const struct {
		const char *word;
		char rank;
	} words[] = {{"QOP", 'a'}, {"SOP", 'a'}, {"AOP", 'o'}, {"HOP", 'h'}, {"VOP", 'v'}};
	unsigned long long level;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(data, str_of(words[i].word)))
			return words[i].rank;
	if (str_u64(data, UINT32_MAX, &level))
		return level >= 10 ? 'a' : level >= 5 ? 'o' : level == 4 ? 'h' : level == 3 ? 'v' : 0;
	if (!str_eq(provider, STR("access/flags")) || !data.n)
		return 0;
	if (memchr(data.p, 'Q', data.n) || memchr(data.p, 'A', data.n))
		return 'a';
	return memchr(data.p, 'O', data.n)   ? 'o'
	       : memchr(data.p, 'H', data.n) ? 'h'
	       : memchr(data.p, 'V', data.n) ? 'v'
					     : 0;
}

static void take_access(struct reading *r, const struct object *o)
{
	struct import_channel *c = import_channel(r->im, get(o, "ci"));
	struct import_account *a = import_account(r->im, get(o, "mask"));
	char rank = rank_of(get(o, "provider"), get(o, "data"));

	if (c && a && rank)
		import_add_access(r->im, c, str_of(a->name), rank);
	else
		import_lose(r->im, "entries of access lists for masks, or with other rights than a rank");
}

static void take_suspension(struct reading *r, const struct object *o)
{
	struct import_account *a = import_account(r->im, get(o, "nick"));

	if (a)
		a->suspended = true;
}

static void lose(struct reading *r, const struct object *o)
{
	static const struct {
		const char *type, *what;
	} known[] = {
		{"Memo", "memos"},
		{"BotInfo", "bots of BotServ"},
		{"AutoKick", "auto-kicks of channels"},
		{"BadWord", "bad words of channels"},
		{"EntryMsg", "entry messages of channels"},
		{"Exception", "exceptions of session limits"},
		{"XLine", "bans of the server"},
		{"ForbidData", "forbidden names"},
		{"NewsItem", "news"},
		{"LogSetting", "log settings of channels"},
		{"Oper", "operators"},
		{"CSSuspendInfo", "suspensions of channels"},
		{"HostRequest", "requests of hosts"},
		{"NSMiscData", "what people said of themselves"},
		{"CSMiscData", "what was said of channels"},
		{"SeenInfo", "when people were seen"},
		{"Stats", NULL},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!str_eq(o->type, str_of(known[i].type)))
			continue;
		if (known[i].what)
			import_lose(r->im, known[i].what);
		return;
	}
	import_lose(r->im, "objects of a type that is not known");
}

static void take(struct reading *r, const struct object *o)
{
	static const struct {
		const char *type;
		bool second;
		void (*take)(struct reading *r, const struct object *o);
	} types[] = {
		{"NickCore", false, take_core},       {"NickAlias", true, take_alias},
		{"ChannelInfo", false, take_channel}, {"ModeLock", true, take_lock},
		{"ChanAccess", true, take_access},    {"NSSuspendInfo", true, take_suspension},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!str_eq(o->type, str_of(types[i].type)))
			continue;
		if (types[i].second == r->second)
			types[i].take(r, o);
		return;
	}
	if (r->second)
		lose(r, o);
}

static bool read_line(struct reading *r, struct object *o, struct str line)
{
	struct str word = STR_NONE, key = STR_NONE;

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (!line.n)
		return true;
	str_split(&line, ' ', &word);
	if (str_eq(word, STR("OBJECT")) && !o->open && line.n) {
		o->type = line;
		o->n = 0;
		o->open = true;
		return true;
	}
	if (!o->open)
		return import_fail(r->im, "an OBJECT was expected: this is no database of Anope 2.0");
	if (str_eq(word, STR("END"))) {
		o->open = false;
		take(r, o);
		return !r->im->error[0];
	}
	if (str_eq(word, STR("ID")))
		return true;
	if (!str_eq(word, STR("DATA")) || !str_split(&line, ' ', &key) || !key.n)
		return import_fail(r->im, "this is neither DATA nor END");
	if (o->n == FIELDS_MAX)
		return import_fail(r->im, "an object has too many fields");
	o->fields[o->n++] = (struct field){key, line};
	return true;
}

static bool read_all(struct reading *r, struct str text)
{
	struct object o = {.open = false};
	struct str line;

	r->im->line = 0;
	while (str_split(&text, '\n', &line)) {
		r->im->line++;
		if (!read_line(r, &o, line))
			return false;
	}
	return o.open ? import_fail(r->im, "the file ends within an object") : true;
}

bool import_anope(struct import *im, struct str text)
{
	struct reading r = {.im = im};

	if (!read_all(&r, text))
		return false;
	r.second = true;
	return read_all(&r, text);
}
