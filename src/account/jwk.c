#include "account/jwk.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/buf.h"
#include "proto/base64.h"
#include "proto/json_read.h"

enum { NUMBER_MAX = 1100, TEXT_MAX = 1600, COORDINATE_MAX = 66 };

struct number {
	unsigned char bytes[NUMBER_MAX];
	size_t n;
};

static bool take_number(struct str key, const char *name, struct number *out)
{
	char text[TEXT_MAX];
	struct json_value v;
	struct buf b;

	buf_init(&b, out->bytes, sizeof(out->bytes));
	if (!json_member(key, name, &v) || !json_string(&v, text, sizeof(text)) || !base64url_decode(&b, str_of(text)))
		return false;
	out->n = b.n;
	return b.n > 0;
}

static bool says(struct str key, const char *name, const char *wanted)
{
	struct json_value v;

	return json_member(key, name, &v) && v.kind == JSON_STRING && json_names(&v, wanted);
}

static EVP_PKEY *make(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params && ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return key;
}

static EVP_PKEY *read_rsa(struct str key)
{
	struct number n, e;
	OSSL_PARAM_BLD *build;
	EVP_PKEY *made = NULL;
	BIGNUM *modulus, *exponent;

	if (!take_number(key, "n", &n) || !take_number(key, "e", &e))
		return NULL;
	build = OSSL_PARAM_BLD_new();
	modulus = BN_bin2bn(n.bytes, (int)n.n, NULL);
	exponent = BN_bin2bn(e.bytes, (int)e.n, NULL);
	if (build && modulus && exponent && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
		made = make("RSA", build);
	OSSL_PARAM_BLD_free(build);
	BN_free(modulus);
	BN_free(exponent);
	return made;
}

/* A point without compression: both numbers as long as the field. */
static bool take_point(struct str key, size_t size, struct number *point)
{
	struct number x, y;

	if (!take_number(key, "x", &x) || !take_number(key, "y", &y) || x.n != size || y.n != size)
		return false;
	point->bytes[0] = POINT_CONVERSION_UNCOMPRESSED;
	memcpy(point->bytes + 1, x.bytes, size);
	memcpy(point->bytes + 1 + size, y.bytes, size);
	point->n = 1 + 2 * size;
	return true;
}

static EVP_PKEY *read_curve(struct str key)
{
	static const struct {
		const char *name, *group;
		size_t size;
	} curves[] = {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", COORDINATE_MAX}};
	OSSL_PARAM_BLD *build;
	EVP_PKEY *made = NULL;
	struct number point;
	size_t i = 0;

	while (i < sizeof(curves) / sizeof(curves[0]) && !says(key, "crv", curves[i].name))
		i++;
	if (i == sizeof(curves) / sizeof(curves[0]) || !take_point(key, curves[i].size, &point))
		return NULL;
	build = OSSL_PARAM_BLD_new();
	if (build &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.bytes, point.n) == 1)
		made = make("EC", build);
	OSSL_PARAM_BLD_free(build);
	return made;
}

static EVP_PKEY *read_ed25519(struct str key)
{
	struct number x;

	if (!says(key, "crv", "Ed25519") || !take_number(key, "x", &x))
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x.bytes, x.n);
}

/* One that is for something else than signatures is not for us. */
static EVP_PKEY *read_key(struct str key)
{
	struct json_value v;

	if (json_member(key, "use", &v) && !says(key, "use", "sig"))
		return NULL;
	if (says(key, "kty", "RSA"))
		return read_rsa(key);
	if (says(key, "kty", "EC"))
		return read_curve(key);
	return says(key, "kty", "OKP") ? read_ed25519(key) : NULL;
}

EVP_PKEY *jwk_read(struct str json, const char *kid)
{
	struct json_value keys, v;
	EVP_PKEY *key = NULL;

	if (!json_object_valid(json))
		return NULL;
	if (!json_member(json, "keys", &keys))
		return !json_member(json, "kid", &v) || says(json, "kid", kid) ? read_key(json) : NULL;
	for (size_t i = 0; !key && json_nth(&keys, i, &v); i++)
		if (v.kind == JSON_OBJECT && says(v.text, "kid", kid))
			key = read_key(v.text);
	return key;
}
