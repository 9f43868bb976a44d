#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/wire.h"
#include "network/settings.h"
#include "network/snapshot.h"
#include "network_fixture.h"

/* What is kept of a registered channel beside its modes. ann (1) is operator of #a, which is registered. */

static int setup(void **state)
{
	static const char *const nicks[] = {"ann", "bob", NULL};
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_init(f, 1);
	fixture_people(f, nicks);
	fixture_apply(f, rec_override(rec_modes(f, 1, "#a", "+r")));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_deinit(*state);
	free(*state);
	return 0;
}

static struct record settings(uint32_t what, const char *entry, uint32_t flags, int64_t used)
{
	struct record r = {.type = RECORD_CHANNEL_SETTINGS, .flags = RECORD_OVERRIDE};

	r.channel_settings.channel = STR("#A");
	r.channel_settings.what = what;
	r.channel_settings.entry = str_of(entry);
	r.channel_settings.flags = flags;
	r.channel_settings.used = used;
	return r;
}

static const struct channel_settings *of(const struct fixture *f)
{
	return channel_settings(network_channel(f->net, STR("#a")));
}

static void test_each_by_itself(void **state)
{
	struct fixture *f = *state;
	uint64_t before = network_hash_kept(f->net), then;

	assert_null(of(f)->entry);
	assert_string_equal(fixture_apply(f, settings(CHANNEL_SET_ENTRY, "welcome", 9, 9)), "");
	assert_string_equal(of(f)->entry, "welcome");
	assert_true(of(f)->flags == 0 && of(f)->used == 0);
	then = network_hash_kept(f->net);
	assert_true(then != before);
	fixture_apply(f, settings(CHANNEL_SET_FLAGS, "other", CHANNEL_NO_EXPIRY | 1 << 9, 9));
	assert_true(of(f)->flags == CHANNEL_NO_EXPIRY && of(f)->used == 0);
	assert_string_equal(of(f)->entry, "welcome");
	fixture_apply(f, settings(CHANNEL_SET_USED, "", 0, 70));
	fixture_apply(f, settings(CHANNEL_SET_USED, "", 0, 60));
	assert_true(of(f)->used == 70);
	fixture_apply(f, settings(CHANNEL_SET_ENTRY | CHANNEL_SET_FLAGS, "", 0, 0));
	assert_null(of(f)->entry);
	assert_true(of(f)->used == 70);
}

/* Nobody sets them without the server's power, and of other channels nothing is kept. */
static void test_refused(void **state)
{
	struct fixture *f = *state;
	struct record r = settings(CHANNEL_SET_ENTRY, "mine", 0, 0);

	r.flags = 0;
	r.origin = 1;
	fixture_apply(f, r);
	assert_null(of(f)->entry);
	r = settings(CHANNEL_SET_ENTRY, "mine", 0, 0);
	r.channel_settings.channel = STR("#none");
	assert_string_equal(fixture_apply(f, r), "");
	fixture_apply(f, rec_join(2, "#b", ""));
	r.channel_settings.channel = STR("#b");
	fixture_apply(f, r);
	assert_null(channel_settings(network_channel(f->net, STR("#b")))->entry);
}

static void test_they_end_with_the_registration(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, settings(CHANNEL_SET_ENTRY, "welcome", 0, 0));
	fixture_apply(f, rec_override(rec_modes(f, 1, "#a", "-r")));
	assert_null(of(f)->entry);
	fixture_apply(f, rec_override(rec_modes(f, 1, "#a", "+r")));
	assert_null(of(f)->entry);
}

static void test_they_go_along(void **state)
{
	struct fixture *f = *state;
	struct record r = {.type = RECORD_RENAME, .origin = 1};

	fixture_apply(f, settings(CHANNEL_SET_ENTRY, "welcome", 0, 0));
	fixture_apply(f, rec_override(rec_modes(f, 1, "#a", "+q1")));
	r.rename.channel = STR("#a");
	r.rename.name = STR("#z");
	fixture_apply(f, r);
	assert_string_equal(channel_settings(network_channel(f->net, STR("#z")))->entry, "welcome");
}

static void test_record(void **state)
{
	struct fixture *f = *state;
	struct record r;
	uint64_t hash;

	fixture_apply(f, settings(CHANNEL_SET_ENTRY | CHANNEL_SET_FLAGS | CHANNEL_SET_USED, "welcome", 1, 70));
	hash = network_hash(f->net);
	network_settings_record(network_channel(f->net, STR("#a")), &r);
	fixture_apply(f, r);
	assert_true(network_hash(f->net) == hash);
}

static void test_snapshot(void **state)
{
	struct fixture *f = *state;
	struct network_config config = {CASEMAP_RFC1459, 8, {{7, 8}}};
	struct network *other = network_new(&config);
	struct wire_out out;
	struct wire_in in;

	fixture_apply(f, settings(CHANNEL_SET_ENTRY | CHANNEL_SET_FLAGS | CHANNEL_SET_USED, "welcome", 1, 70));
	wire_init(&out);
	network_save(f->net, &out);
	in = wire_read(buf_view(&out.buf));
	assert_true(network_load(other, &in));
	assert_true(network_hash(other) == network_hash(f->net));
	assert_string_equal(channel_settings(network_channel(other, STR("#a")))->entry, "welcome");
	wire_deinit(&out);
	network_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_by_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_they_end_with_the_registration, setup, teardown),
		cmocka_unit_test_setup_teardown(test_they_go_along, setup, teardown),
		cmocka_unit_test_setup_teardown(test_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_snapshot, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
