#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/codes.h"
#include "command_fixture.h"

static int setup(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));

	desk_init(d);
	d->applies = true;
	desk_apply(d, rec_kept_account(&d->f, "owner", 1, ""));
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	desk_deinit(*state);
	free(*state);
	return 0;
}

static const struct account *owner(struct desk *d)
{
	return network_account(d->f.net, STR("owner"));
}

static void put(struct desk *d, const char *purpose, const char *code, const char *more)
{
	const struct code_wanted w = {purpose, code, more, 1000};
	char memory[CODE_ITEM_MAX];
	struct account_edit e;

	account_edit_begin(&e, owner(d));
	assert_true(code_put(&e, &w, memory));
	assert_true(account_edit_submit(&e, &d->env));
}

static void good_once_and_for_a_time(void **state)
{
	struct desk *d = *state;
	char code[CODE_SIZE + 1], other[CODE_SIZE + 1], lower[CODE_SIZE + 1];

	code_make(code);
	code_make(other);
	assert_string_not_equal(code, other);
	assert_int_equal(strlen(code), CODE_SIZE);
	put(d, CODE_RESET, code, "");
	for (int i = 0; i <= CODE_SIZE; i++)
		lower[i] = (char)(code[i] >= 'A' ? code[i] | 0x20 : code[i]);
	assert_string_equal(code_find(owner(d), CODE_RESET, code, 999), "");
	assert_string_equal(code_find(owner(d), CODE_RESET, lower, 0), "");
	assert_null(code_find(owner(d), CODE_RESET, code, 1000));
	assert_null(code_find(owner(d), CODE_VERIFY, code, 0));
	assert_null(code_find(owner(d), CODE_RESET, other, 0));
	assert_null(code_find(owner(d), CODE_RESET, "", 0));
	assert_int_equal(code_until(owner(d), CODE_RESET), 1000);
	assert_int_equal(code_until(owner(d), CODE_VERIFY), 0);
	put(d, CODE_RESET, other, "");
	assert_null(code_find(owner(d), CODE_RESET, code, 0));
	assert_int_equal(account_count(owner(d), ACCOUNT_CODE), 1);
}

/* What is kept is not the code. */
static void what_is_kept(void **state)
{
	struct desk *d = *state;
	const struct account_kept *item;

	put(d, CODE_EMAIL, "ABCDEFGHIJKLMNOP", "new@example.org");
	put(d, CODE_RESET, "ABCDEFGHIJKLMNOP", "");
	assert_string_equal(code_find(owner(d), CODE_EMAIL, "ABCDEFGHIJKLMNOP", 0), "new@example.org");
	for (uint32_t i = 0; i < owner(d)->items.count; i++) {
		item = owner(d)->items.items[i];
		assert_null(strstr(item->text, "ABCDEFGHIJKLMNOP"));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_once_and_for_a_time),
		TEST(what_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
