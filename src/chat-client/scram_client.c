#include "chat-client/scram_client.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base64.h"

enum { HASH = 32, SALT_MAX = 128, ROUNDS_MIN = 4096, ROUNDS_MAX = 1000000, AUTH_MAX = 1200 };

static bool hmac(const unsigned char *key, struct str text, unsigned char out[HASH])
{
	return HMAC(EVP_sha256(), key, HASH, (const unsigned char *)text.p, text.n, out, NULL) != NULL;
}

/* A name as SCRAM writes it. */
static void add_name(struct buf *b, const char *name)
{
	for (; *name; name++) {
		if (*name == ',')
			buf_cstr(b, "=2C");
		else if (*name == '=')
			buf_cstr(b, "=3D");
		else
			buf_chr(b, *name);
	}
}

void scram_client_bind(struct scram_client *s, const char *name, struct str data)
{
	if (name)
		snprintf(s->header, sizeof(s->header), "p=%s,,", name);
	else
		strcpy(s->header, "y,,");
	s->nbinding = data.n < sizeof(s->binding) ? data.n : sizeof(s->binding);
	memcpy(s->binding, s->nbinding ? data.p : "", s->nbinding);
}

static const char *header_of(const struct scram_client *s)
{
	return s->header[0] ? s->header : "n,,";
}

/* "c=" with the header and what it is bound to, and the nonce of both. */
static void add_binding(const struct scram_client *s, struct str nonce, struct buf *out)
{
	char memory[sizeof(s->header) + sizeof(s->binding)];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	buf_cstr(&b, header_of(s));
	buf_add(&b, s->binding, s->nbinding);
	buf_cstr(out, "c=");
	base64_encode(out, buf_view(&b));
	buf_fmt(out, ",r=%.*s", STR_ARG(nonce));
}

bool scram_client_first(struct scram_client *s, const char *name, const char *nonce, struct buf *out)
{
	unsigned char random[18];
	struct buf b;

	buf_init(&b, s->nonce, sizeof(s->nonce) - 1);
	if (nonce) {
		buf_cstr(&b, nonce);
	} else {
		arc4random_buf(random, sizeof(random));
		base64_encode(&b, (struct str){(const char *)random, sizeof(random)});
	}
	s->nonce[b.n] = '\0';
	buf_init(&b, s->bare, sizeof(s->bare) - 1);
	buf_cstr(&b, "n=");
	add_name(&b, name);
	buf_fmt(&b, ",r=%s", s->nonce);
	s->bare[b.n] = '\0';
	buf_fmt(out, "%s%s", header_of(s), s->bare);
	return !b.full && !out->full;
}

/* The value of the next attribute, which must be that letter's. */
static bool take(struct str *rest, char letter, struct str *value)
{
	struct str part;

	if (!str_split(rest, ',', &part) || part.n < 3 || part.p[0] != letter || part.p[1] != '=')
		return false;
	*value = (struct str){part.p + 2, part.n - 2};
	return true;
}

static bool salt_password(const char *password, struct str salt, unsigned long long rounds, unsigned char out[HASH])
{
	char memory[SALT_MAX];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	return base64_decode(&b, salt) && b.n &&
	       PKCS5_PBKDF2_HMAC(password, (int)strlen(password), (const unsigned char *)memory, (int)b.n, (int)rounds,
				 EVP_sha256(), HASH, out) == 1;
}

static bool prove(struct scram_client *s, const unsigned char salted[HASH], struct str auth, unsigned char proof[HASH])
{
	unsigned char key[HASH], stored[HASH], signature[HASH];
	bool good = hmac(salted, STR("Client Key"), key) && SHA256(key, HASH, stored) &&
		    hmac(stored, auth, signature) && hmac(salted, STR("Server Key"), s->server_key) &&
		    hmac(s->server_key, auth, s->server_signature);

	for (int i = 0; good && i < HASH; i++)
		proof[i] = key[i] ^ signature[i];
	OPENSSL_cleanse(key, sizeof(key));
	return good;
}

bool scram_client_final(struct scram_client *s, const char *password, struct str server_first, struct buf *out)
{
	struct str rest = server_first, nonce, salt, count;
	unsigned char salted[HASH], proof[HASH];
	unsigned long long rounds;
	char auth[AUTH_MAX];
	struct buf b;
	bool good;

	if (!take(&rest, 'r', &nonce) || !take(&rest, 's', &salt) || !take(&rest, 'i', &count) ||
	    !str_u64(count, ROUNDS_MAX, &rounds) || rounds < ROUNDS_MIN || !str_starts(nonce, str_of(s->nonce)) ||
	    /* There is one since the first message: NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
	    nonce.n == strlen(s->nonce))
		return false;
	buf_init(&b, auth, sizeof(auth));
	buf_fmt(&b, "%s,%.*s,", s->bare, STR_ARG(server_first));
	add_binding(s, nonce, &b);
	good = !b.full && salt_password(password, salt, rounds, salted) && prove(s, salted, buf_view(&b), proof);
	OPENSSL_cleanse(salted, sizeof(salted));
	if (!good)
		return false;
	add_binding(s, nonce, out);
	buf_cstr(out, ",p=");
	base64_encode(out, (struct str){(const char *)proof, HASH});
	return !out->full;
}

bool scram_client_verify(const struct scram_client *s, struct str server_final)
{
	unsigned char memory[64];
	struct str value;
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	return take(&server_final, 'v', &value) && base64_decode(&b, value) && b.n == HASH &&
	       CRYPTO_memcmp(memory, s->server_signature, HASH) == 0;
}
