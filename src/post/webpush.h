#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "post/subscription.h"

/*
 * What push services carry: a message that only the device can read (RFC 8291, aes128gcm of RFC 8188), and a token that says
 * who sends it (VAPID, RFC 8292).
 */
struct evp_pkey_st; /* of OpenSSL */

enum { WEBPUSH_TEXT_MAX = 3000, WEBPUSH_BODY_MAX = 3600, WEBPUSH_SALT_SIZE = 16, VAPID_PUBLIC_SIZE = 87 };

/* A point of P-256. */
bool webpush_point_valid(const unsigned char point[PUSH_POINT_SIZE]);

/*
 * Appends the body. How long the text is does not show, where it is shorter than pad bytes, or than a multiple of them; 0: as
 * it is. False: the library failed, or it is too long.
 */
bool webpush_encrypt(struct buf *out, const struct subscription *s, struct str text, size_t pad);
/* The same with a key and a salt that are given, for tests: both are to be used once. */
struct webpush_once {
	struct evp_pkey_st *key;
	unsigned char salt[WEBPUSH_SALT_SIZE];
};
bool webpush_encrypt_with(struct buf *out, const struct subscription *s, struct str text, size_t pad,
			  const struct webpush_once *once);

/* The key of this server, of P-256. */
struct vapid;

struct vapid *vapid_new(void); /* NULL: the library failed */
/* The one of the file "vapid.key" of the state directory, made at need; NULL: no directory, and one of its own. 0 or -errno. */
int vapid_open(struct vapid **out, const char *state);
void vapid_free(struct vapid *v); /* NULL is legal */
const char *vapid_public(const struct vapid *v); /* as clients get it: VAPID_PUBLIC_SIZE letters */

struct vapid_claim {
	struct str origin;  /* of the push service */
	struct str contact; /* mailto: or https: */
	int64_t expires;    /* seconds since 1970 */
};
/* Appends the token. In any thread. */
bool vapid_token(struct buf *out, const struct vapid *v, const struct vapid_claim *claim);
