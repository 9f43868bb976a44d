#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "command_fixture.h"
#include "session/tries.h"

#define HASH "$scrypt$ln=4,r=8,p=1$U29kaXVtQ2hsb3JpZGU$Dp7T+ulAfvRsdwTSZfyEyLgGAdqXG3ntD4EvExeZJPU"
#define OPER_NOW ":chat.example 381 ann :You are now an IRC operator\n"
#define WRONG ":chat.example 464 ann :Password incorrect\n"
#define NO_HOST ":chat.example 491 ann :No O-lines for your host\n"

static const char certfp[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static struct oper_block *add_oper(struct desk *d, const char *name)
{
	struct server *s = &d->st.server;

	s->opers = mem_realloc(s->opers, (s->nopers + 1) * sizeof(s->opers[0]));
	s->opers[s->nopers] = (struct oper_block){.name = mem_strdup(name), .mask = mem_strdup("*@*")};
	return &s->opers[s->nopers++];
}

static void replace(char **at, const char *text)
{
	mem_free(*at);
	*at = mem_strdup(text);
}

static int setup(void **state)
{
	struct desk *d = malloc(sizeof(*d));
	struct oper_block *o;

	assert_non_null(d);
	desk_init(d);
	d->applies = true;
	d->st.server.classes = mem_zalloc(sizeof(struct oper_class));
	d->st.server.nclasses = 1;
	d->st.server.classes[0].name = mem_strdup("helper");
	d->st.server.classes[0].title = mem_strdup("a helper");
	d->st.server.classes[0].privileges = PRIV_BIT(PRIV_KILL);
	add_oper(d, "plain")->password = mem_strdup("pw");
	o = add_oper(d, "hashed");
	o->password = mem_strdup(HASH);
	o->class_name = mem_strdup("helper");
	add_oper(d, "cert")->certfp = mem_strdup(certfp);
	add_oper(d, "account")->account = mem_strdup("Ann");
	o = add_oper(d, "both");
	o->account = mem_strdup("ann");
	o->password = mem_strdup("pw");
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	desk_deinit(*state);
	free(*state);
	return 0;
}

static const struct user *ann(const struct desk *d)
{
	return network_user(d->f.net, 1);
}

static void passwords(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);

	assert_string_equal(desk_say(d, i, "OPER plain"), ":chat.example 461 ann OPER :Not enough parameters\n");
	assert_string_equal(desk_say(d, i, "OPER nobody"), ":chat.example 461 ann OPER :Not enough parameters\n");
	assert_string_equal(desk_say(d, i, "OPER plain wrong"), WRONG);
	assert_string_equal(desk_say(d, i, "OPER Plain pw"), WRONG);
	assert_string_equal(desk_say(d, i, "OPER hashed wrong"), WRONG);
	assert_string_equal(desk_say(d, i, "OPER hashed " HASH), WRONG);
	assert_string_equal(desk_say(d, i, "OPER nobody secret"), WRONG);
	assert_string_equal(desk_submitted(d), "");
	desk_say(d, i, "OPER plain pw");
	assert_string_equal(desk_submitted(d), "USER_OPER; ");
	assert_true(ann(d)->oper->privileges == PRIV_ALL);
	assert_string_equal(ann(d)->oper->name, "plain");
}

static void classes(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);

	desk_say(d, i, "OPER hashed secret");
	assert_string_equal(desk_submitted(d), "USER_OPER; ");
	assert_true(ann(d)->oper->privileges == PRIV_BIT(PRIV_KILL));
	assert_string_equal(ann(d)->oper->class_name, "helper");
	assert_string_equal(ann(d)->oper->title, "a helper");
	assert_non_null(strstr(desk_say(d, i, "WHOIS ann"), " 313 ann ann :is a helper\n"));
	assert_string_equal(desk_say(d, i, "OPER plain pw"), OPER_NOW);
	assert_true(ann(d)->oper->privileges == PRIV_ALL);
}

static void fingerprints(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);
	struct session *s = stage_session(&d->st, i);

	assert_string_equal(desk_say(d, i, "OPER cert"), NO_HOST);
	s->certfp = mem_strdup("ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
	assert_string_equal(desk_say(d, i, "OPER cert"), NO_HOST);
	replace(&s->certfp, certfp);
	desk_say(d, i, "OPER cert");
	assert_string_equal(desk_submitted(d), "USER_OPER; ");
}

static void accounts(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);

	assert_string_equal(desk_say(d, i, "OPER account"), NO_HOST);
	assert_string_equal(desk_say(d, i, "OPER both pw"), NO_HOST);
	assert_string_equal(desk_say(d, i, "OPER both wrong"), WRONG);
	desk_apply(d, rec_account(1, "aNN"));
	assert_string_equal(desk_say(d, i, "OPER both wrong"), WRONG);
	desk_say(d, i, "OPER both pw");
	assert_string_equal(desk_submitted(d), "USER_OPER; ");
	desk_apply(d, rec_umodes(1, 0, USER_OPER));
	desk_say(d, i, "OPER account");
	assert_string_equal(desk_submitted(d), "USER_OPER; ");
}

static void hosts(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);

	replace(&d->st.server.opers[1].mask, "*@elsewhere");
	assert_string_equal(desk_say(d, i, "OPER hashed secret"), NO_HOST);
	assert_string_equal(desk_say(d, i, "OPER hashed wrong"), WRONG);
	for (size_t n = 0; n < d->st.server.nopers; n++)
		replace(&d->st.server.opers[n].mask, "*@elsewhere");
	assert_string_equal(desk_say(d, i, "OPER plain wrong"), NO_HOST);
	assert_string_equal(desk_submitted(d), "");
}

static void tries_have_a_bound(void **state)
{
	struct desk *d = *state;
	int i = desk_client(d, 1);

	d->st.server.flood_burst = 1000;
	stage_session(&d->st, i)->tokens = 1000000;
	for (int n = 0; n < TRIES_BURST; n++)
		assert_string_equal(desk_say(d, i, "OPER plain wrong"), WRONG);
	assert_string_equal(desk_say(d, i, "OPER plain pw"),
			    ":chat.example 263 ann OPER :Please wait a while and try again.\n");
	assert_string_equal(desk_submitted(d), "");
	d->st.server.no_limits = true;
	desk_say(d, i, "OPER plain pw");
	assert_string_equal(desk_submitted(d), "USER_OPER; ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(passwords), TEST(classes), TEST(fingerprints),
		TEST(accounts),  TEST(hosts),   TEST(tries_have_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
