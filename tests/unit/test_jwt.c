#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "account/jwt.h"
#include "base/buf.h"
#include "base/mem.h"
#include "proto/base64.h"

enum { NOW = 1700000000 };

#define SECRET "a secret of two and thirty bytes"
#define GOOD "\"iss\":\"https://id.example\",\"aud\":\"chat\",\"exp\":1700000300,\"sub\":\"ann\""

static struct jwt_key *add_key(struct jwt_policy *p, const char *kid, const char *algorithm)
{
	p->keys = mem_realloc(p->keys, (p->count + 1) * sizeof(*p->keys));
	p->keys[p->count] = (struct jwt_key){.kid = mem_strdup(kid), .algorithm = jwt_algorithm_find(algorithm)};
	assert_non_null(p->keys[p->count].algorithm);
	return &p->keys[p->count++];
}

static void policy_new(struct jwt_policy *p)
{
	jwt_policy_init(p);
	p->issuer = mem_strdup("https://id.example");
	p->audience = mem_strdup("chat");
}

static void policy_with_secret(struct jwt_policy *p)
{
	policy_new(p);
	assert_true(jwt_key_set_secret(add_key(p, "one", "HS256"), STR(SECRET)));
}

static void add_part(struct buf *b, const char *text)
{
	base64url_encode(b, str_of(text));
}

static const EVP_MD *hash_of(const char *algorithm)
{
	return strstr(algorithm, "384") ? EVP_sha384() : strstr(algorithm, "512") ? EVP_sha512() : EVP_sha256();
}

static void sign(struct buf *b, EVP_PKEY *key, const char *algorithm)
{
	unsigned char made[1024];
	size_t size = sizeof(made);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *padding = NULL;

	assert_int_equal(EVP_DigestSignInit(ctx, &padding, hash_of(algorithm), NULL, key), 1);
	if (algorithm[0] == 'P') {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST), 1);
	}
	assert_int_equal(EVP_DigestSign(ctx, made, &size, (const unsigned char *)b->p, b->n), 1);
	EVP_MD_CTX_free(ctx);
	buf_chr(b, '.');
	base64url_encode(b, (struct str){(const char *)made, size});
}

/* A token, signed with the secret. */
static struct str make(char memory[2000], const char *header, const char *claims)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, (const unsigned char *)SECRET, 32);
	struct buf b;

	buf_init(&b, memory, 2000);
	add_part(&b, header);
	buf_chr(&b, '.');
	add_part(&b, claims);
	sign(&b, key, "HS256");
	EVP_PKEY_free(key);
	assert_false(b.full);
	return buf_view(&b);
}

static enum jwt_result check(const char *header, const char *claims)
{
	char memory[2000], account[JWT_ACCOUNT_MAX];
	enum jwt_result result;
	struct jwt_policy p;

	policy_with_secret(&p);
	result = jwt_check(&p, make(memory, header, claims), NOW, account);
	assert_true((result == JWT_GOOD) == (account[0] != '\0'));
	jwt_policy_deinit(&p);
	return result;
}

/* RFC 7515, A.1 and A.3, and RFC 8037, A.4: what is said there is of no use here, but the signatures are right. */
static void the_vectors(void **state)
{
	static const char secret[] =
		"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
	static const struct {
		const char *algorithm, *pem, *token;
		enum jwt_result result;
	} vectors[] = {
		{"HS256", NULL,
		 "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
		 "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
		 "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
		 JWT_EXPIRED},
		{"ES256",
		 "-----BEGIN PUBLIC KEY-----\n"
		 "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
		 "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
		 "-----END PUBLIC KEY-----\n",
		 "eyJhbGciOiJFUzI1NiJ9."
		 "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
		 "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
		 JWT_EXPIRED},
		{"EdDSA",
		 "-----BEGIN PUBLIC KEY-----\n"
		 "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
		 "-----END PUBLIC KEY-----\n",
		 "eyJhbGciOiJFZERTQSJ9."
		 "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
		 "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
		 JWT_MALFORMED},
	};
	char memory[100], account[JWT_ACCOUNT_MAX], changed[400];
	struct buf b;

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	assert_true(base64url_decode(&b, str_of(secret)));
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct str token = str_of(vectors[i].token);
		struct jwt_policy p;
		struct jwt_key *k;

		policy_new(&p);
		k = add_key(&p, "any", vectors[i].algorithm);
		assert_true(vectors[i].pem ? jwt_key_set_public(k, str_of(vectors[i].pem))
					   : jwt_key_set_secret(k, buf_view(&b)));
		assert_null(jwt_key_fault(k));
		assert_int_equal(jwt_check(&p, token, NOW, account), vectors[i].result);
		memcpy(changed, token.p, token.n);
		changed[token.n - 6] ^= 1;
		assert_int_equal(jwt_check(&p, (struct str){changed, token.n}, NOW, account), JWT_FORGED);
		jwt_policy_deinit(&p);
	}
}

static void public_pem(EVP_PKEY *key, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	n = BIO_get_mem_data(bio, &p);
	buf_add(out, p, (size_t)n);
	BIO_free(bio);
}

static void with_rsa(void **state)
{
	static const char *const names[] = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"};
	EVP_PKEY *key = EVP_RSA_gen(2048), *small = EVP_RSA_gen(1024);
	char pem_memory[2000], memory[2000], header[64], account[JWT_ACCOUNT_MAX];
	struct buf pem, b;
	struct jwt_key weak = {.algorithm = jwt_algorithm_find("RS256")};

	(void)state;
	buf_init(&pem, pem_memory, sizeof(pem_memory));
	public_pem(small, &pem);
	assert_true(jwt_key_set_public(&weak, buf_view(&pem)));
	assert_non_null(jwt_key_fault(&weak));
	buf_init(&pem, pem_memory, sizeof(pem_memory));
	public_pem(key, &pem);
	assert_true(jwt_key_set_public(&weak, buf_view(&pem)));
	assert_null(jwt_key_fault(&weak));
	/* Such a key is for no curve, and is no secret. */
	weak.algorithm = jwt_algorithm_find("ES256");
	assert_non_null(jwt_key_fault(&weak));
	weak.algorithm = jwt_algorithm_find("EdDSA");
	assert_non_null(jwt_key_fault(&weak));
	weak.algorithm = jwt_algorithm_find("HS256");
	assert_non_null(jwt_key_fault(&weak));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct jwt_policy p, copy;

		policy_new(&p);
		assert_true(jwt_key_set_public(add_key(&p, "k", names[i]), buf_view(&pem)));
		snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"k\"}", names[i]);
		buf_init(&b, memory, sizeof(memory));
		add_part(&b, header);
		buf_chr(&b, '.');
		add_part(&b, "{" GOOD "}");
		sign(&b, key, names[i]);
		jwt_policy_copy(&copy, &p);
		jwt_policy_deinit(&p);
		assert_int_equal(jwt_check(&copy, buf_view(&b), NOW, account), JWT_GOOD);
		assert_string_equal(account, "ann");
		copy.keys[0].algorithm = jwt_algorithm_find(names[(i + 1) % 6]);
		assert_int_equal(jwt_check(&copy, buf_view(&b), NOW, account), JWT_NO_KEY);
		jwt_policy_deinit(&copy);
	}
	EVP_PKEY_free(weak.key);
	EVP_PKEY_free(small);
	EVP_PKEY_free(key);
}

static void what_is_said(void **state)
{
#define CLAIMS(name, iss, aud, time) "{" name iss aud time "}"
#define NAME "\"sub\":\"ann\""
#define ISS ",\"iss\":\"https://id.example\""
#define AUD ",\"aud\":\"chat\""
#define EXP ",\"exp\":1700000300"
	static const struct {
		const char *claims;
		enum jwt_result result;
	} cases[] = {
		{CLAIMS(NAME, ISS, AUD, EXP), JWT_GOOD},
		{CLAIMS(NAME, ISS, ",\"aud\":[\"x\",\"chat\"]", EXP), JWT_GOOD},
		{CLAIMS(NAME, ISS, AUD, ",\"exp\":1699999941"), JWT_GOOD},
		{CLAIMS(NAME, ISS, AUD, ",\"exp\":1699999940"), JWT_EXPIRED},
		{CLAIMS(NAME, ISS, AUD, ""), JWT_EXPIRED},
		{CLAIMS(NAME, ISS, AUD, ",\"exp\":\"1700000300\""), JWT_EXPIRED},
		{CLAIMS(NAME, ISS, AUD, ",\"exp\":-1"), JWT_EXPIRED},
		{CLAIMS(NAME, ISS, AUD, ",\"exp\":9e99"), JWT_EXPIRED},
		{CLAIMS(NAME, ISS, AUD, EXP ",\"nbf\":1700000060"), JWT_GOOD},
		{CLAIMS(NAME, ISS, AUD, EXP ",\"nbf\":1700000061"), JWT_EARLY},
		{CLAIMS(NAME, ISS, AUD, EXP ",\"nbf\":null"), JWT_EARLY},
		{CLAIMS(NAME, "", AUD, EXP), JWT_ISSUER},
		{CLAIMS(NAME, ",\"iss\":\"https://id.example.\"", AUD, EXP), JWT_ISSUER},
		{CLAIMS(NAME, ",\"iss\":[\"https://id.example\"]", AUD, EXP), JWT_ISSUER},
		{CLAIMS(NAME, ISS, "", EXP), JWT_AUDIENCE},
		{CLAIMS(NAME, ISS, ",\"aud\":\"Chat\"", EXP), JWT_AUDIENCE},
		{CLAIMS(NAME, ISS, ",\"aud\":[]", EXP), JWT_AUDIENCE},
		{CLAIMS(NAME, ISS, ",\"aud\":{\"chat\":\"chat\"}", EXP), JWT_AUDIENCE},
		{CLAIMS("\"x\":1", ISS, AUD, EXP), JWT_NOBODY},
		{CLAIMS("\"sub\":\"\"", ISS, AUD, EXP), JWT_NOBODY},
		{CLAIMS("\"sub\":12", ISS, AUD, EXP), JWT_NOBODY},
		{CLAIMS("\"sub\":\"a\\u0000b\"", ISS, AUD, EXP), JWT_NOBODY},
		{CLAIMS(NAME ",\"sub\":\"bob\"", ISS, AUD, EXP), JWT_MALFORMED},
		{"[]", JWT_MALFORMED},
		{"", JWT_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (check("{\"alg\":\"HS256\"}", cases[i].claims) != cases[i].result)
			fail_msg("%s: %s", cases[i].claims, jwt_words(check("{\"alg\":\"HS256\"}", cases[i].claims)));
}

static void what_the_header_may_not_say(void **state)
{
	static const struct {
		const char *header;
		enum jwt_result result;
	} cases[] = {
		{"{\"alg\":\"HS256\",\"kid\":\"one\"}", JWT_GOOD},
		{"{\"alg\":\"HS256\",\"kid\":\"two\"}", JWT_NO_KEY},
		{"{\"alg\":\"HS256\",\"kid\":1}", JWT_MALFORMED},
		{"{\"alg\":\"none\"}", JWT_NO_KEY},
		{"{\"alg\":\"hs256\"}", JWT_NO_KEY},
		{"{\"alg\":\"HS384\"}", JWT_NO_KEY},
		{"{\"alg\":\"RS256\",\"kid\":\"one\"}", JWT_NO_KEY},
		{"{\"kid\":\"one\"}", JWT_MALFORMED},
		{"{\"alg\":[\"HS256\"]}", JWT_MALFORMED},
		{"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", JWT_MALFORMED},
		{"{\"alg\":\"none\",\"alg\":\"HS256\"}", JWT_MALFORMED},
		{"\"HS256\"", JWT_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (check(cases[i].header, "{" GOOD "}") != cases[i].result)
			fail_msg("%s", cases[i].header);
}

/* The bytes of a token that is good, with something done to it. */
static void what_is_no_token(void **state)
{
	static const char *const tails[] = {"", ".", "..", "=", ".x"};
	char memory[2000], other[2100], account[JWT_ACCOUNT_MAX];
	struct jwt_policy p;
	struct str token;
	const char *last;

	(void)state;
	policy_with_secret(&p);
	token = make(memory, "{\"alg\":\"HS256\"}", "{" GOOD "}");
	assert_true(jwt_has_form(token));
	for (size_t i = 1; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(other, sizeof(other), "%.*s%s", STR_ARG(token), tails[i]);
		assert_int_not_equal(jwt_check(&p, str_of(other), NOW, account), JWT_GOOD);
	}
	for (size_t n = 0; n < token.n; n++)
		assert_int_not_equal(jwt_check(&p, (struct str){token.p, n}, NOW, account), JWT_GOOD);
	for (size_t n = 0; n < token.n; n++) {
		memory[n] ^= 4;
		assert_int_not_equal(jwt_check(&p, token, NOW, account), JWT_GOOD);
		memory[n] ^= 4;
	}
	assert_int_equal(jwt_check(&p, token, NOW, account), JWT_GOOD);
	/* Without a signature it is for nobody, whatever it calls itself. */
	last = memrchr(token.p, '.', token.n);
	assert_int_equal(jwt_check(&p, (struct str){token.p, (size_t)(last - token.p) + 1}, NOW, account),
			 JWT_MALFORMED);
	assert_false(jwt_has_form(STR("a.b")) || jwt_has_form(STR("a..c")) || jwt_has_form(STR("opaque")));
	jwt_policy_deinit(&p);
}

#define X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define ES256 "\"kty\":\"EC\",\"crv\":\"P-256\"," X "," Y
#define ED25519 "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""

static bool takes(const char *json, const char *algorithm)
{
	struct jwt_key k = {.kid = mem_strdup("me"), .algorithm = jwt_algorithm_find(algorithm)};
	bool good = jwt_key_set_public(&k, str_of(json)) && !jwt_key_fault(&k);

	EVP_PKEY_free(k.key);
	mem_free(k.kid);
	return good;
}

static void keys_in_json(void **state)
{
	(void)state;
	assert_true(takes("{" ES256 "}", "ES256"));
	assert_true(takes("\n {\"kid\":\"me\",\"use\":\"sig\"," ED25519 "}\n", "EdDSA"));
	assert_true(takes("{\"keys\":[{\"kid\":\"you\"," ES256 "},{\"kid\":\"me\"," ED25519 "}]}", "EdDSA"));
	assert_false(takes("{\"keys\":[{\"kid\":\"you\"," ES256 "},{\"kid\":\"me\"," ED25519 "}]}", "ES256"));
	assert_false(takes("{\"keys\":[{\"kid\":\"you\"," ED25519 "},7]}", "EdDSA"));
	assert_false(takes("{\"kid\":\"you\"," ED25519 "}", "EdDSA"));
	assert_false(takes("{\"use\":\"enc\"," ED25519 "}", "EdDSA"));
	assert_false(takes("{\"keys\":[]}", "EdDSA"));
	assert_false(takes("{\"keys\":{}}", "EdDSA"));
	assert_false(takes("{}", "EdDSA"));
	assert_false(takes("{", "EdDSA"));
	/* Not a point of the curve; a number that is too short; another curve. */
	assert_false(takes("{\"kty\":\"EC\",\"crv\":\"P-256\"," X ",\"y\":\"y_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
			   "ES256"));
	assert_false(takes("{\"kty\":\"EC\",\"crv\":\"P-256\"," X ",\"y\":\"x_FEzRs\"}", "ES256"));
	assert_false(takes("{\"kty\":\"EC\",\"crv\":\"P-384\"," X "," Y "}", "ES384"));
	assert_false(takes("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "EdDSA"));
	assert_false(takes("{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}", "HS256"));
}

static void keys_that_are_none(void **state)
{
	struct jwt_key k = {.algorithm = jwt_algorithm_find("HS512")};

	(void)state;
	assert_false(jwt_key_set_public(&k, STR("")));
	assert_false(jwt_key_set_public(&k, STR("-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n")));
	assert_non_null(jwt_key_fault(&k));
	assert_false(jwt_key_set_secret(&k, STR_NONE));
	assert_true(jwt_key_set_secret(&k, STR(SECRET)));
	assert_non_null(jwt_key_fault(&k));
	k.algorithm = jwt_algorithm_find("HS256");
	assert_null(jwt_key_fault(&k));
	k.algorithm = jwt_algorithm_find("RS256");
	assert_non_null(jwt_key_fault(&k));
	k.algorithm = NULL;
	assert_non_null(jwt_key_fault(&k));
	EVP_PKEY_free(k.key);
	assert_null(jwt_algorithm_find("none"));
	assert_null(jwt_algorithm_find("hs256"));
	assert_null(jwt_algorithm_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors),
		cmocka_unit_test(with_rsa),
		cmocka_unit_test(what_is_said),
		cmocka_unit_test(what_the_header_may_not_say),
		cmocka_unit_test(what_is_no_token),
		cmocka_unit_test(keys_in_json),
		cmocka_unit_test(keys_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
