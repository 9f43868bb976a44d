#include "session/password.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/str.h"

enum {
	SALT_BYTES = 16,
	HASH_BYTES = 32,
	SALT_TEXT = (SALT_BYTES + 2) / 3 * 4 + 1,
	HASH_TEXT = (HASH_BYTES + 2) / 3 * 4 + 1,
	DECODED_MAX = 64,
	LOG_N = 15,
	LOG_N_MAX = 20, /* with R_MAX a gigabyte: more is a mistake of whoever wrote the file */
	R = 8,
	R_MAX = 8,
	P = 1,
	P_MAX = 4,
};

static const char prefix[] = "$scrypt$";

struct parsed {
	unsigned long long log_n, r, p;
	unsigned char salt[DECODED_MAX], hash[DECODED_MAX];
	size_t nsalt, nhash;
};

static int digit_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Base64 without padding. 0: it is none, or does not fit. */
static size_t decode(struct str text, unsigned char out[DECODED_MAX])
{
	uint32_t bits = 0;
	size_t n = 0;
	int have = 0;

	for (size_t i = 0; i < text.n; i++) {
		int digit = digit_of(text.p[i]);

		if (digit < 0)
			return 0;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (n == DECODED_MAX)
			return 0;
		out[n++] = (unsigned char)(bits >> have & 0xff);
	}
	return n;
}

/* "ln=15", with that name in front. */
static bool take_number(struct str *rest, struct str name, unsigned long long max, unsigned long long *out)
{
	struct str item;

	if (!str_split(rest, ',', &item) || !str_starts(item, name))
		return false;
	item.p += name.n;
	item.n -= name.n;
	return str_u64(item, max, out) && *out > 0;
}

static bool parse(struct parsed *p, const char *stored)
{
	struct str rest = str_of(stored), numbers, salt, hash;

	if (!str_starts(rest, STR("$scrypt$")) || rest.n >= PASSWORD_STORED_MAX)
		return false;
	rest.p += sizeof(prefix) - 1;
	rest.n -= sizeof(prefix) - 1;
	if (!str_split(&rest, '$', &numbers) || !str_split(&rest, '$', &salt) || !str_split(&rest, '$', &hash) ||
	    rest.n)
		return false;
	if (!take_number(&numbers, STR("ln="), LOG_N_MAX, &p->log_n) ||
	    !take_number(&numbers, STR("r="), R_MAX, &p->r) || !take_number(&numbers, STR("p="), P_MAX, &p->p) ||
	    numbers.n)
		return false;
	p->nsalt = decode(salt, p->salt);
	p->nhash = decode(hash, p->hash);
	return p->nsalt >= 8 && p->nhash >= 16;
}

bool password_is_hashed(const char *stored)
{
	const char *end = stored[0] == '$' ? strchr(stored + 1, '$') : NULL;

	return end && end > stored + 1;
}

bool password_is_sound(const char *stored)
{
	struct parsed p;

	return parse(&p, stored);
}

static bool derive_in(EVP_KDF_CTX *ctx, const struct parsed *p, const char *given, unsigned char *out, size_t n)
{
	uint64_t cost = 1ull << p->log_n;
	uint32_t r = (uint32_t)p->r, lanes = (uint32_t)p->p;
	/* What it takes, and something for the library. */
	uint64_t memory = 128 * cost * r + 128ull * r * lanes + (1 << 20);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)given, strlen(given)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)p->salt, p->nsalt),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &cost),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &lanes),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
		OSSL_PARAM_construct_end(),
	};

	return EVP_KDF_derive(ctx, out, n, params) == 1;
}

static bool derive(const struct parsed *p, const char *given, unsigned char *out, size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool done = ctx && derive_in(ctx, p, given, out, n);

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return done;
}

/* Base64 as it is stored; out has room for it. */
static void encode(char *out, const unsigned char *bytes, size_t n)
{
	int len = EVP_EncodeBlock((unsigned char *)out, bytes, (int)n);

	while (len > 0 && out[len - 1] == '=')
		len--;
	out[len] = '\0';
}

int password_hash(const char *given, char stored[PASSWORD_STORED_MAX])
{
	struct parsed p = {.log_n = LOG_N, .r = R, .p = P, .nsalt = SALT_BYTES};
	char salt[SALT_TEXT], text[HASH_TEXT];
	unsigned char hash[HASH_BYTES];

	arc4random_buf(p.salt, SALT_BYTES);
	if (!derive(&p, given, hash, sizeof(hash)))
		return -ENOMEM;
	encode(salt, p.salt, SALT_BYTES);
	encode(text, hash, sizeof(hash));
	snprintf(stored, PASSWORD_STORED_MAX, "%sln=%d,r=%d,p=%d$%s$%s", prefix, LOG_N, R, P, salt, text);
	return 0;
}

bool password_verify(const char *stored, const char *given)
{
	unsigned char hash[DECODED_MAX];
	struct parsed p;
	bool same;

	if (!parse(&p, stored) || strlen(given) > PASSWORD_GIVEN_MAX)
		return false;
	same = derive(&p, given, hash, p.nhash) && CRYPTO_memcmp(hash, p.hash, p.nhash) == 0;
	explicit_bzero(hash, sizeof(hash));
	return same;
}

/* The stored form goes in too: after it was changed nothing is remembered. */
static bool digest(const struct password_memory *m, const char *stored, const char *given, unsigned char out[32])
{
	char text[PASSWORD_STORED_MAX + PASSWORD_GIVEN_MAX + 2];
	int n = snprintf(text, sizeof(text), "%s%c%s", stored, '\n', given);
	unsigned int size = 32;
	bool done;

	if (n < 0 || (size_t)n >= sizeof(text))
		return false;
	done = HMAC(EVP_sha256(), m->key, sizeof(m->key), (const unsigned char *)text, (size_t)n, out, &size);
	explicit_bzero(text, sizeof(text));
	return done;
}

void password_remember(struct password_memory *m, const char *stored, const char *given)
{
	arc4random_buf(m->key, sizeof(m->key));
	m->set = digest(m, stored, given, m->digest);
}

bool password_remembered(const struct password_memory *m, const char *stored, const char *given)
{
	unsigned char now[32];

	return m->set && digest(m, stored, given, now) && CRYPTO_memcmp(now, m->digest, sizeof(now)) == 0;
}
