#include <string.h>

#include "account/credential.h"
#include "chatctl/import.h"
#include "proto/base64.h"

/* The flat file of Atheme (services.db): a row is a line, its first word says what of. Accounts stand before channels.
 */
enum { WORDS_MAX = 12, PART_MAX = 200 };

struct row {
	struct str words[WORDS_MAX];
	struct str rest[WORDS_MAX]; /* from the word of that number on */
	size_t n;
};

struct reading {
	struct import *im;
	int version; /* of the file; 0: it was not told yet */
};

static struct str word(const struct row *r, size_t n)
{
	return n < r->n ? r->words[n] : STR_NONE;
}

static bool has(struct str flags, char flag)
{
	return flags.n && memchr(flags.p, flag, flags.n);
}

/* Passwords: "$z$prf$iterations$salt$digest", or "...$salt$ServerKey$StoredKey" */

enum { HMAC_SHA256 = 5, HMAC_SHA256_S64 = 25, SCRAM_SHA256 = 45, SCRAM_SHA256_S64 = 65 };

/* The digest is RFC 5802's SaltedPassword: what is kept here follows from it. */
static bool set_digest(struct import_account *a, struct str iterations, struct str salt, struct str digest)
{
	unsigned char salted[CREDENTIAL_KEY_SIZE], client[CREDENTIAL_KEY_SIZE], stored[CREDENTIAL_KEY_SIZE],
		server[CREDENTIAL_KEY_SIZE];
	char texts[2][PART_MAX];
	struct buf b, s64, v64;
	bool good;

	buf_init(&b, (char *)salted, sizeof(salted));
	buf_init(&s64, texts[0], PART_MAX);
	buf_init(&v64, texts[1], PART_MAX);
	good = base64_decode(&b, digest) && b.n == sizeof(salted) &&
	       credential_hmac(client, salted, STR("Client Key")) &&
	       credential_hash(stored, (struct str){(const char *)client, sizeof(client)}) &&
	       credential_hmac(server, salted, STR("Server Key"));
	if (good) {
		base64_encode(&s64, (struct str){(const char *)stored, sizeof(stored)});
		base64_encode(&v64, (struct str){(const char *)server, sizeof(server)});
		good = import_set_keys(a, iterations, salt, buf_view(&s64), buf_view(&v64));
	}
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
	return good;
}

static bool set_pbkdf2(struct import_account *a, struct str text)
{
	struct str prf, iterations, salt, first;
	char memory[PART_MAX];
	unsigned long long n;
	struct buf b;

	if (!str_split(&text, '$', &prf) || !str_u64(prf, 99, &n) || !str_split(&text, '$', &iterations) ||
	    !str_split(&text, '$', &salt))
		return false;
	/* Older ones have the bytes of the salt as they are. */
	buf_init(&b, memory, sizeof(memory));
	if (n == HMAC_SHA256 || n == SCRAM_SHA256) {
		base64_encode(&b, salt);
		salt = buf_view(&b);
	}
	if (b.full)
		return false;
	if (n == HMAC_SHA256 || n == HMAC_SHA256_S64)
		return set_digest(a, iterations, salt, text);
	if ((n == SCRAM_SHA256 || n == SCRAM_SHA256_S64) && str_split(&text, '$', &first))
		return import_set_keys(a, iterations, salt, text, first);
	return false;
}

static void set_password(struct import_account *a, struct str pass, struct str flags)
{
	static const struct {
		const char *start, *passing;
	} kinds[] = {{"$z$", "PBKDF2 with another hash than SHA-256"},
		     {"$2", "bcrypt"},
		     {"$1$", "MD5"},
		     {"$5$", "SHA-256 of crypt(3)"},
		     {"$6$", "SHA-512 of crypt(3)"},
		     {"$argon2", "Argon2"},
		     {"$rawsha", "SHA"},
		     {"$ircservices$", "MD5"}};

	/* Without that flag it is what was typed. */
	if (!has(flags, 'C')) {
		import_set_password(a, pass);
		return;
	}
	a->passing = "a hash of another kind";
	if (str_starts(pass, STR("$z$")) && set_pbkdf2(a, (struct str){pass.p + 3, pass.n - 3}))
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_starts(pass, str_of(kinds[i].start)))
			a->passing = kinds[i].passing;
}

static void take_account(struct reading *r, const struct row *w)
{
	size_t at = r->version >= 10 ? 2 : 1; /* behind an id */
	struct import_account *a = import_add_account(r->im, word(w, at));
	struct str flags = word(w, at + 5);

	if (!a)
		return;
	if (!str_eq(word(w, at + 2), STR("noemail")))
		import_set(r->im, &a->email, word(w, at + 2));
	a->created = import_seconds(word(w, at + 3));
	a->unverified = has(flags, 'W');
	a->secret = has(flags, 'p');
	set_password(a, word(w, at + 1), flags);
}

static void take_account_data(struct reading *r, const struct row *w)
{
	struct import_account *a = import_account(r->im, word(w, 1));
	struct str what = word(w, 2);

	if (!a)
		return;
	if (str_eq(what, STR("private:usercloak")))
		import_set(r->im, &a->vhost, word(w, 3));
	else if (str_eq(what, STR("private:freeze:freezer")))
		a->suspended = true;
	else if (!str_starts(what, STR("private:")))
		import_lose(r->im, "what people said of themselves");
}

static void take_nick(struct reading *r, const struct row *w)
{
	struct import_account *a = import_account(r->im, word(w, 1));

	if (!a)
		import_lose(r->im, "nicks of nobody");
	else if (import_account(r->im, word(w, 2)) != a)
		import_add(r->im, &a->nicks, word(w, 2));
}

static void take_cert(struct reading *r, const struct row *w)
{
	struct import_account *a = import_account(r->im, word(w, 1));

	if (a)
		import_add_cert(r->im, a, word(w, 2));
}

static void take_channel(struct reading *r, const struct row *w)
{
	static const struct {
		unsigned bit;
		char letter;
	} modes[] = {{0x1, 'i'}, {0x8, 'm'}, {0x10, 'n'}, {0x80, 's'}, {0x100, 't'}};
	struct import_channel *c = import_add_channel(r->im, word(w, 1));
	unsigned long long on = 0, off = 0, limit = 0;

	if (!c)
		return;
	c->created = import_seconds(word(w, 2));
	str_u64(word(w, 5), UINT32_MAX, &on);
	str_u64(word(w, 6), UINT32_MAX, &off);
	str_u64(word(w, 7), UINT32_MAX, &limit);
	c->limit = (uint32_t)limit;
	if (word(w, 8).n)
		import_set(r->im, &c->key, word(w, 8));
	/* What was locked is known; what else was set is not, and +nt is what channels are made with. */
	on |= (0x10 | 0x100) & ~off;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (on & modes[i].bit)
			import_add_mode(c, modes[i].letter);
}

static void take_channel_data(struct reading *r, const struct row *w)
{
	struct import_channel *c = import_channel(r->im, word(w, 1));
	struct str what = word(w, 2);

	if (!c)
		return;
	if (str_eq(what, STR("private:topic:text")) && w->n > 3)
		import_set(r->im, &c->topic, w->rest[3]);
	else if (str_eq(what, STR("private:topic:setter")))
		import_set(r->im, &c->topic_by, word(w, 3));
	else if (str_eq(what, STR("private:topic:ts")))
		c->topic_time = import_seconds(word(w, 3));
	else if (str_eq(what, STR("private:entrymsg")))
		import_lose(r->im, "entry messages of channels");
	else if (str_eq(what, STR("private:mlockext")))
		import_lose(r->im, "modes of channels, and entries of their lists");
	else if (!str_starts(what, STR("private:")))
		import_lose(r->im, "what was said of channels");
}

/* The oldest of several founders is the one. */
static void take_founder(struct reading *r, struct import_channel *c, const struct import_account *a, int64_t since)
{
	if (c->founder && c->founded <= since) {
		import_add_access(r->im, c, str_of(a->name), 'a');
		return;
	}
	if (c->founder)
		import_add_access(r->im, c, str_of(c->founder), 'a');
	import_set(r->im, &c->founder, str_of(a->name));
	c->founded = since;
}

static void take_access(struct reading *r, const struct row *w)
{
	struct import_channel *c = import_channel(r->im, word(w, 1));
	const struct import_account *a = import_account(r->im, word(w, 2));
	struct str flags = word(w, 3);
	char rank = has(flags, 'q') || has(flags, 'a')   ? 'a'
		    : has(flags, 'o') || has(flags, 'O') ? 'o'
		    : has(flags, 'h') || has(flags, 'H') ? 'h'
		    : has(flags, 'v') || has(flags, 'V') ? 'v'
							 : 0;

	if (!c)
		return;
	if (has(flags, 'b'))
		import_lose(r->im, "auto-kicks of channels");
	else if (!a || (!rank && !has(flags, 'F')))
		import_lose(r->im, "entries of access lists for masks and groups, or with other rights than a rank");
	else if (has(flags, 'F'))
		take_founder(r, c, a, import_seconds(word(w, 4)));
	else
		import_add_access(r->im, c, str_of(a->name), rank);
}

static void take_version(struct reading *r, const struct row *w)
{
	unsigned long long version = 0;

	if (str_u64(word(w, 1), 1000, &version) && version >= 4)
		r->version = (int)version;
	else
		import_fail(r->im, "it is of a version that is not known");
}

static void lose(struct reading *r, struct str type)
{
	static const struct {
		const char *type, *what;
	} known[] = {{"ME", "memos"},
		     {"MI", "lists of people whose memos are not wanted"},
		     {"AC", "access lists of accounts (masks that were let in without a password)"},
		     {"MDA", "what was said of access lists"},
		     {"NAM", "names of accounts that are no more"},
		     {"MDN", "names of accounts that are no more"},
		     {"SI", "masks that services ignored"},
		     {"SO", "operators"},
		     {"KL", "bans of the server"},
		     {"XL", "bans of the server"},
		     {"QL", "forbidden names"},
		     {"GRP", "groups"},
		     {"GACL", "groups"},
		     {"BOT", "bots of BotServ"},
		     {"RM", "rules of hosts"},
		     {"HR", "requests of hosts"}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq(type, str_of(known[i].type)))
			import_lose(r->im, known[i].what);
}

static void split(struct row *w, struct str line)
{
	struct str rest = line, part;

	w->n = 0;
	while (w->n < WORDS_MAX && (w->rest[w->n] = rest, str_split(&rest, ' ', &part)))
		w->words[w->n++] = part;
}

static bool take(struct reading *r, const struct row *w)
{
	static const struct {
		const char *type;
		size_t words;
		void (*take)(struct reading *r, const struct row *w);
	} types[] = {
		{"DBV", 2, take_version},      {"MU", 7, take_account}, {"MDU", 3, take_account_data},
		{"MN", 3, take_nick},          {"MCFP", 3, take_cert},  {"MC", 8, take_channel},
		{"MDC", 3, take_channel_data}, {"CA", 4, take_access},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!str_eq(w->words[0], str_of(types[i].type)))
			continue;
		if (w->n < types[i].words)
			return import_fail(r->im, "the line has too few words");
		types[i].take(r, w);
		return !r->im->error[0];
	}
	lose(r, w->words[0]);
	return true;
}

bool import_atheme(struct import *im, struct str text)
{
	struct reading r = {.im = im};
	struct str line;
	struct row w;

	while (str_split(&text, '\n', &line)) {
		im->line++;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		split(&w, line);
		if (!line.n || line.p[0] == '#')
			continue;
		if (!r.version && !str_eq(word(&w, 0), STR("DBV")))
			return import_fail(im, "a line with DBV was expected: this is no database of Atheme");
		if (!take(&r, &w))
			return false;
	}
	return r.version ? true : import_fail(im, "it is empty");
}
