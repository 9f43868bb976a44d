#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network/state.h"
#include "network_fixture.h"

#define SAYS(f, record, words) assert_string_equal(fixture_apply(f, record), words)

/* ann (1) is operator of #a, and ben (2) of #other, which names it. */
static int setup(void **state)
{
	static const char *const nicks[] = {"ann", NULL};
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_init(f, 1);
	fixture_people(f, nicks);
	fixture_apply(f, rec_user(2, "ben"));
	fixture_apply(f, rec_join(2, "#other", ""));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_deinit(*state);
	free(*state);
	return 0;
}

static struct record renamed(const char *from, const char *to, uint64_t origin)
{
	struct record r = {.type = RECORD_RENAME, .origin = origin};

	r.rename.channel = str_of(from);
	r.rename.name = str_of(to);
	if (!origin)
		record_rename_kept(&r);
	return r;
}

static const char *entry(const struct fixture *f, enum chan_list list, uint32_t i)
{
	const struct channel *c = network_channel(f->net, STR("#other"));

	return i < c->lists[list].count ? ((const struct list_entry *)c->lists[list].items[i])->mask : "";
}

static void fill(struct fixture *f)
{
	static const char *const steps[] = {"+bx!*@* +b~c:#A +b~m:~U:~c:#a +b~c:#ab +b~r:#a", "+I~c:#a +e~a:#a"};

	for (size_t i = 0; i < 2; i++) {
		struct record r = rec_modes(f, 2, "#other", steps[i]);

		r.channel_modes.list_max = 10;
		fixture_apply(f, r);
	}

	fixture_apply(f, rec_override(rec_modes(f, 2, "#other", "+f#a")));
}

/* All that names the channel names it by its new name, where it stood; those who are there hear of it. */
static void test_mentions_follow(void **state)
{
	struct fixture *f = *state;
	const char *said;

	fill(f);
	said = fixture_apply(f, renamed("#a", "#z", 1));
	assert_string_equal(entry(f, CHAN_LIST_BAN, 0), "x!*@*");
	assert_string_equal(entry(f, CHAN_LIST_BAN, 1), "~c:#z");
	assert_string_equal(entry(f, CHAN_LIST_BAN, 2), "~m:~U:~c:#z");
	assert_string_equal(entry(f, CHAN_LIST_BAN, 3), "~c:#ab");
	assert_string_equal(entry(f, CHAN_LIST_BAN, 4), "~r:#a");
	assert_string_equal(entry(f, CHAN_LIST_INVEX, 0), "~c:#z");
	assert_string_equal(entry(f, CHAN_LIST_EXCEPT, 0), "~a:#a");
	assert_string_equal(network_channel(f->net, STR("#other"))->extra->forward, "#z");
	assert_non_null(strstr(said, "modes - - #other -b~c:#A +b~c:#z"));
	assert_non_null(strstr(said, "modes - - #other +f#z"));
}

/* Two that become the same are one. */
static void test_no_entry_twice(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, rec_modes(f, 2, "#other", "+b~c:#a +b~c:#z +bx!*@*"));
	fixture_apply(f, renamed("#a", "#z", 1));
	assert_string_equal(entry(f, CHAN_LIST_BAN, 0), "~c:#z");
	assert_string_equal(entry(f, CHAN_LIST_BAN, 1), "x!*@*");
	assert_string_equal(entry(f, CHAN_LIST_BAN, 2), "");
}

static void test_another_case(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, rec_modes(f, 2, "#other", "+b~c:#a"));
	fixture_apply(f, renamed("#a", "#A", 1));
	assert_string_equal(entry(f, CHAN_LIST_BAN, 0), "~c:#A");
	SAYS(f, rec_modes(f, 2, "#other", "-b~c:#a"), "modes ben ben #other -b~c:#A");
}

/* What was refused moves nothing, and what is kept of a rename moves the same once more, whether the channel is there
 * or not. */
static void test_when_it_moves(void **state)
{
	struct fixture *f = *state;

	fill(f);
	fixture_apply(f, renamed("#a", "#z", 2));
	assert_string_equal(entry(f, CHAN_LIST_BAN, 1), "~c:#A");
	fixture_apply(f, renamed("#a", "#other", 1));
	assert_string_equal(entry(f, CHAN_LIST_BAN, 1), "~c:#A");
	fixture_apply(f, rec_part(1, "#a", ""));
	assert_null(network_channel(f->net, STR("#a")));
	for (int i = 0; i < 2; i++) {
		fixture_apply(f, renamed("#a", "#z", 0));
		assert_string_equal(entry(f, CHAN_LIST_BAN, 1), "~c:#z");
		assert_string_equal(network_channel(f->net, STR("#other"))->extra->forward, "#z");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_mentions_follow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_entry_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_case, setup, teardown),
		cmocka_unit_test_setup_teardown(test_when_it_moves, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
