#include "account/jwt.h"

#include <string.h>

#include "account/jwt_algorithm.h"
#include "base/buf.h"
#include "base/mem.h"
#include "proto/base64.h"
#include "proto/json_read.h"

enum { HEADER_MAX = 1024, SIGNATURE_MAX = 2048, NAME_MAX_BYTES = 32 };

void jwt_policy_init(struct jwt_policy *p)
{
	*p = (struct jwt_policy){.claim = mem_strdup("sub"), .leeway_ms = 60 * 1000};
}

void jwt_policy_deinit(struct jwt_policy *p)
{
	for (size_t i = 0; i < p->count; i++) {
		mem_free(p->keys[i].kid);
		jwt_key_drop(&p->keys[i]);
	}
	mem_free(p->keys);
	mem_free(p->issuer);
	mem_free(p->audience);
	mem_free(p->claim);
	*p = (struct jwt_policy){0};
}

void jwt_policy_copy(struct jwt_policy *dst, const struct jwt_policy *src)
{
	*dst = *src;
	dst->keys = mem_zalloc((src->count ? src->count : 1) * sizeof(*dst->keys));
	for (size_t i = 0; i < src->count; i++) {
		dst->keys[i] = src->keys[i];
		dst->keys[i].kid = mem_strdup(src->keys[i].kid);
		jwt_key_share(&dst->keys[i]);
	}
	dst->issuer = mem_strdup(src->issuer);
	dst->audience = mem_strdup(src->audience);
	dst->claim = mem_strdup(src->claim);
}

const char *jwt_words(enum jwt_result result)
{
	static const char *const words[] = {
		[JWT_GOOD] = "the token is good",
		[JWT_MALFORMED] = "the token is none that can be read",
		[JWT_NO_KEY] = "the token names no key that is configured for its algorithm",
		[JWT_FORGED] = "the token was not signed with the key that it names",
		[JWT_EXPIRED] = "the token has expired, or says not when it does",
		[JWT_EARLY] = "the token is not valid yet",
		[JWT_ISSUER] = "the token is from another issuer",
		[JWT_AUDIENCE] = "the token is for somebody else",
		[JWT_NOBODY] = "the token names no account",
	};

	return words[result];
}

/* A token in its parts, as they stand there. */
struct parts {
	struct str header, claims, signature;
	struct str text; /* that was signed */
};

static bool take_apart(struct str token, struct parts *p)
{
	struct str rest = token;

	if (!token.n || token.n > JWT_TOKEN_MAX)
		return false;
	if (!str_split(&rest, '.', &p->header) || !str_split(&rest, '.', &p->claims) || !rest.n)
		return false;
	p->signature = rest;
	p->text = (struct str){token.p, token.n - rest.n - 1};
	return p->header.n && p->claims.n && !memchr(rest.p, '.', rest.n);
}

bool jwt_has_form(struct str token)
{
	struct parts p;

	return take_apart(token, &p);
}

/* A part that is an object. */
static bool read_object(struct buf *out, struct str part)
{
	return base64url_decode(out, part) && json_object_valid(buf_view(out));
}

static bool is_critical(struct str header)
{
	struct json_value v;

	return json_member(header, "crit", &v);
}

/* Those that say which key want that one, and those that do not are tried with all of their algorithm. */
static bool may_be(const struct jwt_key *k, const char *algorithm, const char *kid)
{
	return strcmp(jwt_algorithm_name(k->algorithm), algorithm) == 0 && (!kid || strcmp(k->kid, kid) == 0);
}

static enum jwt_result check_signature(const struct jwt_policy *p, const struct parts *parts, struct str header)
{
	char algorithm[NAME_MAX_BYTES], kid[JWT_KID_MAX + 1], memory[SIGNATURE_MAX];
	enum jwt_result result = JWT_NO_KEY;
	struct buf signature;
	struct json_value v;
	bool named;

	if (is_critical(header) || !json_member(header, "alg", &v) || !json_string(&v, algorithm, sizeof(algorithm)))
		return JWT_MALFORMED;
	named = json_member(header, "kid", &v);
	if (named && !json_string(&v, kid, sizeof(kid)))
		return JWT_MALFORMED;
	buf_init(&signature, memory, sizeof(memory));
	if (!base64url_decode(&signature, parts->signature))
		return JWT_MALFORMED;
	for (size_t i = 0; i < p->count && result != JWT_GOOD; i++) {
		if (may_be(&p->keys[i], algorithm, named ? kid : NULL))
			result = jwt_key_signed(&p->keys[i], parts->text, buf_view(&signature)) ? JWT_GOOD : JWT_FORGED;
	}
	return result;
}

/* An end is a must: a token that somebody lost would be a password for good. */
static enum jwt_result check_time(const struct jwt_policy *p, struct str claims, int64_t now)
{
	int64_t leeway = p->leeway_ms / 1000, end, begin;
	struct json_value v;

	if (!json_member(claims, "exp", &v) || !json_integer(&v, &end) || now >= end + leeway)
		return JWT_EXPIRED;
	if (!json_member(claims, "nbf", &v))
		return JWT_GOOD;
	return json_integer(&v, &begin) && now + leeway >= begin ? JWT_GOOD : JWT_EARLY;
}

static enum jwt_result check_claims(const struct jwt_policy *p, struct str claims, int64_t now,
				    char account[JWT_ACCOUNT_MAX])
{
	enum jwt_result result = check_time(p, claims, now);
	struct json_value v;

	if (result != JWT_GOOD)
		return result;
	if (!json_member(claims, "iss", &v) || v.kind != JSON_STRING || !json_names(&v, p->issuer))
		return JWT_ISSUER;
	if (!json_member(claims, "aud", &v) || !json_names(&v, p->audience))
		return JWT_AUDIENCE;
	if (!json_member(claims, p->claim, &v) || !json_string(&v, account, JWT_ACCOUNT_MAX) || !account[0])
		return JWT_NOBODY;
	return JWT_GOOD;
}

enum jwt_result jwt_check(const struct jwt_policy *p, struct str token, int64_t now, char account[JWT_ACCOUNT_MAX])
{
	char header_memory[HEADER_MAX], memory[JWT_TOKEN_MAX];
	struct buf header, claims;
	enum jwt_result result;
	struct parts parts;

	account[0] = '\0';
	buf_init(&header, header_memory, sizeof(header_memory));
	buf_init(&claims, memory, sizeof(memory));
	if (!take_apart(token, &parts) || !read_object(&header, parts.header))
		return JWT_MALFORMED;
	result = check_signature(p, &parts, buf_view(&header));
	/* What nobody signed is not looked at. */
	if (result == JWT_GOOD)
		result = read_object(&claims, parts.claims) ? check_claims(p, buf_view(&claims), now, account)
							    : JWT_MALFORMED;
	if (result != JWT_GOOD)
		account[0] = '\0';
	explicit_bzero(memory, claims.n);
	return result;
}
