#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "account/credential.h"
#include "account/scram.h"
#include "proto/base64.h"

/* RFC 7677, 3: user "user", password "pencil". */
static const char first[] = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
static const char server_nonce[] = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
static const char challenge[] =
	"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
static const char final[] = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
			    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
static const char verified[] = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

/* "pencil" under the salt of the RFC. */
static struct credential pencil(void)
{
	struct credential c;
	char text[CREDENTIAL_TEXT_MAX];
	struct buf b;

	assert_true(credential_parse(&c, STR("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
					     "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
					     "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")));
	buf_init(&b, text, sizeof(text));
	credential_write(&b, &c);
	assert_true(str_eq(buf_view(&b), STR("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
					     "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
					     "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")));
	return c;
}

static struct scram *begun(const char *message, const struct credential *c)
{
	struct scram *s = scram_new(str_of(message), NULL, server_nonce);
	char memory[SCRAM_MESSAGE_MAX];
	struct buf b;

	assert_non_null(s);
	buf_init(&b, memory, sizeof(memory));
	assert_true(scram_challenge(s, c, &b));
	if (strcmp(message, first) == 0)
		assert_true(str_eq(buf_view(&b), str_of(challenge)));
	return s;
}

static bool finishes(const char *message, const struct credential *c)
{
	struct scram *s = begun(first, c);
	char memory[SCRAM_MESSAGE_MAX];
	struct buf b;
	bool ok;

	buf_init(&b, memory, sizeof(memory));
	ok = scram_finish(s, str_of(message), &b);
	if (ok)
		assert_true(str_eq(buf_view(&b), str_of(verified)));
	else
		assert_int_equal(b.n, 0);
	scram_free(s);
	return ok;
}

static void the_rfc_logs_in(void **state)
{
	struct credential c = pencil();

	(void)state;
	assert_true(credential_check(&c, STR("pencil")));
	assert_false(credential_check(&c, STR("pencils")));
	assert_false(credential_check(&c, STR("")));
	assert_true(finishes(final, &c));
}

static void another_key_does_not(void **state)
{
	struct credential c = pencil(), other = pencil();

	(void)state;
	other.stored[31] ^= 1;
	assert_false(finishes(final, &other));
	credential_fake(&other, c.stored, STR("user"), 4096);
	assert_false(credential_check(&other, STR("pencil")));
}

static void finals_that_are_wrong(void **state)
{
	static const char *const wrong[] = {
		"",
		",",
		"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		/* another header than the one it began with */
		"c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		/* the client's nonce alone */
		"c=biws,r=rOprNGfwEbeRWgbNEkqO,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		/* one bit of the proof, its end, and nothing of it */
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVA=",
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapW",
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=",
		"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
	};
	struct credential c = pencil();

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (finishes(wrong[i], &c))
			fail_msg("%zu: %s", i, wrong[i]);
}

static void firsts_that_are_wrong(void **state)
{
	static const char *const wrong[] = {
		"",
		"n,,",
		"x,,n=user,r=abc",
		"p=tls-unique,,n=user,r=abc",
		"n,b=x,n=user,r=abc",
		"n,,m=ext,n=user,r=abc",
		"n,,n=,r=abc",
		"n,,n=us=er,r=abc",
		"n,,n=user",
		"n,,n=user,r=",
		"n,,r=abc,n=user",
		"n,,n=us\xff,r=abc",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (scram_new(str_of(wrong[i]), NULL, NULL))
			fail_msg("%zu: %s", i, wrong[i]);
}

static void names_have_escapes(void **state)
{
	struct scram *s = scram_new(STR("y,a=b=3D,n=a=2Cb,r=abc"), NULL, NULL);

	(void)state;
	assert_non_null(s);
	assert_string_equal(scram_name(s), "a,b");
	assert_string_equal(scram_authzid(s), "b=");
	scram_free(s);
	scram_free(NULL);
}

static void salts_differ_and_fakes_do_not(void **state)
{
	struct credential a, b;

	(void)state;
	assert_true(credential_make(&a, STR("secret"), 4096) && credential_make(&b, STR("secret"), 4096));
	assert_true(credential_check(&a, STR("secret")) && credential_check(&b, STR("secret")));
	assert_memory_not_equal(a.salt, b.salt, a.salt_size);
	assert_false(credential_same(a.stored, b.stored));
	credential_fake(&a, b.stored, STR("nobody"), 4096);
	memcpy(b.salt, a.salt, sizeof(b.salt));
	credential_fake(&a, b.stored, STR("nobody"), 4096);
	assert_memory_equal(a.salt, b.salt, sizeof(b.salt));
	credential_fake(&a, b.stored, STR("somebody"), 4096);
	assert_memory_not_equal(a.salt, b.salt, a.salt_size);
}

/* ",p=" and what "pencil" proves of that log, under the salt of the RFC. */
static void add_proof(struct buf *out, struct str log)
{
	static const unsigned char salt[] = {0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e,
					     0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81};
	unsigned char salted[CREDENTIAL_KEY_SIZE], key[CREDENTIAL_KEY_SIZE], stored[CREDENTIAL_KEY_SIZE],
		signature[CREDENTIAL_KEY_SIZE];

	PKCS5_PBKDF2_HMAC("pencil", 6, salt, sizeof(salt), 4096, EVP_sha256(), sizeof(salted), salted);
	credential_hmac(key, salted, STR("Client Key"));
	credential_hash(stored, (struct str){(const char *)key, sizeof(key)});
	credential_hmac(signature, stored, log);
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] ^= signature[i];
	buf_cstr(out, ",p=");
	base64_encode(out, (struct str){(const char *)key, sizeof(key)});
}

/* The proof of a client that is bound to these bytes; it knows the keys of the password. */
static bool bound_proves(const struct scram_binding *b, const char *header, struct str bytes)
{
	struct credential c = pencil();
	char said[SCRAM_MESSAGE_MAX], bare[SCRAM_MESSAGE_MAX], text[3 * SCRAM_MESSAGE_MAX], memory[SCRAM_MESSAGE_MAX];
	struct buf first_of, server, log, end;
	struct scram *s;
	bool ok;

	buf_init(&first_of, said, sizeof(said));
	buf_cstr(&first_of, header);
	buf_cstr(&first_of, "n=user,r=abc");
	s = scram_new(buf_view(&first_of), b, server_nonce);
	if (!s)
		return false;
	buf_init(&server, bare, sizeof(bare));
	assert_true(scram_challenge(s, &c, &server));
	buf_init(&end, memory, sizeof(memory));
	first_of.n = 0;
	buf_cstr(&first_of, header);
	buf_str(&first_of, bytes);
	buf_cstr(&end, "c=");
	base64_encode(&end, buf_view(&first_of));
	buf_cstr(&end, ",r=abc");
	buf_cstr(&end, server_nonce);
	buf_init(&log, text, sizeof(text));
	buf_fmt(&log, "n=user,r=abc,%.*s,%.*s", (int)server.n, server.p, (int)end.n, end.p);
	add_proof(&end, buf_view(&log));
	server.n = 0;
	ok = scram_finish(s, buf_view(&end), &server);
	scram_free(s);
	return ok;
}

static void it_is_bound_to_its_connection(void **state)
{
	const struct scram_binding none = {0}, off = {.offered = true, .exporter = STR("EXPORT"), .endpoint = STR("END")};
	struct scram_binding on = off;

	(void)state;
	on.plus = true;
	assert_true(bound_proves(&on, "p=tls-exporter,,", STR("EXPORT")));
	assert_true(bound_proves(&on, "p=tls-server-end-point,,", STR("END")));
	assert_false(bound_proves(&on, "p=tls-exporter,,", STR("END")));
	assert_false(bound_proves(&on, "p=tls-exporter,,", STR("")));
	assert_false(bound_proves(&on, "p=tls-exporter,,", STR("EXPORTS")));
	assert_false(bound_proves(&on, "p=tls-unique,,", STR("EXPORT")));
	assert_false(bound_proves(&on, "n,,", STR("")));
	assert_false(bound_proves(&on, "y,,", STR("")));
	assert_true(bound_proves(&off, "n,,", STR("")));
	assert_false(bound_proves(&off, "n,,", STR("EXPORT")));
	assert_false(bound_proves(&off, "y,,", STR("")));
	assert_false(bound_proves(&off, "p=tls-exporter,,", STR("EXPORT")));
	assert_true(bound_proves(&none, "y,,", STR("")));
	on.exporter = STR_NONE;
	assert_false(bound_proves(&on, "p=tls-exporter,,", STR("")));
}

static void damaged_credentials(void **state)
{
	static const char *const wrong[] = {
		"",
		"SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$",
		"SCRAM-SHA-256$0:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
		"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
		"SCRAM-SHA-256$4096:$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
		"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
		"SCRAM-SHA-1$4096:W22ZaJ0SNY7soEsUEjb6gQ==$a:b",
	};
	struct credential c;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(credential_parse(&c, str_of(wrong[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfc_logs_in),       cmocka_unit_test(another_key_does_not),
		cmocka_unit_test(finals_that_are_wrong), cmocka_unit_test(firsts_that_are_wrong),
		cmocka_unit_test(names_have_escapes),    cmocka_unit_test(salts_differ_and_fakes_do_not),
		cmocka_unit_test(damaged_credentials),   cmocka_unit_test(it_is_bound_to_its_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
