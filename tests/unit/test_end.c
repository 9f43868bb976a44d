#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/conn.h"
#include "session/end.h"

static void test_own_words_pass_for_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(session_end_of("Client Quit"), SESSION_END_QUIT);
	assert_int_equal(session_end_of("Quit: Ping timeout: 120 seconds"), SESSION_END_QUIT);
	assert_int_equal(session_end_of("Quit: Killed (a (b))"), SESSION_END_QUIT);
}

static void test_what_the_program_says(void **state)
{
	(void)state;
	assert_int_equal(session_end_of("Banned: enough"), SESSION_END_BANNED);
	assert_int_equal(session_end_of("Connection closed"), SESSION_END_CLOSED);
	assert_int_equal(session_end_of("Connection reset by peer"), SESSION_END_ERROR);
	assert_int_equal(session_end_of("Connection timed out"), SESSION_END_ERROR);
	assert_int_equal(session_end_of("Broken pipe"), SESSION_END_ERROR);
	assert_int_equal(session_end_of(CONN_SENDQ_EXCEEDED), SESSION_END_SENDQ);
	assert_int_equal(session_end_of("Ping timeout: 120 seconds"), SESSION_END_PING_TIMEOUT);
	assert_int_equal(session_end_of("Registration timed out"), SESSION_END_REGISTRATION_TIMEOUT);
	assert_int_equal(session_end_of("Killed (oper (reason))"), SESSION_END_KILLED);
	assert_int_equal(session_end_of("Password incorrect"), SESSION_END_PASSWORD);
	assert_int_equal(session_end_of("Server is going down"), SESSION_END_OTHER);
	assert_int_equal(session_end_of(""), SESSION_END_OTHER);
}

static void test_each_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < SESSION_END_COUNT; i++) {
		const char *name = session_end_name((enum session_end)i);

		assert_non_null(name);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
		for (int k = 0; k < i; k++)
			assert_string_not_equal(name, session_end_name((enum session_end)k));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_words_pass_for_nothing_else),
		cmocka_unit_test(test_what_the_program_says),
		cmocka_unit_test(test_each_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
