#include "account/credential.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "proto/base64.h"

enum { SALT_SIZE = 16 };

static const struct str scheme = STR("SCRAM-SHA-256$");

bool credential_mac(unsigned char out[CREDENTIAL_KEY_SIZE], struct str key, struct str data)
{
	unsigned size = 0;

	return HMAC(EVP_sha256(), key.n ? key.p : "", (int)key.n, (const unsigned char *)(data.n ? data.p : ""), data.n,
		    out, &size) &&
	       size == CREDENTIAL_KEY_SIZE;
}

bool credential_hmac(unsigned char out[CREDENTIAL_KEY_SIZE], const unsigned char key[CREDENTIAL_KEY_SIZE],
		     struct str data)
{
	return credential_mac(out, (struct str){(const char *)key, CREDENTIAL_KEY_SIZE}, data);
}

bool credential_hash(unsigned char out[CREDENTIAL_KEY_SIZE], struct str data)
{
	unsigned size = 0;

	return EVP_Digest(data.p, data.n, out, &size, EVP_sha256(), NULL) == 1 && size == CREDENTIAL_KEY_SIZE;
}

bool credential_same(const unsigned char a[CREDENTIAL_KEY_SIZE], const unsigned char b[CREDENTIAL_KEY_SIZE])
{
	return CRYPTO_memcmp(a, b, CREDENTIAL_KEY_SIZE) == 0;
}

static struct str key_view(const unsigned char key[CREDENTIAL_KEY_SIZE])
{
	return (struct str){(const char *)key, CREDENTIAL_KEY_SIZE};
}

/* Both keys of the password under the salt and iterations of c. */
static bool derive(struct credential *c, struct str password)
{
	unsigned char salted[CREDENTIAL_KEY_SIZE], client[CREDENTIAL_KEY_SIZE];
	bool ok = password.n <= INT_MAX &&
		  PKCS5_PBKDF2_HMAC(password.n ? password.p : "", (int)password.n, c->salt, (int)c->salt_size,
				    (int)c->iterations, EVP_sha256(), CREDENTIAL_KEY_SIZE, salted) == 1;

	ok = ok && credential_hmac(client, salted, STR("Client Key")) &&
	     credential_hmac(c->server, salted, STR("Server Key")) && credential_hash(c->stored, key_view(client));
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(client, sizeof(client));
	return ok;
}

bool credential_make(struct credential *c, struct str password, uint32_t iterations)
{
	*c = (struct credential){.iterations = iterations, .salt_size = SALT_SIZE};
	arc4random_buf(c->salt, SALT_SIZE);
	return derive(c, password);
}

bool credential_check(const struct credential *c, struct str password)
{
	struct credential tried = *c;
	bool same = derive(&tried, password) && credential_same(tried.stored, c->stored);

	explicit_bzero(&tried, sizeof(tried));
	return same;
}

void credential_fake(struct credential *c, const unsigned char secret[CREDENTIAL_KEY_SIZE], struct str name,
		     uint32_t iterations)
{
	unsigned char bytes[CREDENTIAL_KEY_SIZE];

	*c = (struct credential){.iterations = iterations, .salt_size = SALT_SIZE};
	credential_hmac(bytes, secret, name);
	memcpy(c->salt, bytes, SALT_SIZE);
	arc4random_buf(c->stored, sizeof(c->stored));
	arc4random_buf(c->server, sizeof(c->server));
}

void credential_write(struct buf *out, const struct credential *c)
{
	buf_str(out, scheme);
	buf_u64(out, c->iterations);
	buf_chr(out, ':');
	base64_encode(out, (struct str){(const char *)c->salt, c->salt_size});
	buf_chr(out, '$');
	base64_encode(out, key_view(c->stored));
	buf_chr(out, ':');
	base64_encode(out, key_view(c->server));
}

/* False unless it is at most, or exactly, size bytes. */
static size_t take_bytes(unsigned char *at, size_t size, struct str text)
{
	struct buf b;

	buf_init(&b, at, size);
	return base64_decode(&b, text) ? b.n : 0;
}

static bool parse_one(struct credential *c, struct str text)
{
	struct str iterations, salt, stored;
	unsigned long long n;

	if (!str_starts(text, scheme))
		return false;
	text = (struct str){text.p + scheme.n, text.n - scheme.n};
	if (!str_split(&text, ':', &iterations) || !str_split(&text, '$', &salt) || !str_split(&text, ':', &stored))
		return false;
	if (!str_u64(iterations, CREDENTIAL_ITERATIONS_MAX, &n) || n == 0)
		return false;
	c->iterations = (uint32_t)n;
	c->salt_size = take_bytes(c->salt, sizeof(c->salt), salt);
	return c->salt_size && take_bytes(c->stored, sizeof(c->stored), stored) == sizeof(c->stored) &&
	       take_bytes(c->server, sizeof(c->server), text) == sizeof(c->server);
}

bool credential_parse(struct credential *c, struct str text)
{
	struct str one;

	while (str_split(&text, ' ', &one)) {
		*c = (struct credential){0};
		if (parse_one(c, one))
			return true;
	}
	return false;
}
