#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network_fixture.h"
#include "network/rules.h"

enum { OWNER = 1, ADMIN, OP, HALFOP, VOICE, PLAIN, OUTSIDER };

static int setup(void **state)
{
	static const char *const nicks[] = {"owner", "admin", "op", "halfop", "voice", "plain", NULL};
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_init(f, 1);
	fixture_people(f, nicks);
	fixture_apply(f, rec_user(OUTSIDER, "outsider"));
	fixture_apply(f, rec_override(rec_modes(f, OWNER, "#a", "+q1 -o1 +a2 +o3 +h4 +v5")));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fixture_deinit(*state);
	free(*state);
	return 0;
}

static const struct channel *chan(const struct fixture *f)
{
	return network_channel(f->net, STR("#a"));
}

static const struct user *user(const struct fixture *f, uint64_t id)
{
	return network_user(f->net, id);
}

static void test_mask_matches(void **state)
{
	static const struct {
		const char *mask;
		bool matches;
	} rows[] = {
		{"plain!*@*", true},
		{"PLAIN!*@*", true},
		{"plain!plain@host.example", true},
		{"*!*@host.example", true},
		{"*!*@192.0.2.*", true},
		{"*!*@198.51.100.*", false},
		{"other!*@*", false},
		{"~a:acc", true},
		{"~a:ACC", true},
		{"~a:a*", true},
		{"~a:", false},
		{"~a:other", false},
		{"~m:plain!*@*", true},
		{"~m:~a:acc", true},
		{"~m:~a:x", false},
		{"~m:other!*@*", false},
		{"~z:plain!*@*", false},
		{"~m:~z:*", false},
		{"", false},
		{"*", true},
		{"~m:", false},
	};
	struct fixture *f = *state;

	fixture_apply(f, rec_account(PLAIN, "acc"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rule_mask_matches(f->net, rows[i].mask, user(f, PLAIN)) != rows[i].matches)
			fail_msg("%s", rows[i].mask);
	}
	assert_false(rule_mask_matches(f->net, "~a:*", user(f, OUTSIDER)));
}

static void test_mask_normalise(void **state)
{
	static const struct {
		const char *typed, *whole; /* NULL: refused */
	} rows[] = {
		{"nick", "nick!*@*"},
		{"user@host", "*!user@host"},
		{"~a:acc", "~a:acc"},
		{"~m:nick", "~m:nick!*@*"},
		{"~m:~a:acc", "~m:~a:acc"},
		{"~user@host", "*!~user@host"},
		{"", NULL},
		{"~z:x", NULL},
		{"~m:", NULL},
		{"~m:~m:x", NULL},
		{"~m:~z:x", NULL},
		{" x", NULL},
		{"nick more", "nick!*@*"},
		{"~a:x y", "~a:x"},
		{"~a:\033[1m", NULL},
		{"~m:~a:x\177", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char memory[256] = {0};
		struct buf b;
		bool valid;

		buf_init(&b, memory, sizeof(memory) - 1);
		valid = rule_mask_normalise(&b, str_of(rows[i].typed));
		if (valid != (rows[i].whole != NULL))
			fail_msg("'%s' is %s", rows[i].typed, valid ? "valid" : "not valid");
		if (valid)
			assert_string_equal(memory, rows[i].whole);
	}
}

/* The order of reasons: banned, invite only, key, limit, account. */
static void test_join(void **state)
{
	struct fixture *f = *state;
	const struct user *u = user(f, OUTSIDER);

	assert_int_equal(rule_join(f->net, chan(f), u, STR_NONE), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "+R +l6 +kkey +i +boutsider!*@*"));
	assert_int_equal(rule_join(f->net, chan(f), u, STR_NONE), REFUSAL_BANNED);
	fixture_apply(f, rec_modes(f, OP, "#a", "+e*!*@192.0.2.7"));
	assert_int_equal(rule_join(f->net, chan(f), u, STR_NONE), REFUSAL_INVITE_ONLY);
	fixture_apply(f, rec_modes(f, OP, "#a", "+Ioutsider!*@*"));
	assert_int_equal(rule_join(f->net, chan(f), u, STR("kez")), REFUSAL_BAD_KEY);
	assert_int_equal(rule_join(f->net, chan(f), u, STR("KEY")), REFUSAL_BAD_KEY);
	assert_int_equal(rule_join(f->net, chan(f), u, STR("key")), REFUSAL_FULL);
	fixture_apply(f, rec_modes(f, OP, "#a", "+l7"));
	assert_int_equal(rule_join(f->net, chan(f), u, STR("key")), REFUSAL_NEED_ACCOUNT);
	fixture_apply(f, rec_account(OUTSIDER, "acc"));
	assert_int_equal(rule_join(f->net, chan(f), u, STR("key")), REFUSAL_NONE);
}

/* An invite lets one past +i and +l, and past nothing else. */
static void test_join_invited(void **state)
{
	struct fixture *f = *state;
	const struct user *u = user(f, OUTSIDER);

	fixture_apply(f, rec_modes(f, OP, "#a", "+i"));
	assert_false(rule_invited(chan(f), u));
	fixture_apply(f, rec_invite(OP, "#a", OUTSIDER));
	assert_true(rule_invited(chan(f), u));
	assert_int_equal(rule_join(f->net, chan(f), u, STR_NONE), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "+kkey"));
	assert_int_equal(rule_join(f->net, chan(f), u, STR_NONE), REFUSAL_BAD_KEY);
	fixture_apply(f, rec_modes(f, OP, "#a", "-k* +l2"));
	assert_int_equal(rule_join(f->net, chan(f), u, STR_NONE), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "+boutsider!*@*"));
	assert_int_equal(rule_join(f->net, chan(f), u, STR_NONE), REFUSAL_BANNED);
}

/* Those who may not let people in by a mode do not let them in by an invite that waits for +i or +l. */
static void test_join_invited_by_anyone(void **state)
{
	static const uint64_t powerless[] = {PLAIN, VOICE};
	struct fixture *f = *state;
	const struct user *u = user(f, OUTSIDER);

	for (size_t i = 0; i < sizeof(powerless) / sizeof(powerless[0]); i++) {
		assert_int_not_equal(strlen(fixture_apply(f, rec_invite(powerless[i], "#a", OUTSIDER))), 0);
		assert_false(rule_invited(chan(f), u));
	}
	fixture_apply(f, rec_modes(f, OP, "#a", "+l2"));
	assert_int_equal(rule_join(f->net, chan(f), u, STR_NONE), REFUSAL_FULL);
	fixture_apply(f, rec_modes(f, OP, "#a", "+i"));
	assert_int_equal(rule_join(f->net, chan(f), u, STR_NONE), REFUSAL_INVITE_ONLY);
	fixture_apply(f, rec_invite(HALFOP, "#a", OUTSIDER));
	assert_int_equal(rule_join(f->net, chan(f), u, STR_NONE), REFUSAL_NONE);
}

/* A mute keeps nobody out, and an exception from a mute lets nobody in. */
static void test_join_mute(void **state)
{
	struct fixture *f = *state;

	fixture_apply(f, rec_modes(f, OP, "#a", "+b~m:outsider!*@*"));
	assert_int_equal(rule_join(f->net, chan(f), user(f, OUTSIDER), STR_NONE), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "+boutsider!*@* +e~m:*!*@*"));
	assert_int_equal(rule_join(f->net, chan(f), user(f, OUTSIDER), STR_NONE), REFUSAL_BANNED);
}

static enum refusal speak(const struct fixture *f, uint64_t id, const char *text)
{
	return rule_speak(f->net, chan(f), user(f, id), str_of(text));
}

static void test_speak(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(speak(f, OUTSIDER, "hi"), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "+n"));
	assert_int_equal(speak(f, OUTSIDER, "hi"), REFUSAL_NO_EXTERNAL);
	assert_int_equal(speak(f, PLAIN, "hi"), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "+m"));
	assert_int_equal(speak(f, PLAIN, "hi"), REFUSAL_MODERATED);
	assert_int_equal(speak(f, VOICE, "hi"), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "-m +b~m:*!*@host.example"));
	assert_int_equal(speak(f, PLAIN, "hi"), REFUSAL_MUTED);
	assert_int_equal(speak(f, VOICE, "hi"), REFUSAL_NONE);
	assert_int_equal(speak(f, OWNER, "hi"), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "+eplain!*@*"));
	assert_int_equal(speak(f, PLAIN, "hi"), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "-eplain!*@* -b~m:*!*@host.example +bplain!*@*"));
	assert_int_equal(speak(f, PLAIN, "hi"), REFUSAL_MUTED);
}

static void test_speak_ctcp(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(speak(f, PLAIN, "\001VERSION\001"), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "+C"));
	assert_int_equal(speak(f, PLAIN, "\001VERSION\001"), REFUSAL_NO_CTCP);
	assert_int_equal(speak(f, OP, "\001PING 1\001"), REFUSAL_NO_CTCP);
	assert_int_equal(speak(f, PLAIN, "\001ACTIONS\001"), REFUSAL_NO_CTCP);
	assert_int_equal(speak(f, PLAIN, "\001ACTION waves\001"), REFUSAL_NONE);
	assert_int_equal(speak(f, PLAIN, "plain"), REFUSAL_NONE);
}

static void test_speak_to(void **state)
{
	struct fixture *f = *state;
	const struct user *target = user(f, PLAIN);

	assert_int_equal(rule_speak_to(target, user(f, OP)), REFUSAL_NONE);
	fixture_apply(f, rec_umodes(PLAIN, USER_REGISTERED_ONLY, 0));
	assert_int_equal(rule_speak_to(target, user(f, OP)), REFUSAL_SPEAK_NEEDS_ACCOUNT);
	assert_int_equal(rule_speak_to(target, target), REFUSAL_NONE);
	fixture_apply(f, rec_override(rec_umodes(OP, USER_OPER, 0)));
	assert_int_equal(rule_speak_to(target, user(f, OP)), REFUSAL_NONE);
	fixture_apply(f, rec_account(VOICE, "acc"));
	assert_int_equal(rule_speak_to(target, user(f, VOICE)), REFUSAL_NONE);
}

static void test_topic(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rule_topic(chan(f), user(f, OUTSIDER)), REFUSAL_NOT_ON_CHANNEL);
	assert_int_equal(rule_topic(chan(f), user(f, PLAIN)), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "+t"));
	assert_int_equal(rule_topic(chan(f), user(f, VOICE)), REFUSAL_NEED_RANK);
	assert_int_equal(rule_topic(chan(f), user(f, HALFOP)), REFUSAL_NONE);
}

static void test_invite(void **state)
{
	struct fixture *f = *state;
	const struct user *target = user(f, OUTSIDER);

	assert_int_equal(rule_invite(chan(f), target, user(f, OP)), REFUSAL_NOT_ON_CHANNEL);
	assert_int_equal(rule_invite(chan(f), user(f, OP), user(f, PLAIN)), REFUSAL_ALREADY_ON_CHANNEL);
	assert_int_equal(rule_invite(chan(f), user(f, PLAIN), target), REFUSAL_NONE);
	fixture_apply(f, rec_modes(f, OP, "#a", "+i"));
	assert_int_equal(rule_invite(chan(f), user(f, PLAIN), target), REFUSAL_NEED_RANK);
	assert_int_equal(rule_invite(chan(f), user(f, HALFOP), target), REFUSAL_NONE);
}

/* Who may kick whom: rows the kicker, columns the target, owner to plain, '.' need rank. */
static void test_kick(void **state)
{
	static const char *const rows[] = {"yyyyyy", ".yyyyy", "..yyyy", "...yyy", "......", "......"};
	struct fixture *f = *state;

	for (uint64_t by = OWNER; by <= PLAIN; by++) {
		for (uint64_t target = OWNER; target <= PLAIN; target++) {
			enum refusal want = rows[by - 1][target - 1] == 'y' ? REFUSAL_NONE : REFUSAL_NEED_RANK;

			if (rule_kick(chan(f), user(f, by), user(f, target)) != want)
				fail_msg("%s kicks %s", user_nick(user(f, by)), user_nick(user(f, target)));
		}
	}
	assert_int_equal(rule_kick(chan(f), user(f, OUTSIDER), user(f, PLAIN)), REFUSAL_NOT_ON_CHANNEL);
	assert_int_equal(rule_kick(chan(f), user(f, OP), user(f, OUTSIDER)), REFUSAL_TARGET_NOT_ON_CHANNEL);
	assert_int_equal(rule_kick(chan(f), user(f, PLAIN), user(f, OUTSIDER)), REFUSAL_NEED_RANK);
}

static enum refusal mode(const struct fixture *f, uint64_t by, bool set, char letter, uint64_t target)
{
	struct mode_op op = {set, letter, target, STR_NONE};

	return rule_mode(chan(f), user(f, by), &op);
}

/* Who may give, from owner to plain; the outsider never. */
static void test_mode_rights(void **state)
{
	static const struct {
		char letter;
		const char *may;
	} rows[] = {
		{'v', "yyyy.."}, {'h', "yyy..."}, {'o', "yyy..."}, {'a', "yy...."}, {'q', "y....."}, {'r', "......"},
		{'i', "yyyy.."}, {'m', "yyyy.."}, {'n', "yyyy.."}, {'t', "yyyy.."}, {'s', "yyyy.."}, {'k', "yyyy.."},
		{'l', "yyyy.."}, {'b', "yyyy.."}, {'e', "yyyy.."}, {'I', "yyyy.."}, {'C', "yyyy.."}, {'R', "yyyy.."},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t target = strchr("vhoaq", rows[i].letter) ? PLAIN : 0;

		for (uint64_t by = OWNER; by <= PLAIN; by++) {
			enum refusal want = rows[i].may[by - 1] == 'y' ? REFUSAL_NONE : REFUSAL_NEED_RANK;

			if (mode(f, by, true, rows[i].letter, target) != want)
				fail_msg("%c by %s", rows[i].letter, user_nick(user(f, by)));
		}
		assert_int_equal(mode(f, OUTSIDER, true, rows[i].letter, target), REFUSAL_NEED_RANK);
	}
}

static void test_mode_targets(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mode(f, OP, true, 'v', OUTSIDER), REFUSAL_TARGET_NOT_ON_CHANNEL);
	assert_int_equal(mode(f, OP, true, 'v', 999), REFUSAL_TARGET_NOT_ON_CHANNEL);
	assert_int_equal(mode(f, PLAIN, true, 'v', OUTSIDER), REFUSAL_NEED_RANK);
	fixture_apply(f, rec_override(rec_modes(f, 0, "#a", "+o1 +o2 +v2")));
	assert_int_equal(mode(f, OP, false, 'o', OWNER), REFUSAL_NEED_RANK);
	assert_int_equal(mode(f, OP, false, 'o', ADMIN), REFUSAL_NEED_RANK);
	assert_int_equal(mode(f, HALFOP, false, 'v', ADMIN), REFUSAL_NEED_RANK);
	assert_int_equal(mode(f, OWNER, false, 'o', ADMIN), REFUSAL_NONE);
	assert_int_equal(mode(f, ADMIN, false, 'a', OWNER), REFUSAL_NEED_RANK);
	/* One's own may always be laid down, and never taken up. */
	assert_int_equal(mode(f, VOICE, false, 'v', VOICE), REFUSAL_NONE);
	assert_int_equal(mode(f, HALFOP, false, 'h', HALFOP), REFUSAL_NONE);
	assert_int_equal(mode(f, HALFOP, true, 'o', HALFOP), REFUSAL_NEED_RANK);
}

static void test_sight(void **state)
{
	struct fixture *f = *state;

	assert_true(rule_sees_channel(chan(f), NULL));
	assert_true(rule_share_channel(user(f, OP), user(f, PLAIN)));
	assert_false(rule_share_channel(user(f, OP), user(f, OUTSIDER)));
	fixture_apply(f, rec_modes(f, OP, "#a", "+s"));
	assert_false(rule_sees_channel(chan(f), NULL));
	assert_false(rule_sees_channel(chan(f), user(f, OUTSIDER)));
	assert_true(rule_sees_channel(chan(f), user(f, PLAIN)));
	fixture_apply(f, rec_join(OUTSIDER, "#b", ""));
	assert_false(rule_share_channel(user(f, OUTSIDER), user(f, PLAIN)));
	fixture_apply(f, rec_join(PLAIN, "#B", ""));
	assert_true(rule_share_channel(user(f, OUTSIDER), user(f, PLAIN)));
}

static enum refusal redact(const struct fixture *f, uint64_t who, struct redaction r, int64_t time)
{
	return rule_redact(f->net, user(f, who), &r, time);
}

/* By the channel that it was said in, by who said it, and when. */
static void test_redact(void **state)
{
	struct fixture *f = *state;
	struct redaction r = {.channel = STR("#a"), .msgid = STR("x"), .author = PLAIN, .said = 1000, .window_ms = 50};

	assert_int_equal(redact(f, PLAIN, r, 1050), REFUSAL_NONE);
	assert_int_equal(redact(f, PLAIN, r, 1051), REFUSAL_REDACT_LATE);
	assert_int_equal(redact(f, VOICE, r, 1000), REFUSAL_REDACT);
	assert_int_equal(redact(f, HALFOP, r, 9000), REFUSAL_NONE);
	assert_int_equal(redact(f, OUTSIDER, r, 1000), REFUSAL_NOT_ON_CHANNEL);
	r.author = OWNER;
	assert_int_equal(redact(f, HALFOP, r, 1000), REFUSAL_REDACT);
	assert_int_equal(redact(f, ADMIN, r, 1000), REFUSAL_REDACT);
	r.author = 99;
	assert_int_equal(redact(f, HALFOP, r, 1000), REFUSAL_NONE);
	r.author = OUTSIDER;
	assert_int_equal(redact(f, OUTSIDER, r, 1000), REFUSAL_NOT_ON_CHANNEL);
	r.channel = STR("#elsewhere");
	assert_int_equal(redact(f, OWNER, r, 1000), REFUSAL_NOT_ON_CHANNEL);
	r.window_ms = 0;
	r.channel = STR_NONE;
	assert_int_equal(redact(f, OUTSIDER, r, 9000), REFUSAL_NONE);
	assert_int_equal(redact(f, OWNER, r, 1000), REFUSAL_REDACT);
}

/* Whoever has the account, and not whoever has the nick, or the id, of somebody who had none. */
static void test_redact_by_account(void **state)
{
	struct fixture *f = *state;
	struct redaction r = {.target = OWNER, .msgid = STR("x"), .author = 99, .account = STR("Acc"), .said = 1000};

	assert_int_equal(redact(f, PLAIN, r, 1000), REFUSAL_REDACT);
	fixture_apply(f, rec_account(PLAIN, "acc"));
	assert_int_equal(redact(f, PLAIN, r, 1000), REFUSAL_NONE);
	r.account = STR("other");
	r.author = PLAIN;
	assert_int_equal(redact(f, PLAIN, r, 1000), REFUSAL_REDACT);
}

/* An account of the same name that is given up, and made anew by somebody else, had other words. */
static void test_redact_by_account_made_later(void **state)
{
	struct fixture *f = *state;
	struct redaction r = {.target = OWNER, .msgid = STR("x"), .author = 99, .account = STR("acc"), .said = 1000};
	struct record made = rec_kept_account(f, "acc", 1, "");

	made.account.created = 1000;
	fixture_apply(f, made);
	fixture_apply(f, rec_account(PLAIN, "acc"));
	assert_int_equal(redact(f, PLAIN, r, 1000), REFUSAL_REDACT);
	r.said++;
	assert_int_equal(redact(f, PLAIN, r, 1001), REFUSAL_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_mask_matches, setup, teardown),
		cmocka_unit_test(test_mask_normalise),
		cmocka_unit_test_setup_teardown(test_join, setup, teardown),
		cmocka_unit_test_setup_teardown(test_join_invited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_join_invited_by_anyone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_join_mute, setup, teardown),
		cmocka_unit_test_setup_teardown(test_speak, setup, teardown),
		cmocka_unit_test_setup_teardown(test_speak_ctcp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_speak_to, setup, teardown),
		cmocka_unit_test_setup_teardown(test_topic, setup, teardown),
		cmocka_unit_test_setup_teardown(test_invite, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kick, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mode_rights, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mode_targets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sight, setup, teardown),
		cmocka_unit_test_setup_teardown(test_redact, setup, teardown),
		cmocka_unit_test_setup_teardown(test_redact_by_account, setup, teardown),
		cmocka_unit_test_setup_teardown(test_redact_by_account_made_later, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
