#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Tokens in which somebody else says, and has signed, who it is: RFC 7519, in the compact form of RFC 7515. Each key is
 * for one algorithm, and what a token says of its own is only compared with it, so neither "none" nor a public key that
 * is taken for a secret opens anything (RFC 8725, 3.1).
 */
struct evp_pkey_st;
struct jwt_algorithm;

enum {
	JWT_TOKEN_MAX = 8192,
	JWT_KEYS_MAX = 16,
	JWT_KID_MAX = 128,
	JWT_ACCOUNT_MAX = 128,
	JWT_FILE_MAX = 64 * 1024,
};

struct jwt_key {
	char *kid; /* what a token calls it */
	const struct jwt_algorithm *algorithm;
	struct evp_pkey_st *key; /* NULL: none */
	bool secret;             /* it is shared, and not the public half of one */
};

/* As the configuration says. No keys: no tokens. */
struct jwt_policy {
	struct jwt_key *keys;
	size_t count;
	char *issuer, *audience; /* that a token must name */
	char *claim;             /* that names the account */
	int64_t leeway_ms;       /* by which clocks may differ */
};

void jwt_policy_init(struct jwt_policy *p);
void jwt_policy_deinit(struct jwt_policy *p);
/* For a thread: shares nothing that changes. */
void jwt_policy_copy(struct jwt_policy *dst, const struct jwt_policy *src);

/* RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, HS256, HS384, HS512; NULL: none of these. */
const struct jwt_algorithm *jwt_algorithm_find(const char *name);

/* In place of what the key had: a public key or a certificate in PEM, or jwk.h's; a secret. False: it is none. */
bool jwt_key_set_public(struct jwt_key *k, struct str text);
bool jwt_key_set_secret(struct jwt_key *k, struct str secret);
/* NULL: it can be used; or what is wrong with it. */
const char *jwt_key_fault(const struct jwt_key *k);

enum jwt_result {
	JWT_GOOD,
	JWT_MALFORMED,
	JWT_NO_KEY,
	JWT_FORGED,
	JWT_EXPIRED,
	JWT_EARLY,
	JWT_ISSUER,
	JWT_AUDIENCE,
	JWT_NOBODY, /* the claim that names the account is not there */
};
const char *jwt_words(enum jwt_result result); /* for the log: "the token ..." */

/* Three parts with dots between them, whatever is in them. */
bool jwt_has_form(struct str token);

/* account: whom it names. now: s since 1970. Slow enough for a thread, and safe in one. */
enum jwt_result jwt_check(const struct jwt_policy *p, struct str token, int64_t now, char account[JWT_ACCOUNT_MAX]);
