#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "account/helper.h"
#include "base/mem.h"
#include "fd_count.h"

/* What is said to a helper, and what becomes of what it says; the daemon around it is in tests/irc. */

struct bench {
	struct loop *loop;
	struct helper *helper;
	struct helper_policy policy;
	char folder[32], script[48], command[64];
	int descriptors;
};

struct asked {
	struct helper_question question; /* first */
	int answers;
	enum helper_verdict verdict;
	char account[HELPER_NAME_MAX];
};

static void answered(struct helper_question *q, enum helper_verdict verdict, struct str account)
{
	struct asked *a = (struct asked *)q;

	a->answers++;
	a->verdict = verdict;
	snprintf(a->account, sizeof(a->account), "%.*s", STR_ARG(account));
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->descriptors = fd_count();
	assert_int_equal(loop_new(&b->loop), 0);
	b->helper = helper_new(b->loop);
	strcpy(b->folder, "/tmp/helper-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->script, sizeof(b->script), "%s/script", b->folder);
	snprintf(b->command, sizeof(b->command), "/bin/sh %s", b->script);
	b->policy = (struct helper_policy){.command = b->command, .processes = 1, .queue = 4, .timeout_ms = 20000};
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	helper_free(b->helper);
	loop_free(b->loop);
	unlink(b->script);
	rmdir(b->folder);
	assert_int_equal(fd_count(), b->descriptors);
	free(b);
	return 0;
}

static void write_script(struct bench *b, const char *body)
{
	FILE *f = fopen(b->script, "w");

	assert_non_null(f);
	fputs(body, f);
	fclose(f);
}

static void ask(struct bench *b, struct asked *a, const char *account)
{
	const struct helper_about about = {
		.account = str_of(account), .passphrase = STR("pw"), .address = "192.0.2.1"};

	*a = (struct asked){.question.answered = answered};
	assert_true(helper_write(&a->question, &about));
	assert_true(helper_ask(b->helper, &b->policy, &a->question));
	assert_int_equal(a->answers, 0);
}

static void await(struct bench *b, const struct asked *a)
{
	while (!a->answers)
		assert_int_equal(loop_turn(b->loop, 1000), 0);
}

static void expect(struct bench *b, const char *account, enum helper_verdict verdict, const char *whom)
{
	struct asked a;

	ask(b, &a, account);
	await(b, &a);
	assert_int_equal(a.verdict, verdict);
	assert_string_equal(a.account, whom);
}

static void expect_line(const struct helper_about *about, const char *line)
{
	struct helper_question q;

	assert_true(helper_write(&q, about));
	assert_int_equal(q.size, strlen(line));
	assert_memory_equal(q.line, line, q.size);
}

static void what_it_is_asked(void **state)
{
	struct helper_about about = {.account = STR("ann"), .passphrase = STR("a\"\\\n\xc3\xa4"), .address = "::1"};
	char *large = mem_zalloc(HELPER_LINE_MAX + 1);
	struct helper_question q;

	(void)state;
	expect_line(&about, "{\"account\":\"ann\",\"accountName\":\"ann\",\"passphrase\":\"a\\\"\\\\\\u000a\xc3\xa4\","
			    "\"ip\":\"::1\"}\n");
	about = (struct helper_about){.certfp = "00ff", .address = "localhost"};
	expect_line(&about, "{\"certfp\":\"00ff\",\"ip\":\"localhost\"}\n");
	about = (struct helper_about){.token = STR("t.o-k_n"), .address = "localhost"};
	expect_line(&about, "{\"oauth2\":{\"token\":\"t.o-k_n\"},\"ip\":\"localhost\"}\n");
	about.account = STR("ann");
	expect_line(&about, "{\"account\":\"ann\",\"accountName\":\"ann\",\"oauth2\":{\"token\":\"t.o-k_n\"},"
			    "\"ip\":\"localhost\"}\n");
	/* What does not fit is not cut, and what is no text is not said. */
	memset(large, 'x', HELPER_LINE_MAX);
	about.token = (struct str){large, HELPER_LINE_MAX};
	assert_false(helper_write(&q, &about));
	about.token = STR("\xff");
	assert_false(helper_write(&q, &about));
	about = (struct helper_about){.account = STR("\xff"), .passphrase = STR("x"), .address = ""};
	assert_false(helper_write(&q, &about));
	mem_free(large);
}

static void what_it_answers(void **state)
{
	struct bench *b = *state;

	write_script(b, "while read -r line; do case $line in\n"
			"*yes*) echo '{\"success\":true,\"account\":\"Ann\",\"error\":\"\"}';;\n"
			"*name*) echo '{\"success\":true,\"accountName\":\"Bob\"}';;\n"
			"*null*) echo '{\"success\":true,\"account\":null}';;\n"
			"*bare*) echo '{\"success\":true}';;\n"
			"*) echo '{\"success\":false,\"account\":\"Ann\"}';;\n"
			"esac; done\n");
	expect(b, "yes", HELPER_YES, "Ann");
	expect(b, "name", HELPER_YES, "Bob");
	expect(b, "null", HELPER_YES, "");
	expect(b, "bare", HELPER_YES, "");
	expect(b, "no", HELPER_NO, "");
	expect(b, "yes", HELPER_YES, "Ann");
}

static void what_is_no_answer(void **state)
{
	static const char *const answers[] = {
		"yes",
		"{}",
		"{\"success\":1}",
		"{\"success\":\"true\"}",
		"{\"success\":true,\"success\":true}",
		"{\"success\":true,\"account\":7}",
		"{\"success\":true,\"account\":\"a\\u0000b\"}",
	};
	char body[200];

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		void *own = NULL;

		setup(&own);
		snprintf(body, sizeof(body), "read -r line; echo '%s'; read -r line\n", answers[i]);
		write_script(own, body);
		expect(own, "ann", HELPER_BROKEN, "");
		teardown(&own);
	}
}

static void one_that_ends(void **state)
{
	struct bench *b = *state;

	write_script(b, "exit 3\n");
	expect(b, "ann", HELPER_BROKEN, "");
	/* Not started again at once. */
	write_script(b, "read -r line; echo '{\"success\":true}'\n");
	b->policy.timeout_ms = 10;
	expect(b, "ann", HELPER_BROKEN, "");
}

/* It answers once and ends well: the next one is asked of another. */
static void one_answer_each(void **state)
{
	struct bench *b = *state;

	write_script(b, "read -r line; echo '{\"success\":true,\"account\":\"ann\"}'\n");
	for (int i = 0; i < 5; i++)
		expect(b, "ann", HELPER_YES, "ann");
}

static void one_that_says_nothing(void **state)
{
	struct bench *b = *state;

	write_script(b, "read -r line; exec sleep 1000\n");
	b->policy.timeout_ms = 50;
	expect(b, "ann", HELPER_BROKEN, "");
}

static void the_queue(void **state)
{
	struct bench *b = *state;
	struct asked asked[4], more = {.question.answered = answered};

	write_script(b, "read -r line; exec sleep 1000\n");
	b->policy.queue = 2;
	ask(b, &asked[0], "first");
	while (asked[0].question.waits)
		assert_int_equal(loop_turn(b->loop, 1000), 0);
	ask(b, &asked[1], "second");
	ask(b, &asked[2], "third");
	assert_true(helper_write(&more.question, &(struct helper_about){.passphrase = STR("x"), .address = ""}));
	assert_false(helper_ask(b->helper, &b->policy, &more.question));
	/* Whoever is left hears at the end, once. */
	helper_free(b->helper);
	b->helper = NULL;
	assert_int_equal(more.answers, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(asked[i].answers, 1);
		assert_int_equal(asked[i].verdict, HELPER_BROKEN);
	}
}

static void nobody_to_ask(void **state)
{
	struct bench *b = *state;
	struct asked a = {.question.answered = answered};

	b->policy.command = NULL;
	assert_true(helper_write(&a.question, &(struct helper_about){.passphrase = STR("x"), .address = ""}));
	assert_false(helper_ask(b->helper, &b->policy, &a.question));
}

/* What was said is forgotten when it is answered. */
static void no_secret_is_left(void **state)
{
	static const char nothing[HELPER_LINE_MAX];
	struct bench *b = *state;
	struct asked a;

	write_script(b, "read -r line; echo '{\"success\":true}'\n");
	ask(b, &a, "ann");
	await(b, &a);
	assert_memory_equal(a.question.line, nothing, sizeof(nothing));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_is_asked),
		TEST(what_it_answers),
		cmocka_unit_test(what_is_no_answer),
		TEST(one_that_ends),
		TEST(one_answer_each),
		TEST(one_that_says_nothing),
		TEST(the_queue),
		TEST(nobody_to_ask),
		TEST(no_secret_is_left),
	};

	/* As in the daemon: what has ended does not listen. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
