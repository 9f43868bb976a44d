#include "account/jwt_algorithm.h"

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "account/jwk.h"
#include "account/jwt.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192, GROUP_MAX = 80 };

enum family { RSA_PKCS1, RSA_PSS, ECDSA, EDDSA, HMAC_SHA };

struct jwt_algorithm {
	const char *name;
	enum family family;
	const EVP_MD *(*hash)(void); /* NULL: it brings its own */
	const char *curve;           /* ECDSA */
	int half;                    /* ECDSA: bytes of each of the two numbers; HMAC: of the shortest secret */
};

static const struct jwt_algorithm algorithms[] = {
	{"RS256", RSA_PKCS1, EVP_sha256, NULL, 0},
	{"RS384", RSA_PKCS1, EVP_sha384, NULL, 0},
	{"RS512", RSA_PKCS1, EVP_sha512, NULL, 0},
	{"PS256", RSA_PSS, EVP_sha256, NULL, 0},
	{"PS384", RSA_PSS, EVP_sha384, NULL, 0},
	{"PS512", RSA_PSS, EVP_sha512, NULL, 0},
	{"ES256", ECDSA, EVP_sha256, "prime256v1", 32},
	{"ES384", ECDSA, EVP_sha384, "secp384r1", 48},
	{"ES512", ECDSA, EVP_sha512, "secp521r1", 66},
	{"EdDSA", EDDSA, NULL, NULL, 0},
	{"HS256", HMAC_SHA, EVP_sha256, NULL, 32},
	{"HS384", HMAC_SHA, EVP_sha384, NULL, 48},
	{"HS512", HMAC_SHA, EVP_sha512, NULL, 64},
};

const struct jwt_algorithm *jwt_algorithm_find(const char *name)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return &algorithms[i];
	return NULL;
}

const char *jwt_algorithm_name(const struct jwt_algorithm *a)
{
	return a->name;
}

void jwt_key_share(struct jwt_key *k)
{
	if (k->key)
		EVP_PKEY_up_ref(k->key);
}

void jwt_key_drop(struct jwt_key *k)
{
	EVP_PKEY_free(k->key);
	k->key = NULL;
}

static EVP_PKEY *key_of_certificate(BIO *bio)
{
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	EVP_PKEY *key = certificate ? X509_get_pubkey(certificate) : NULL;

	X509_free(certificate);
	return key;
}

static EVP_PKEY *key_of_pem(struct str pem)
{
	BIO *bio = pem.n && pem.n <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	EVP_PKEY *key;

	if (!bio)
		return NULL;
	key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	if (!key && BIO_reset(bio) == 1)
		key = key_of_certificate(bio);
	BIO_free(bio);
	return key;
}

bool jwt_key_set_public(struct jwt_key *k, struct str text)
{
	struct str start = str_trim(text, " \t\r\n");

	jwt_key_drop(k);
	k->secret = false;
	k->key = str_starts(start, STR("{")) ? jwk_read(text, k->kid) : key_of_pem(text);
	ERR_clear_error();
	return k->key;
}

bool jwt_key_set_secret(struct jwt_key *k, struct str secret)
{
	jwt_key_drop(k);
	k->secret = true;
	if (secret.n)
		k->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, (const unsigned char *)secret.p, secret.n);
	return k->key;
}

static const char *rsa_fault(const struct jwt_key *k)
{
	int bits = EVP_PKEY_get_bits(k->key);

	if (!EVP_PKEY_is_a(k->key, "RSA") && !(k->algorithm->family == RSA_PSS && EVP_PKEY_is_a(k->key, "RSA-PSS")))
		return "the key is not one of RSA";
	return bits < RSA_BITS_MIN || bits > RSA_BITS_MAX ? "the key has not from 2048 to 8192 bits" : NULL;
}

static const char *curve_fault(const struct jwt_key *k)
{
	char group[GROUP_MAX] = "";

	if (!EVP_PKEY_is_a(k->key, "EC") || EVP_PKEY_get_group_name(k->key, group, sizeof(group), NULL) != 1 ||
	    strcmp(group, k->algorithm->curve) != 0)
		return "the key is not one of the curve of this algorithm";
	return NULL;
}

static const char *secret_fault(const struct jwt_key *k)
{
	size_t size = 0;

	if (EVP_PKEY_get_raw_private_key(k->key, NULL, &size) != 1 || size < (size_t)k->algorithm->half)
		return "the secret is shorter than the hash of this algorithm";
	return NULL;
}

const char *jwt_key_fault(const struct jwt_key *k)
{
	if (!k->algorithm)
		return "it names no algorithm";
	if (k->algorithm->family == HMAC_SHA && !(k->key && k->secret))
		return "this algorithm wants a secret_file";
	if (k->algorithm->family != HMAC_SHA && (!k->key || k->secret))
		return "this algorithm wants a public_key";
	switch (k->algorithm->family) {
	case RSA_PKCS1:
	case RSA_PSS:
		return rsa_fault(k);
	case ECDSA:
		return curve_fault(k);
	case EDDSA:
		return EVP_PKEY_is_a(k->key, "ED25519") ? NULL : "the key is not one of Ed25519";
	default:
		return secret_fault(k);
	}
}

/* Signatures */

static bool is_hmac(const struct jwt_key *k, struct str text, struct str signature)
{
	unsigned char made[EVP_MAX_MD_SIZE];
	size_t size = sizeof(made);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool same = ctx && EVP_DigestSignInit(ctx, NULL, k->algorithm->hash(), NULL, k->key) == 1 &&
		    EVP_DigestSign(ctx, made, &size, (const unsigned char *)text.p, text.n) == 1 &&
		    size == signature.n && CRYPTO_memcmp(made, signature.p, size) == 0;

	EVP_MD_CTX_free(ctx);
	explicit_bzero(made, sizeof(made));
	return same;
}

static bool set_padding(EVP_PKEY_CTX *ctx)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool verify(const struct jwt_key *k, struct str text, const unsigned char *signature, size_t size)
{
	const struct jwt_algorithm *a = k->algorithm;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key = NULL;
	bool good = ctx && EVP_DigestVerifyInit(ctx, &key, a->hash ? a->hash() : NULL, NULL, k->key) == 1 &&
		    (a->family != RSA_PSS || set_padding(key)) &&
		    EVP_DigestVerify(ctx, signature, size, (const unsigned char *)text.p, text.n) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

/* Two numbers side by side, of which OpenSSL wants a structure. */
static bool verify_curve(const struct jwt_key *k, struct str text, struct str signature)
{
	int half = k->algorithm->half;
	const unsigned char *p = (const unsigned char *)signature.p;
	unsigned char *der = NULL;
	ECDSA_SIG *both;
	BIGNUM *r, *s;
	bool good;
	int size;

	if (signature.n != 2 * (size_t)half)
		return false;
	both = ECDSA_SIG_new();
	r = BN_bin2bn(p, half, NULL);
	s = BN_bin2bn(p + half, half, NULL);
	if (!both || !r || !s || ECDSA_SIG_set0(both, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(both);
		return false;
	}
	size = i2d_ECDSA_SIG(both, &der);
	good = size > 0 && verify(k, text, der, (size_t)size);
	OPENSSL_free(der);
	ECDSA_SIG_free(both);
	return good;
}

bool jwt_key_signed(const struct jwt_key *k, struct str text, struct str signature)
{
	bool good;

	if (k->algorithm->family == HMAC_SHA)
		good = is_hmac(k, text, signature);
	else if (k->algorithm->family == ECDSA)
		good = verify_curve(k, text, signature);
	else
		good = verify(k, text, (const unsigned char *)signature.p, signature.n);
	ERR_clear_error();
	return good;
}
