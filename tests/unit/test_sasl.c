#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "command_fixture.h"
#include "network/account.h"

/* EXTERNAL: what was shown outside is a certificate, which a test can only pretend. */

#define PRINT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int setup(void **state)
{
	static const struct account_item cert = {ACCOUNT_CERTFP, {PRINT, sizeof(PRINT) - 1}, 1};
	struct desk *d = calloc(1, sizeof(*d));
	struct record r;

	desk_init(d);
	d->applies = true;
	r = rec_kept_account(&d->f, "owner", 1, "");
	r.account.items = &cert;
	r.account.nitems = 1;
	desk_apply(d, r);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	desk_deinit(*state);
	free(*state);
	return 0;
}

static int with_certificate(struct desk *d, const char *print)
{
	int i = desk_client(d, 2);

	stage_session(&d->st, i)->certfp = mem_strdup(print);
	return i;
}

static void the_certificate_logs_in(void **state)
{
	struct desk *d = *state;
	int i = with_certificate(d, PRINT);

	assert_string_equal(desk_say(d, i, "AUTHENTICATE EXTERNAL"), "AUTHENTICATE +\n");
	assert_string_equal(desk_say(d, i, "AUTHENTICATE +"),
			    ":chat.example 900 bob bob!bob@host.example owner :You are now logged in as owner\n"
			    ":chat.example 903 bob :SASL authentication successful\n");
	assert_string_equal(user_text(network_user(d->f.net, 2), USER_ACCOUNT), "owner");
}

/* "b3duZXI=" is "owner", "b3RoZXI=" is "other". */
static void for_its_account_alone(void **state)
{
	struct desk *d = *state;
	int i = with_certificate(d, PRINT);

	desk_say(d, i, "AUTHENTICATE EXTERNAL");
	assert_string_equal(desk_say(d, i, "AUTHENTICATE b3RoZXI="),
			    ":chat.example 904 bob :SASL authentication failed\n");
	desk_say(d, i, "AUTHENTICATE EXTERNAL");
	assert_non_null(strstr(desk_say(d, i, "AUTHENTICATE b3duZXI="), " 903 "));
}

static void another_does_not(void **state)
{
	struct desk *d = *state;
	int i = with_certificate(d, "ff");

	desk_say(d, i, "AUTHENTICATE EXTERNAL");
	assert_string_equal(desk_say(d, i, "AUTHENTICATE +"), ":chat.example 904 bob :SASL authentication failed\n");
	assert_string_equal(user_text(network_user(d->f.net, 2), USER_ACCOUNT), "");
}

static void a_suspended_account_is_shut(void **state)
{
	struct desk *d = *state;
	int i = with_certificate(d, PRINT);
	struct account_item items[RECORD_ACCOUNT_ITEMS_MAX];
	struct record r;

	network_account_record(network_account(d->f.net, STR("owner")), &r, items);
	r.account.revision++;
	r.account.flags |= ACCOUNT_SUSPENDED;
	desk_apply(d, r);
	desk_say(d, i, "AUTHENTICATE EXTERNAL");
	assert_string_equal(desk_say(d, i, "AUTHENTICATE +"),
			    ":chat.example 904 bob :SASL authentication failed: This account is suspended\n");
}

static void without_one_it_is_not_offered(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 2);

	assert_string_equal(desk_say(d, i, "AUTHENTICATE EXTERNAL"),
			    ":chat.example 908 bob PLAIN,SCRAM-SHA-256 :are available SASL mechanisms\n"
			    ":chat.example 904 bob :SASL authentication failed\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_certificate_logs_in),     TEST(for_its_account_alone),         TEST(another_does_not),
		TEST(a_suspended_account_is_shut), TEST(without_one_it_is_not_offered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
