#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "network/account.h"
#include "network_fixture.h"

#define SAYS(f, record, words) assert_string_equal(fixture_apply(f, record), words)

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_init(f, 1);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_deinit(*state);
	free(*state);
	return 0;
}

static const struct account *of_nick(const struct fixture *f, const char *nick)
{
	return network_account_of_nick(f->net, str_of(nick));
}

static void names_are_folded(void **state)
{
	struct fixture *f = *state;
	const struct account *a;

	SAYS(f, rec_kept_account(f, "Ann[1]", 1, "annie"), "");
	a = network_account(f->net, STR("aNN{1}"));
	assert_non_null(a);
	assert_string_equal(account_text(a, ACCOUNT_NAME), "Ann[1]");
	assert_true(a->created == 1500000000000 && a->flags == ACCOUNT_EXISTS && a->revision == 1);
	assert_ptr_equal(of_nick(f, "ANNIE"), a);
	assert_ptr_equal(of_nick(f, "ann[1]"), a);
	assert_null(network_account(f->net, STR("annie")));
	assert_null(of_nick(f, "bob"));
	assert_non_null(account_find(a, ACCOUNT_NICK, STR("annie")));
	assert_null(account_find(a, ACCOUNT_CERTFP, STR("annie")));
	assert_int_equal(account_count(a, ACCOUNT_NICK), 1);
}

/* Of two that were made of the same account the second does not hold, and one applied twice alters nothing. */
static void a_revision_holds_once(void **state)
{
	struct fixture *f = *state;
	struct record r = rec_kept_account(f, "ann", 1, "");
	uint64_t hash;

	SAYS(f, r, "");
	hash = network_hash(f->net);
	SAYS(f, r, "refused:account-changed - -");
	r.account.email = STR("other@example.org");
	SAYS(f, r, "refused:account-changed - -");
	assert_true(network_hash(f->net) == hash);
	r.account.revision = 2;
	SAYS(f, r, "");
	assert_true(network_hash(f->net) != hash);
	assert_string_equal(account_text(network_account(f->net, STR("ann")), ACCOUNT_EMAIL), "other@example.org");
	r.account.flags = 0;
	SAYS(f, r, "refused:account-changed - -");
	r.account.revision = 3;
	SAYS(f, r, "");
	assert_null(network_account(f->net, STR("ann")));
	assert_int_equal(network_accounts(f->net)->count, 0);
	SAYS(f, rec_kept_account(f, "ann", 1, ""), "");
}

static void a_nick_has_one_owner(void **state)
{
	struct fixture *f = *state;

	SAYS(f, rec_kept_account(f, "ann", 1, "x y x"), "");
	SAYS(f, rec_kept_account(f, "X", 1, ""), "refused:account-taken - -");
	SAYS(f, rec_kept_account(f, "bob", 1, "Y"), "refused:account-taken - -");
	SAYS(f, rec_kept_account(f, "bob", 1, "Ann"), "refused:account-taken - -");
	assert_null(network_account(f->net, STR("bob")));
	SAYS(f, rec_kept_account(f, "ann", 2, "y"), "");
	SAYS(f, rec_kept_account(f, "X", 1, ""), "");
	SAYS(f, rec_kept_account(f, "ann", 3, "x"), "refused:account-taken - -");
	assert_ptr_equal(of_nick(f, "y"), network_account(f->net, STR("ann")));
}

static void only_the_server_may(void **state)
{
	struct fixture *f = *state;
	struct record r = rec_kept_account(f, "ann", 1, "");

	r.origin = 77;
	SAYS(f, r, "");
	assert_null(network_account(f->net, STR("ann")));
	SAYS(f, rec_override(r), "");
	assert_non_null(network_account(f->net, STR("ann")));
}

/* What an account says of itself makes the same one, and may be made of views into it. */
static void a_record_of_itself(void **state)
{
	struct fixture *f = *state;
	struct record_room *room = calloc(1, sizeof(*room));
	struct fixture other;
	struct record r;
	uint64_t kept;

	fixture_init(&other, 9);
	fixture_apply(f, rec_kept_account(f, "ann", 4, "x y"));
	kept = network_hash_kept(f->net);
	network_account_record(network_account(f->net, STR("ann")), &r, room->account_items);
	fixture_apply(&other, r);
	assert_true(network_hash_kept(other.net) == kept);
	r.account.revision++;
	r.account.nitems--;
	SAYS(f, r, "");
	assert_ptr_equal(of_nick(f, "x"), network_account(f->net, STR("ann")));
	assert_null(of_nick(f, "y"));
	fixture_deinit(&other);
	free(room);
}

/* Found without a walk, however many there are. */
static void many(void **state)
{
	enum { MANY = 200000 };
	struct fixture *f = *state;
	char name[32], nick[32];

	for (unsigned i = 0; i < MANY; i++) {
		struct record r;

		snprintf(name, sizeof(name), "account%u", i);
		snprintf(nick, sizeof(nick), "nick%u", i);
		r = rec_kept_account(f, name, 1, nick);
		network_apply(f->net, &r, NULL);
	}
	assert_int_equal(network_accounts(f->net)->count, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "ACCOUNT%u", i);
		snprintf(nick, sizeof(nick), "NICK%u", i);
		assert_non_null(network_account(f->net, str_of(name)));
		assert_ptr_equal(of_nick(f, nick), network_account(f->net, str_of(name)));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_are_folded),    TEST(a_revision_holds_once), TEST(a_nick_has_one_owner),
		TEST(only_the_server_may), TEST(a_record_of_itself),    TEST(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
