#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/credential.h"
#include "base/mem.h"
#include "chatctl/import.h"
#include "proto/base64.h"
#include "proto/casemap.h"
#include "proto/name.h"
#include "proto/utf8.h"

enum { NAME_BYTES_MAX = 200, CERTFP_SIZE = 64, PASSWORD_ITERATIONS = 10000 };

static struct str account_key(const void *item)
{
	return str_of(((const struct import_account *)item)->folded);
}

static struct str channel_key(const void *item)
{
	return str_of(((const struct import_channel *)item)->folded);
}

void import_init(struct import *im)
{
	struct hash_key seed;

	memset(im, 0, sizeof(*im));
	arc4random_buf(&seed, sizeof(seed));
	map_init(&im->by_account, account_key, &seed);
	map_init(&im->by_channel, channel_key, &seed);
}

static void free_texts(struct vec *v)
{
	for (uint32_t i = 0; i < v->count; i++)
		mem_free(v->items[i]);
	vec_deinit(v);
}

static void free_account(struct import_account *a)
{
	if (a->credentials)
		explicit_bzero(a->credentials, strlen(a->credentials));
	free_texts(&a->nicks);
	free_texts(&a->certs);
	mem_free(a->folded);
	mem_free(a->name);
	mem_free(a->email);
	mem_free(a->vhost);
	mem_free(a->credentials);
	mem_free(a);
}

static void free_channel(struct import_channel *c)
{
	for (uint32_t i = 0; i < c->access.count; i++)
		mem_free(((struct import_access *)c->access.items[i])->account);
	free_texts(&c->access);
	mem_free(c->folded);
	mem_free(c->name);
	mem_free(c->founder);
	mem_free(c->key);
	mem_free(c->topic);
	mem_free(c->topic_by);
	mem_free(c);
}

void import_deinit(struct import *im)
{
	for (uint32_t i = 0; i < im->accounts.count; i++)
		free_account(im->accounts.items[i]);
	for (uint32_t i = 0; i < im->channels.count; i++)
		free_channel(im->channels.items[i]);
	vec_deinit(&im->accounts);
	vec_deinit(&im->channels);
	map_deinit(&im->by_account);
	map_deinit(&im->by_channel);
}

bool import_fail(struct import *im, const char *why)
{
	if (!im->error[0])
		snprintf(im->error, sizeof(im->error), "%s", why);
	return false;
}

void import_lose(struct import *im, const char *what)
{
	for (size_t i = 0; i < im->nlosses; i++) {
		if (strcmp(im->losses[i].what, what) == 0) {
			im->losses[i].count++;
			return;
		}
	}
	if (im->nlosses < IMPORT_LOSSES_MAX)
		im->losses[im->nlosses++] = (struct import_loss){what, 1};
}

static struct str folded(char memory[CASEMAP_ROOM(NAME_BYTES_MAX)], struct str name)
{
	return name.n && name.n <= NAME_BYTES_MAX ? casemap_fold(CASEMAP_ASCII, memory, name) : STR_NONE;
}

struct import_account *import_account(const struct import *im, struct str name)
{
	char memory[CASEMAP_ROOM(NAME_BYTES_MAX)];
	struct str key = folded(memory, name);

	return key.n ? map_get(&im->by_account, key) : NULL;
}

struct import_channel *import_channel(const struct import *im, struct str name)
{
	char memory[CASEMAP_ROOM(NAME_BYTES_MAX)];
	struct str key = folded(memory, name);

	return key.n ? map_get(&im->by_channel, key) : NULL;
}

/* One more of whatever a file can have many of. False: that is more than a file can have. */
static bool count(struct import *im)
{
	if (++im->items <= IMPORT_ITEMS_MAX)
		return true;
	return import_fail(im, "there is too much in it");
}

static char *dup(struct str s)
{
	return mem_strndup(s.p, s.n);
}

struct import_account *import_add_account(struct import *im, struct str name)
{
	char memory[CASEMAP_ROOM(NAME_BYTES_MAX)];
	struct import_account *a;

	if (!name_nick_valid(CASEMAP_PRECIS, name, NAME_BYTES_MAX)) {
		import_lose(im, "accounts with a name that is no nick");
		return NULL;
	}
	if (import_account(im, name) || !count(im))
		return NULL;
	a = mem_zalloc(sizeof(*a));
	a->name = dup(name);
	a->folded = dup(folded(memory, name));
	vec_push(&im->accounts, a);
	map_put(&im->by_account, a);
	return a;
}

struct import_channel *import_add_channel(struct import *im, struct str name)
{
	char memory[CASEMAP_ROOM(NAME_BYTES_MAX)];
	struct import_channel *c;

	if (!name_channel_valid(name, NAME_BYTES_MAX) || name.p[0] != '#') {
		import_lose(im, "channels with a name that is none here");
		return NULL;
	}
	if (import_channel(im, name) || !count(im))
		return NULL;
	c = mem_zalloc(sizeof(*c));
	c->name = dup(name);
	c->folded = dup(folded(memory, name));
	vec_push(&im->channels, c);
	map_put(&im->by_channel, c);
	return c;
}

/* Colours and the like go; NULL: it is no text. */
static char *clean(struct import *im, struct str text)
{
	char *made;
	size_t n = 0;

	if (!utf8_valid(text)) {
		import_lose(im, "texts that are not UTF-8");
		return NULL;
	}
	if (text.n > IMPORT_TEXT_MAX) {
		import_lose(im, "ends of texts that are too long");
		text = utf8_cut(text, IMPORT_TEXT_MAX);
	}
	made = mem_alloc(text.n + 1);
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= ' ' && text.p[i] != 0x7f)
			made[n++] = text.p[i];
	made[n] = '\0';
	if (n)
		return made;
	mem_free(made);
	return NULL;
}

void import_set(struct import *im, char **to, struct str text)
{
	mem_free(*to);
	*to = clean(im, text);
}

void import_add(struct import *im, struct vec *to, struct str text)
{
	char *made = count(im) ? clean(im, text) : NULL;

	if (made)
		vec_push(to, made);
}

void import_add_access(struct import *im, struct import_channel *c, struct str account, char rank)
{
	struct import_access *access;
	char *name = count(im) ? clean(im, account) : NULL;

	if (!name)
		return;
	access = mem_alloc(sizeof(*access));
	*access = (struct import_access){name, rank};
	vec_push(&c->access, access);
}

/* Others have MD5 or SHA-1 of certificates, which prove too little. */
void import_add_cert(struct import *im, struct import_account *a, struct str certfp)
{
	char lower[CERTFP_SIZE + 1];

	if (certfp.n != CERTFP_SIZE) {
		import_lose(im, "certificates that are known by another hash than SHA-256");
		return;
	}
	for (size_t i = 0; i < CERTFP_SIZE; i++)
		lower[i] = casemap_fold_char(CASEMAP_ASCII, certfp.p[i]);
	lower[CERTFP_SIZE] = '\0';
	if (strspn(lower, "0123456789abcdef") == CERTFP_SIZE)
		import_add(im, &a->certs, str_of(lower));
	else
		import_lose(im, "certificates that are known by another hash than SHA-256");
}

void import_add_mode(struct import_channel *c, char letter)
{
	size_t n = strlen(c->modes);

	if (n + 1 < sizeof(c->modes) && !strchr(c->modes, letter))
		c->modes[n] = letter;
}

static void set_credential(struct import_account *a, const struct credential *c)
{
	char text[CREDENTIAL_TEXT_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text) - 1);
	credential_write(&b, c);
	text[b.n] = '\0';
	mem_free(a->credentials);
	a->credentials = b.full ? NULL : mem_strdup(text);
	explicit_bzero(text, sizeof(text));
}

bool import_set_keys(struct import_account *a, struct str iterations, struct str salt, struct str stored,
		     struct str server)
{
	char text[4 * CREDENTIAL_TEXT_MAX];
	struct credential c;
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_fmt(&b, "SCRAM-SHA-256$%.*s:%.*s$%.*s:%.*s", STR_ARG(iterations), STR_ARG(salt), STR_ARG(stored),
		STR_ARG(server));
	if (b.full || !credential_parse(&c, buf_view(&b)) || c.iterations < CREDENTIAL_ITERATIONS_MIN)
		return false;
	set_credential(a, &c);
	return a->credentials;
}

void import_set_password(struct import_account *a, struct str password)
{
	struct credential c;

	if (password.n && credential_make(&c, password, PASSWORD_ITERATIONS))
		set_credential(a, &c);
	explicit_bzero(&c, sizeof(c));
}

int64_t import_seconds(struct str text)
{
	unsigned long long n;

	return str_u64(text, INT64_MAX / 1000, &n) ? (int64_t)n * 1000 : 0;
}
