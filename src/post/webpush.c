#include "post/webpush.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "account/credential.h"

enum { RECORD_SIZE = 4096, SECRET_SIZE = 32, CEK_SIZE = 16, NONCE_SIZE = 12, TAG_SIZE = 16, HEAD_SIZE = 16 + 4 + 1 + 65 };

static EVP_PKEY *point_key(const unsigned char point[PUSH_POINT_SIZE])
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){"prime256v1"}, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point, PUSH_POINT_SIZE),
		OSSL_PARAM_END,
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

bool webpush_point_valid(const unsigned char point[PUSH_POINT_SIZE])
{
	EVP_PKEY *key = point[0] == 4 ? point_key(point) : NULL;
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	bool valid = ctx && EVP_PKEY_public_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return valid;
}

static bool agree(unsigned char secret[SECRET_SIZE], EVP_PKEY *own, EVP_PKEY *theirs)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	size_t size = SECRET_SIZE;
	bool agreed = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
		      EVP_PKEY_derive(ctx, secret, &size) == 1 && size == SECRET_SIZE;

	EVP_PKEY_CTX_free(ctx);
	return agreed;
}

static struct str view(const unsigned char *p, size_t n)
{
	return (struct str){(const char *)p, n};
}

struct keys {
	unsigned char cek[CREDENTIAL_KEY_SIZE], nonce[CREDENTIAL_KEY_SIZE]; /* the fronts of these */
	unsigned char point[PUSH_POINT_SIZE];                               /* of the sender */
};

/* RFC 8291, 3.4. Each key is one block of HKDF, so that a keyed hash is all that is wanted. */
static bool derive(struct keys *k, const struct subscription *s, const struct webpush_once *once)
{
	static const char cek_info[] = "Content-Encoding: aes128gcm\0\1", nonce_info[] = "Content-Encoding: nonce\0\1";
	unsigned char secret[SECRET_SIZE], prk[CREDENTIAL_KEY_SIZE], ikm[CREDENTIAL_KEY_SIZE];
	EVP_PKEY *theirs = point_key(s->point);
	char memory[160];
	struct buf info;
	size_t n = 0;
	bool done;

	buf_init(&info, memory, sizeof(memory));
	done = theirs && agree(secret, once->key, theirs) &&
	       EVP_PKEY_get_octet_string_param(once->key, OSSL_PKEY_PARAM_PUB_KEY, k->point, sizeof(k->point), &n) ==
		       1 &&
	       n == PUSH_POINT_SIZE;
	buf_add(&info, "WebPush: info", sizeof("WebPush: info"));
	buf_add(&info, s->point, sizeof(s->point));
	buf_add(&info, k->point, sizeof(k->point));
	buf_chr(&info, '\1');
	done = done && credential_mac(prk, view(s->auth, sizeof(s->auth)), view(secret, sizeof(secret))) &&
	       credential_mac(ikm, view(prk, sizeof(prk)), buf_view(&info)) &&
	       credential_mac(prk, view(once->salt, sizeof(once->salt)), view(ikm, sizeof(ikm))) &&
	       credential_mac(k->cek, view(prk, sizeof(prk)), (struct str){cek_info, sizeof(cek_info) - 1}) &&
	       credential_mac(k->nonce, view(prk, sizeof(prk)), (struct str){nonce_info, sizeof(nonce_info) - 1});
	EVP_PKEY_free(theirs);
	explicit_bzero(secret, sizeof(secret));
	explicit_bzero(prk, sizeof(prk));
	explicit_bzero(ikm, sizeof(ikm));
	return done;
}

/* One record, the last: the text, a byte 2, and zeros. RFC 8188, 2. */
static bool seal(struct buf *out, const struct keys *k, struct str text, size_t zeros)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char plain[WEBPUSH_BODY_MAX], sealed[WEBPUSH_BODY_MAX + TAG_SIZE];
	size_t size = text.n + 1 + zeros;
	int n = 0, last = 0;
	bool done;

	memcpy(plain, text.n ? text.p : "", text.n);
	plain[text.n] = 2;
	memset(plain + text.n + 1, 0, zeros);
	done = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, k->cek, k->nonce) == 1 &&
	       EVP_EncryptUpdate(ctx, sealed, &n, plain, (int)size) == 1 &&
	       EVP_EncryptFinal_ex(ctx, sealed + n, &last) == 1 && (size_t)(n + last) == size &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, sealed + size) == 1;
	EVP_CIPHER_CTX_free(ctx);
	if (done)
		buf_add(out, sealed, size + TAG_SIZE);
	explicit_bzero(plain, size);
	return done && !out->full;
}

bool webpush_encrypt_with(struct buf *out, const struct subscription *s, struct str text, size_t pad,
			  const struct webpush_once *once)
{
	size_t zeros = pad ? (pad - (text.n + 1) % pad) % pad : 0;
	static const unsigned char head[] = {0, 0, RECORD_SIZE >> 8, RECORD_SIZE & 0xff, PUSH_POINT_SIZE};
	struct keys k;
	bool done;

	if (text.n > WEBPUSH_TEXT_MAX || HEAD_SIZE + text.n + 1 + zeros + TAG_SIZE > WEBPUSH_BODY_MAX)
		return false;
	done = derive(&k, s, once);
	buf_add(out, once->salt, sizeof(once->salt));
	buf_add(out, head, sizeof(head));
	buf_add(out, k.point, sizeof(k.point));
	done = done && seal(out, &k, text, zeros);
	explicit_bzero(&k, sizeof(k));
	return done;
}

bool webpush_encrypt(struct buf *out, const struct subscription *s, struct str text, size_t pad)
{
	struct webpush_once once = {.key = EVP_EC_gen("P-256")};
	bool done;

	arc4random_buf(once.salt, sizeof(once.salt));
	done = once.key && webpush_encrypt_with(out, s, text, pad, &once);
	EVP_PKEY_free(once.key);
	return done;
}
