#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/mem.h"
#include "post/webpush.h"
#include "proto/base64.h"

/* RFC 8291, 5 and A. */
#define AS_PRIVATE "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
#define AS_PUBLIC "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
#define UA_PUBLIC "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
#define UA_PRIVATE "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
#define SALT "DGv6ra1nlYgDCS1FRnbzlw"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define TEXT "When I grow up, I want to be a watermelon"
#define BODY                                                                                                           \
	"DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7" \
	"A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
#define ENDPOINT "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV"

static struct str decoded(unsigned char *memory, size_t size, const char *text)
{
	struct buf b;

	buf_init(&b, memory, size);
	assert_true(base64url_decode(&b, str_of(text)));
	return buf_view(&b);
}

static EVP_PKEY *key_of(const char *secret, const char *public)
{
	unsigned char point[65], number[32];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char[]){"prime256v1"}, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, number, sizeof(number)),
		OSSL_PARAM_END,
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	BIGNUM *bn;

	decoded(point, sizeof(point), public);
	decoded(number, sizeof(number), secret ? secret : SALT);
	bn = BN_bin2bn(number, sizeof(number), NULL);
	assert_int_equal(BN_bn2nativepad(bn, number, sizeof(number)), sizeof(number));
	BN_free(bn);
	if (!secret)
		params[2] = OSSL_PARAM_construct_end();
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void encrypts_as_the_rfc(void **state)
{
	struct webpush_once once = {.key = key_of(AS_PRIVATE, AS_PUBLIC)};
	struct subscription s;
	char memory[WEBPUSH_BODY_MAX], text[2 * WEBPUSH_BODY_MAX];
	struct buf body, b;

	(void)state;
	assert_true(subscription_parse(&s, STR(ENDPOINT), STR("p256dh=" UA_PUBLIC ";auth=" AUTH)));
	decoded(once.salt, sizeof(once.salt), SALT);
	buf_init(&body, memory, sizeof(memory));
	assert_true(webpush_encrypt_with(&body, &s, STR(TEXT), 0, &once));
	buf_init(&b, text, sizeof(text));
	base64url_encode(&b, buf_view(&body));
	assert_true(str_eq(buf_view(&b), STR(BODY)));
	EVP_PKEY_free(once.key);
}

static void how_long_it_is_does_not_show(void **state)
{
	struct subscription s;
	char memory[WEBPUSH_BODY_MAX], long_text[WEBPUSH_TEXT_MAX + 1] = "";
	size_t sizes[3];
	struct buf body;

	(void)state;
	assert_true(subscription_parse(&s, STR(ENDPOINT), STR("auth=" AUTH ";p256dh=" UA_PUBLIC)));
	for (size_t i = 0; i < 3; i++) {
		buf_init(&body, memory, sizeof(memory));
		assert_true(webpush_encrypt(&body, &s, (struct str){long_text, i * 250}, 512));
		sizes[i] = body.n;
	}
	assert_int_equal(sizes[0], 86 + 512 + 16);
	assert_int_equal(sizes[0], sizes[1]);
	assert_int_equal(sizes[0], sizes[2]);
	buf_init(&body, memory, sizeof(memory));
	assert_true(webpush_encrypt(&body, &s, (struct str){long_text, WEBPUSH_TEXT_MAX}, 512));
	buf_init(&body, memory, sizeof(memory));
	assert_false(webpush_encrypt(&body, &s, (struct str){long_text, WEBPUSH_TEXT_MAX + 1}, 0));
	buf_init(&body, memory, 100);
	assert_false(webpush_encrypt(&body, &s, STR(TEXT), 0));
}

static void subscriptions(void **state)
{
	struct subscription s, again;
	char memory[SUBSCRIPTION_TEXT_MAX];
	struct buf b;

	(void)state;
	assert_true(subscription_parse(&s, STR(ENDPOINT), STR("p256dh=" UA_PUBLIC ";auth=" AUTH ";more=x")));
	buf_init(&b, memory, sizeof(memory));
	subscription_write(&b, &s);
	assert_true(str_eq(buf_view(&b), STR(UA_PUBLIC " " AUTH " " ENDPOINT)));
	assert_true(subscription_read(&again, buf_view(&b)));
	assert_string_equal(again.endpoint, s.endpoint);
	assert_memory_equal(again.point, s.point, sizeof(s.point));
	assert_memory_equal(again.auth, s.auth, sizeof(s.auth));
	assert_true(str_eq(subscription_endpoint(buf_view(&b)), STR(ENDPOINT)));
	assert_true(str_eq(subscription_origin(STR(ENDPOINT)), STR("https://push.example.net")));
	assert_true(str_eq(subscription_origin(STR("https://a:8443?x")), STR("https://a:8443")));
	assert_true(str_eq(subscription_origin(STR("https://a")), STR("https://a")));
	/* A padded one is the same. */
	assert_true(subscription_parse(&again, STR(ENDPOINT), STR("p256dh=" UA_PUBLIC "=;auth=" AUTH "==")));
	assert_memory_equal(again.point, s.point, sizeof(s.point));
}

static void what_is_no_subscription(void **state)
{
	static const char *const keys[] = {
		"", "p256dh=" UA_PUBLIC, "auth=" AUTH, "p256dh=" UA_PUBLIC ";auth=" AUTH "A", "p256dh=;auth=" AUTH,
		"p256dh=" UA_PUBLIC "AA;auth=" AUTH, "p256dh=" AUTH ";auth=" AUTH,
		/* not on the curve */
		"p256dh=BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw8;auth=" AUTH,
		"p256dh=" UA_PUBLIC ";auth=BTBZMqHH6r4Tts7J/aSIgg",
	};
	static const char good[] = "p256dh=" UA_PUBLIC ";auth=" AUTH;
	struct subscription s;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_false(subscription_parse(&s, STR(ENDPOINT), str_of(keys[i])));
	assert_true(subscription_parse(&s, STR(ENDPOINT), str_of(good)));
	assert_false(subscription_parse(&s, STR("http://push.example.net/"), str_of(good)));
	assert_false(subscription_parse(&s, STR("https://"), str_of(good)));
	assert_false(subscription_parse(&s, STR("https://a/\"b"), str_of(good)));
	assert_false(subscription_read(&s, STR("x y")));
	assert_false(subscription_read(&s, STR(UA_PUBLIC " " AUTH " ftp://x")));
}

/* "head.claims.signature" is of that key. */
static bool is_signed(struct str token, const char *public)
{
	EVP_PKEY *key = key_of(NULL, public);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ECDSA_SIG *sig = ECDSA_SIG_new();
	unsigned char raw[64], *der = NULL;
	size_t n = token.n;
	char text[100];
	int size;
	bool good;

	while (token.p[n - 1] != '.')
		n--;
	snprintf(text, sizeof(text), "%.*s", (int)(token.n - n), token.p + n);
	assert_int_equal(decoded(raw, sizeof(raw), text).n, sizeof(raw));
	ECDSA_SIG_set0(sig, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
	size = i2d_ECDSA_SIG(sig, &der);
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	good = EVP_DigestVerify(ctx, der, (size_t)size, (const unsigned char *)token.p, n - 1) == 1;
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

/* RFC 8292, 2.4. */
#define TOKEN_FRONT                                                                                                    \
	"eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im" \
	"1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0."
#define TOKEN_SIGNATURE "i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA"
#define TOKEN_KEY "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"

static void tokens_are_those_of_the_rfc(void **state)
{
	const struct vapid_claim claim = {STR("https://push.example.net"), STR("mailto:push@example.com"), 1453523768};
	struct vapid *v = vapid_new();
	char memory[1000];
	struct buf b;

	(void)state;
	assert_true(is_signed(STR(TOKEN_FRONT TOKEN_SIGNATURE), TOKEN_KEY));
	assert_int_equal(strlen(vapid_public(v)), VAPID_PUBLIC_SIZE);
	buf_init(&b, memory, sizeof(memory));
	assert_true(vapid_token(&b, v, &claim));
	assert_true(str_starts(buf_view(&b), STR(TOKEN_FRONT)));
	assert_true(is_signed(buf_view(&b), vapid_public(v)));
	assert_false(is_signed(buf_view(&b), TOKEN_KEY));
	buf_init(&b, memory, 50);
	assert_false(vapid_token(&b, v, &claim));
	vapid_free(v);
}

static void the_key_is_kept(void **state)
{
	char folder[] = "/tmp/vapid-XXXXXX", path[64];
	struct vapid *one = NULL, *other = NULL;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/vapid.key", folder);
	assert_int_equal(vapid_open(&one, folder), 0);
	assert_int_equal(vapid_open(&other, folder), 0);
	assert_string_equal(vapid_public(one), vapid_public(other));
	vapid_free(other);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(truncate(path, 40), 0);
	other = NULL;
	assert_true(vapid_open(&other, folder) < 0);
	assert_null(other);
	assert_int_equal(vapid_open(&other, NULL), 0);
	assert_string_not_equal(vapid_public(one), vapid_public(other));
	vapid_free(one);
	vapid_free(other);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encrypts_as_the_rfc),
		cmocka_unit_test(how_long_it_is_does_not_show),
		cmocka_unit_test(subscriptions),
		cmocka_unit_test(what_is_no_subscription),
		cmocka_unit_test(tokens_are_those_of_the_rfc),
		cmocka_unit_test(the_key_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
