#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "account/credential.h"
#include "base/buf.h"
#include "chatctl/import.h"

static uint32_t lost(const struct import *im, const char *what)
{
	for (size_t i = 0; i < im->nlosses; i++)
		if (strcmp(im->losses[i].what, what) == 0)
			return im->losses[i].count;
	return 0;
}

static bool opens(const struct import_account *a, const char *password)
{
	struct credential c;

	return a->credentials && credential_parse(&c, str_of(a->credentials)) && credential_check(&c, str_of(password));
}

static void test_texts(void **state)
{
	struct import im;
	char *text = NULL, longer[1000];

	(void)state;
	import_init(&im);
	import_set(&im, &text,
		   STR("\x02"
		       "bold\x0f and\ttab"));
	assert_string_equal(text, "bold andtab");
	import_set(&im, &text, STR("\x01\x02"));
	assert_null(text);
	import_set(&im, &text, STR("caf\xe9"));
	assert_null(text);
	assert_int_equal(lost(&im, "texts that are not UTF-8"), 1);
	memset(longer, 'x', sizeof(longer));
	import_set(&im, &text, (struct str){longer, sizeof(longer)});
	assert_int_equal(strlen(text), IMPORT_TEXT_MAX);
	import_set(&im, &text, STR_NONE);
	import_deinit(&im);
}

static void test_names(void **state)
{
	struct import im;
	struct import_account *a;

	(void)state;
	import_init(&im);
	a = import_add_account(&im, STR("Ann"));
	assert_non_null(a);
	assert_null(import_add_account(&im, STR("ANN")));
	assert_ptr_equal(import_account(&im, STR("ann")), a);
	assert_null(import_add_account(&im, STR("two words")));
	assert_null(import_add_account(&im, STR_NONE));
	assert_null(import_account(&im, STR_NONE));
	assert_non_null(import_add_channel(&im, STR("#Den")));
	assert_null(import_add_channel(&im, STR("#den")));
	assert_null(import_add_channel(&im, STR("&local")));
	assert_int_equal(lost(&im, "accounts with a name that is no nick"), 2);
	import_deinit(&im);
}

static void test_certs(void **state)
{
	char good[65] = "";
	struct import im;
	struct import_account *a;

	(void)state;
	import_init(&im);
	a = import_add_account(&im, STR("ann"));
	memset(good, 'A', 64);
	import_add_cert(&im, a, str_of(good));
	import_add_cert(&im, a, STR("abcd"));
	good[3] = 'g';
	import_add_cert(&im, a, str_of(good));
	assert_int_equal(a->certs.count, 1);
	assert_int_equal(strspn(a->certs.items[0], "a"), 64);
	import_deinit(&im);
}

/* Weak keys are no better than none. */
static void test_keys(void **state)
{
	struct credential c;
	struct import im;
	struct import_account *a;

	(void)state;
	import_init(&im);
	a = import_add_account(&im, STR("ann"));
	assert_false(import_set_keys(a, STR("1"), STR("AAAA"), STR("AAAA"), STR("AAAA")));
	assert_false(import_set_keys(a, STR("4096"), STR("AAAA"), STR("AAAA"), STR("AAAA")));
	assert_null(a->credentials);
	import_set_password(a, STR("secret"));
	assert_true(opens(a, "secret"));
	assert_false(opens(a, "Secret"));
	assert_true(credential_parse(&c, str_of(a->credentials)));
	import_deinit(&im);
}

/* Several founders: the oldest is it, whatever the order. */
static void test_founders(void **state)
{
	static const char text[] = "DBV 8\nMU ann x noemail 1 1 +C\nMU bob x noemail 1 1 +C\nMU eve x noemail 1 1 +C\n"
				   "MC #c 1 1 +v 0 0 0\nCA #c bob +F 20 x\nCA #c ann +F 10 x\nCA #c eve +F 30 x\n";
	const struct import_channel *c;
	struct import im;

	(void)state;
	import_init(&im);
	assert_true(import_atheme(&im, str_of(text)));
	c = import_channel(&im, STR("#c"));
	assert_non_null(c);
	assert_string_equal(c->founder, "ann");
	assert_int_equal(c->access.count, 2);
	import_deinit(&im);
}

/* What stands in the table at the end counts. */
static void test_changes(void **state)
{
	static const char text[] = "*3\r\n$3\r\nset\r\n$18\r\naccount.exists one\r\n$1\r\n1\r\n"
				   "*1\r\n$7\r\nflushdb\r\n"
				   "*3\r\n$3\r\nset\r\n$18\r\naccount.exists two\r\n$1\r\n1\r\n"
				   "*3\r\n$3\r\nset\r\n$16\r\naccount.name two\r\n$3\r\nTwo\r\n"
				   "*3\r\n$3\r\nset\r\n$16\r\naccount.name two\r\n$3\r\nTWO\r\n";
	struct import im;

	(void)state;
	import_init(&im);
	assert_true(import_ergo(&im, str_of(text)));
	assert_int_equal(im.accounts.count, 1);
	assert_string_equal(((const struct import_account *)im.accounts.items[0])->name, "TWO");
	import_deinit(&im);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts), cmocka_unit_test(test_names),    cmocka_unit_test(test_certs),
		cmocka_unit_test(test_keys),  cmocka_unit_test(test_founders), cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
