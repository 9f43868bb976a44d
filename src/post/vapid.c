#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/mem.h"
#include "post/webpush.h"
#include "proto/base64.h"

enum { CLAIMS_MAX = 1600, DER_MAX = 80, HALF = 32 };

struct vapid {
	EVP_PKEY *key;
	char public[VAPID_PUBLIC_SIZE + 1];
};

/* Takes the key over. NULL: it is none of P-256. */
static struct vapid *vapid_of(EVP_PKEY *key)
{
	struct vapid *v = mem_zalloc(sizeof(*v));
	unsigned char point[PUSH_POINT_SIZE];
	struct buf b;
	size_t n = 0;

	v->key = key;
	buf_init(&b, v->public, sizeof(v->public) - 1);
	if (!key || EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n) != 1 ||
	    n != PUSH_POINT_SIZE || !webpush_point_valid(point)) {
		vapid_free(v);
		return NULL;
	}
	base64url_encode(&b, (struct str){(const char *)point, sizeof(point)});
	return v;
}

struct vapid *vapid_new(void)
{
	return vapid_of(EVP_EC_gen("P-256"));
}

void vapid_free(struct vapid *v)
{
	if (!v)
		return;
	EVP_PKEY_free(v->key);
	mem_free(v);
}

const char *vapid_public(const struct vapid *v)
{
	return v->public;
}

/* Under another name first: a crash leaves a whole key or none. */
static int write_key(const struct vapid *v, const char *path)
{
	char fresh[PATH_MAX + 8];
	int fd, err = 0;
	FILE *out;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out)
		return -errno;
	errno = EIO;
	if (PEM_write_PrivateKey(out, v->key, NULL, NULL, 0, NULL, NULL) != 1 || fflush(out) != 0 ||
	    fsync(fileno(out)) != 0)
		err = -errno;
	if (fclose(out) != 0 && err == 0)
		err = -errno;
	return err == 0 && rename(fresh, path) != 0 ? -errno : err;
}

static int read_key(struct vapid **out, const char *path)
{
	FILE *in = fopen(path, "re");

	if (!in)
		return -errno;
	*out = vapid_of(PEM_read_PrivateKey(in, NULL, NULL, NULL));
	fclose(in);
	return *out ? 0 : -EBADMSG;
}

int vapid_open(struct vapid **out, const char *state)
{
	char path[PATH_MAX];
	int err = -ENOENT;

	if (state && snprintf(path, sizeof(path), "%s/vapid.key", state) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (state)
		err = read_key(out, path);
	if (err != -ENOENT)
		return err;
	*out = vapid_new();
	if (!*out)
		return -EIO;
	err = state ? write_key(*out, path) : 0;
	if (err < 0) {
		vapid_free(*out);
		*out = NULL;
	}
	return err;
}

/* The two numbers of the signature, of one size each: RFC 7518, 3.4. */
static bool put_raw(struct buf *out, const unsigned char *der, size_t n)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	unsigned char raw[2 * HALF];
	bool done = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, HALF) == HALF &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + HALF, HALF) == HALF;

	ECDSA_SIG_free(sig);
	if (done)
		base64url_encode(out, (struct str){(const char *)raw, sizeof(raw)});
	return done;
}

static bool sign(struct buf *out, const struct vapid *v, struct str text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char der[DER_MAX];
	size_t n = sizeof(der);
	bool done = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, v->key) == 1 &&
		    EVP_DigestSign(ctx, der, &n, (const unsigned char *)text.p, text.n) == 1;

	EVP_MD_CTX_free(ctx);
	buf_chr(out, '.');
	return done && put_raw(out, der, n);
}

/* What is in the claims comes from addresses and the configuration, which have neither quotes nor backslashes in them. */
bool vapid_token(struct buf *out, const struct vapid *v, const struct vapid_claim *claim)
{
	static const struct str head = STR("{\"typ\":\"JWT\",\"alg\":\"ES256\"}");
	char memory[CLAIMS_MAX];
	struct buf claims;
	size_t start = out->n;

	buf_init(&claims, memory, sizeof(memory));
	buf_fmt(&claims, "{\"aud\":\"%.*s\",\"exp\":%lld,\"sub\":\"%.*s\"}", STR_ARG(claim->origin),
		(long long)claim->expires, STR_ARG(claim->contact));
	base64url_encode(out, head);
	buf_chr(out, '.');
	base64url_encode(out, buf_view(&claims));
	return !claims.full && sign(out, v, (struct str){out->p + start, out->n - start}) && !out->full;
}
