#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "command/lookalike.h"
#include "network/account.h"
#include "network/network.h"
#include "proto/utf8.h"

static const struct hash_key seed = {{5, 6}};

static void assert_looks(const struct skeletons *k, const char *name, const char *expected)
{
	char memory[SKELETON_MAX];
	struct str got = skeleton_of(k, memory, str_of(name));

	if (!str_eq(got, str_of(expected)))
		fail_msg("%s looks like %.*s, not like %s", name, STR_ARG(got), expected);
}

static void test_skeleton(void **state)
{
	struct skeletons *k = skeletons_new();

	(void)state;
	assert_non_null(k);
	/* ASCII is what it is. */
	assert_looks(k, "Modern0[]`", "modern0[]`");
	assert_looks(k, "Il1|", "il1|");
	/* Cyrillic, Greek, Armenian. */
	assert_looks(k, "еvan", "evan");
	assert_looks(k, "ЕVАN", "evan");
	assert_looks(k, "ΤΟΜ", "tom");
	assert_looks(k, "сhаnѕеrv", "chanserv");
	assert_looks(k, "ΝісkЅеrv", "nickserv");
	assert_looks(k, "ո", "n");
	/* Wide, composed, apart. */
	assert_looks(k, "Ｅｖａｎ", "evan");
	assert_looks(k, "é", "é");
	assert_looks(k, "e\u0301", "é");
	assert_looks(k, "ѐ", "è");
	assert_looks(k, "елена", "eлeʜa");
	skeletons_free(k);
}

/* Without the tables, and where there is too much of it, it is what it is folded to. */
static void test_skeleton_of_anything(void **state)
{
	struct skeletons *k = skeletons_new();
	char memory[SKELETON_MAX], name[SKELETON_NAME_MAX + 2];
	struct str got;

	(void)state;
	assert_looks(NULL, "ЕVАN", "еvаn");
	assert_looks(k, "", "");
	assert_looks(k, "е\xff", "е\xff");
	assert_looks(k, "\xed\xa0\x80", "\xed\xa0\x80");
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = (char)(i % 2 ? 0x81 : 0xcc);
	assert_true(utf8_valid(skeleton_of(k, memory, (struct str){name, SKELETON_NAME_MAX})));
	assert_int_equal(skeleton_of(k, memory, (struct str){name, sizeof(name)}).n, 0);
	/* One letter that is eighteen. */
	for (size_t i = 0; i + 3 <= SKELETON_NAME_MAX; i += 3)
		memcpy(name + i, "\xef\xb7\xba", 3);
	got = skeleton_of(k, memory, (struct str){name, SKELETON_NAME_MAX - 2});
	assert_true(got.n > 0 && got.n <= SKELETON_MAX && utf8_valid(got));
	skeletons_free(k);
	skeletons_free(NULL);
}

static void user(struct network *net, uint64_t id, const char *nick)
{
	struct record r = {.type = RECORD_USER_ADD, .origin = id, .time = 1};

	r.user_add.nick = str_of(nick);
	network_apply(net, &r, NULL);
}

static void quit(struct network *net, uint64_t id)
{
	const struct record r = {.type = RECORD_USER_QUIT, .origin = id, .time = 1};

	network_apply(net, &r, NULL);
}

static void account(struct network *net, const char *name, const char *nick)
{
	const struct account_item item = {ACCOUNT_NICK, str_of(nick), 0};
	struct record r = {.type = RECORD_ACCOUNT, .flags = RECORD_OVERRIDE, .time = 1};

	r.account.name = str_of(name);
	r.account.revision = 1;
	r.account.flags = ACCOUNT_EXISTS;
	r.account.items = &item;
	r.account.nitems = nick ? 1 : 0;
	network_apply(net, &r, NULL);
}

/* Those that look like it, one behind the other. */
static const char *like(struct lookalikes *l, const char *name)
{
	static char text[1024];
	struct lookalike_walk w;
	struct str each;
	size_t n = 0;

	text[0] = '\0';
	lookalike_walk_init(&w, l, str_of(name));
	while (lookalike_walk_next(&w, &each))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s ", STR_ARG(each));
	return text;
}

static void test_names(void **state)
{
	const struct network_config config = {.casemap = CASEMAP_PRECIS, .seed = seed};
	struct network *net = network_new(&config);
	struct lookalikes *l = lookalikes_new(net, &seed);

	(void)state;
	/* Those in ASCII are found by themselves, whoever they are of. */
	assert_string_equal(like(l, "evan"), "");
	assert_string_equal(like(l, "ЕVАN"), "evan ");
	user(net, 1, "Еvan");
	lookalikes_note(l, STR("Еvan"));
	lookalikes_note(l, STR("еVAN"));
	lookalikes_note(l, STR("evan"));
	assert_int_equal(lookalikes_count(l), 1);
	assert_string_equal(like(l, "Evan"), "еvan ");
	assert_string_equal(like(l, "еvan"), "evan ");
	assert_string_equal(like(l, "evаn"), "evan еvan ");
	assert_string_equal(like(l, "evans"), "");
	account(net, "Тоm", "ΤΟΜ");
	lookalikes_note_account(l, STR("Тоm"));
	lookalikes_note_account(l, STR("nobody"));
	assert_int_equal(lookalikes_count(l), 3);
	assert_string_equal(like(l, "tom"), "тоm τομ ");
	lookalikes_free(l);

	/* All at once. */
	l = lookalikes_new(net, &seed);
	lookalikes_note_all(l);
	assert_int_equal(lookalikes_count(l), 3);
	assert_string_equal(like(l, "tom"), "тоm τομ ");
	assert_string_equal(like(l, "evan"), "еvan ");
	lookalikes_free(l);
	lookalikes_free(NULL);
	network_free(net);
}

/* With thousands who come and go it holds those who are there, and some more. */
static void test_those_who_left(void **state)
{
	const struct network_config config = {.casemap = CASEMAP_PRECIS, .seed = seed};
	struct network *net = network_new(&config);
	struct lookalikes *l = lookalikes_new(net, &seed);
	char nick[32];

	(void)state;
	user(net, 1, "Еvan");
	lookalikes_note(l, STR("Еvan"));
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(nick, sizeof(nick), "ж%u", i);
		user(net, i + 2, nick);
		lookalikes_note(l, str_of(nick));
		if (i >= 10)
			quit(net, i + 2 - 10);
		assert_true(lookalikes_count(l) <= 128);
	}
	assert_string_equal(like(l, "evan"), "еvan ");
	assert_non_null(network_user_by_nick(net, str_of(nick)));
	lookalikes_free(l);
	network_free(net);
}

static void test_other_casemappings(void **state)
{
	const struct network_config config = {.casemap = CASEMAP_ASCII, .seed = seed};
	struct network *net = network_new(&config);
	struct lookalikes *l = lookalikes_new(net, &seed);

	(void)state;
	lookalikes_note(l, STR("еvan"));
	assert_int_equal(lookalikes_count(l), 0);
	assert_string_equal(like(l, "еvan"), "");
	lookalikes_free(l);
	network_free(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skeleton),       cmocka_unit_test(test_skeleton_of_anything),
		cmocka_unit_test(test_names),          cmocka_unit_test(test_those_who_left),
		cmocka_unit_test(test_other_casemappings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
