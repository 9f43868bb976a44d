#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "chat-client/scram_client.h"

/* The conversation of RFC 7677, 3. */
static const char server_first[] =
	"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
static const char final[] = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
			    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

static void begin(struct scram_client *s)
{
	char memory[512];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	assert_true(scram_client_first(s, "user", "rOprNGfwEbeRWgbNEkqO", &b));
	assert_true(str_eq(buf_view(&b), STR("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")));
}

static bool finish(struct scram_client *s, const char *message, struct buf *out)
{
	static char memory[512];

	buf_init(out, memory, sizeof(memory));
	return scram_client_final(s, "pencil", str_of(message), out);
}

static void test_the_rfc(void **state)
{
	struct scram_client s = {0};
	struct buf b;

	(void)state;
	begin(&s);
	assert_true(finish(&s, server_first, &b));
	assert_true(str_eq(buf_view(&b), str_of(final)));
	assert_true(scram_client_verify(&s, STR("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")));
	assert_false(scram_client_verify(&s, STR("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=")));
	assert_false(scram_client_verify(&s, STR("v=")));
	assert_false(scram_client_verify(&s, STR("e=other-error")));
}

static void test_servers_that_cheat(void **state)
{
	static const char *const messages[] = {
		"",
		"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",       /* nothing of its own in the nonce */
		"r=XOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",    /* not our nonce */
		"r=rOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",       /* a hash that is soon found */
		"r=rOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=9999999", /* work without end */
		"r=rOprNGfwEbeRWgbNEkqOabc,s=***,i=4096",
		"m=x,r=rOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	};
	struct scram_client s = {0};
	struct buf b;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		assert_false(finish(&s, messages[i], &b));
}

static void test_names(void **state)
{
	struct scram_client s = {0};
	char memory[512];
	struct buf b;

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	assert_true(scram_client_first(&s, "a=b,c", "n", &b));
	assert_true(str_eq(buf_view(&b), STR("n,,n=a=3Db=2Cc,r=n")));
}

/* What it is bound to stands in the header, and with its data in the proof's message. */
static void test_binding(void **state)
{
	struct scram_client s = {0};
	char memory[512];
	struct buf b;

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	scram_client_bind(&s, "tls-exporter", STR("data"));
	assert_true(scram_client_first(&s, "user", "n", &b));
	assert_true(str_eq(buf_view(&b), STR("p=tls-exporter,,n=user,r=n")));
	buf_init(&b, memory, sizeof(memory));
	assert_true(scram_client_final(&s, "pencil", STR("r=nm,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), &b));
	assert_true(str_starts(buf_view(&b), STR("c=cD10bHMtZXhwb3J0ZXIsLGRhdGE=,r=nm,p=")));
	buf_init(&b, memory, sizeof(memory));
	s = (struct scram_client){0};
	scram_client_bind(&s, NULL, STR_NONE);
	assert_true(scram_client_first(&s, "user", "n", &b));
	assert_true(str_eq(buf_view(&b), STR("y,,n=user,r=n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_rfc),
		cmocka_unit_test(test_servers_that_cheat),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_binding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
