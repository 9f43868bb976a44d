#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/password.h"

/* RFC 7914 section 12: the third vector, "pleaseletmein" and "SodiumChloride" with N=16384, r=8, p=1; half of its
 * bytes. */
static const char vector[] = "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI";

static void what_is_hashed_is_recognised(void **state)
{
	char stored[PASSWORD_STORED_MAX], other[PASSWORD_STORED_MAX];

	(void)state;
	assert_int_equal(password_hash("hunter2", stored), 0);
	assert_int_equal(password_hash("hunter2", other), 0);
	assert_string_not_equal(stored, other);
	assert_true(password_is_hashed(stored) && password_is_sound(stored));
	assert_true(password_verify(stored, "hunter2"));
	assert_false(password_verify(stored, "hunter3"));
	assert_false(password_verify(stored, ""));
}

static void the_vector_of_the_rfc(void **state)
{
	(void)state;
	assert_true(password_is_sound(vector));
	assert_true(password_verify(vector, "pleaseletmein"));
	assert_false(password_verify(vector, "pleaseletmeout"));
}

static void what_is_none(void **state)
{
	static const char *const rows[] = {
		"$scrypt$",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf04/w$x",
		"$scrypt$ln=14,r=8$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf04/w",
		"$scrypt$ln=21,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf04/w",
		"$scrypt$ln=0,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf04/w",
		"$scrypt$ln=14,r=9,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf04/w",
		"$scrypt$ln=14,r=8,p=5$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf04/w",
		"$scrypt$ln=14,r=8,p=1$U29!aXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf04/w",
		"$scrypt$ln=14,r=8,p=1$U29k$cCO9yzr9c0hGHAbNgf04/w",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9",
		"$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(password_is_hashed(rows[i]));
		assert_false(password_is_sound(rows[i]));
		assert_false(password_verify(rows[i], "pleaseletmein"));
	}
	assert_false(password_is_hashed("plain"));
	assert_false(password_is_hashed("$plain"));
	assert_false(password_is_hashed("$$plain"));
	assert_false(password_is_hashed(""));
}

static void the_last_one_is_remembered(void **state)
{
	struct password_memory m = {.set = false};

	(void)state;
	assert_false(password_remembered(&m, vector, "pleaseletmein"));
	password_remember(&m, vector, "pleaseletmein");
	assert_true(password_remembered(&m, vector, "pleaseletmein"));
	assert_false(password_remembered(&m, vector, "pleaseletmeout"));
	assert_false(password_remembered(&m, "$scrypt$another", "pleaseletmein"));
	password_remember(&m, vector, "other");
	assert_false(password_remembered(&m, vector, "pleaseletmein"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_hashed_is_recognised),
		cmocka_unit_test(the_vector_of_the_rfc),
		cmocka_unit_test(what_is_none),
		cmocka_unit_test(the_last_one_is_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
