#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "proto/caps.h"

static void test_every_cap_has_a_row(void **state)
{
	const struct cap_row *rows;
	cap_set seen = 0;
	size_t count = 0;

	(void)state;
	rows = caps_rows(&count);
	assert_true(count >= CAP_COUNT);
	for (size_t i = 0; i < count; i++) {
		assert_in_range(rows[i].cap, 0, CAP_COUNT - 1);
		seen |= CAP_BIT(rows[i].cap);
		assert_ptr_equal(caps_find(str_of(rows[i].name)), &rows[i]);
		/* What stands in CAP LS: no space, no value in the name, not taken for a removal. */
		assert_int_equal(strcspn(rows[i].name, " =\r\n"), strlen(rows[i].name));
		assert_true(rows[i].name[0] != '-');
	}
	assert_true(seen == CAP_BIT(CAP_COUNT) - 1);
}

static void test_find(void **state)
{
	(void)state;
	assert_int_equal(caps_find(STR("message-tags"))->cap, CAP_MESSAGE_TAGS);
	assert_null(caps_find(STR("message-tags"))->value);
	assert_int_equal(caps_find(STR("userhost-in-names"))->cap, CAP_USERHOST_IN_NAMES);
	assert_int_equal(caps_find(STR("no-implicit-names"))->cap, CAP_NO_IMPLICIT_NAMES);
	assert_int_equal(caps_find(STR("draft/no-implicit-names"))->cap, CAP_NO_IMPLICIT_NAMES);
	assert_int_equal(caps_find(STR("draft/extended-isupport"))->cap, CAP_EXTENDED_ISUPPORT);
	assert_int_equal(caps_find(STR("draft/pre-away"))->cap, CAP_PRE_AWAY);
	/* Drafts must not go by the name that the ratified page will have. */
	assert_null(caps_find(STR("extended-isupport")));
	assert_null(caps_find(STR("pre-away")));
	assert_null(caps_find(STR("Message-Tags")));
	assert_null(caps_find(STR("message-tag")));
	assert_null(caps_find(STR("message-tags ")));
	assert_null(caps_find(STR("batch\0")));
	assert_null(caps_find(STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cap_has_a_row),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
