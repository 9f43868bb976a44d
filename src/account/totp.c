#include "account/totp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/buf.h"
#include "proto/base32.h"

enum { COUNTER_SIZE = 8, HASH_SIZE = 20, SECRET_MAX = 64, MODULUS = 1000000 };

void totp_make(char secret[TOTP_SECRET_TEXT + 1])
{
	unsigned char random[TOTP_SECRET_SIZE];
	struct buf b;

	arc4random_buf(random, sizeof(random));
	buf_init(&b, secret, TOTP_SECRET_TEXT);
	base32_encode(&b, (struct str){(const char *)random, sizeof(random)});
	secret[TOTP_SECRET_TEXT] = '\0';
	explicit_bzero(random, sizeof(random));
}

bool totp_is_code(struct str code)
{
	for (size_t i = 0; i < code.n; i++)
		if (code.p[i] < '0' || code.p[i] > '9')
			return false;
	return code.n == TOTP_DIGITS;
}

/* RFC 4226, 5.3 */
static uint32_t truncate_hash(const unsigned char hash[HASH_SIZE])
{
	const unsigned char *p = hash + (hash[HASH_SIZE - 1] & 15);

	return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]) & 0x7fffffff;
}

bool totp_code(char code[TOTP_DIGITS + 1], struct str secret, int64_t step)
{
	unsigned char counter[COUNTER_SIZE], key[SECRET_MAX], hash[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	struct buf b;
	bool good;

	for (int i = 0; i < COUNTER_SIZE; i++)
		counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
	buf_init(&b, key, sizeof(key));
	good = base32_decode(&b, secret) && b.n > 0 &&
	       HMAC(EVP_sha1(), key, (int)b.n, counter, sizeof(counter), hash, &size) && size == HASH_SIZE;
	if (good)
		snprintf(code, TOTP_DIGITS + 1, "%06u", truncate_hash(hash) % MODULUS);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(hash, sizeof(hash));
	return good;
}

int64_t totp_find(struct str secret, struct str code, int64_t now_ms, int64_t last)
{
	int64_t now = now_ms / TOTP_STEP_MS, found = 0;
	char wanted[TOTP_DIGITS + 1];

	if (!totp_is_code(code))
		return 0;
	for (int64_t step = now - 1; step <= now + 1; step++)
		if (totp_code(wanted, secret, step) && CRYPTO_memcmp(wanted, code.p, TOTP_DIGITS) == 0 && step > last)
			found = step;
	explicit_bzero(wanted, sizeof(wanted));
	return found;
}
