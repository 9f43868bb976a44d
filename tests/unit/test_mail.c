#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "account/mail.h"
#include "fd_count.h"
#include "loop/loop.h"

struct bench {
	struct loop *loop;
	struct mailer *mailer;
	struct mail_policy policy;
	char folder[32], script[48], command[64], box[48];
	int descriptors;
};

struct sent {
	struct mail mail; /* first */
	int ends;
	char why[200]; /* "": it was handed over */
};

static void done(struct mail *m, const char *why)
{
	struct sent *s = (struct sent *)m;

	s->ends++;
	snprintf(s->why, sizeof(s->why), "%s", why ? why : "");
}

static int setup(void **state)
{
	static char from[] = "chat@example.org";
	struct bench *b = calloc(1, sizeof(*b));

	b->descriptors = fd_count();
	assert_int_equal(loop_new(&b->loop), 0);
	b->mailer = mailer_new(b->loop);
	strcpy(b->folder, "/tmp/mail-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->script, sizeof(b->script), "%s/script", b->folder);
	snprintf(b->box, sizeof(b->box), "%s/box", b->folder);
	snprintf(b->command, sizeof(b->command), "/bin/sh %s", b->script);
	b->policy = (struct mail_policy){.command = b->command, .from = from, .timeout_ms = 20000};
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	mailer_free(b->mailer);
	loop_free(b->loop);
	unlink(b->script);
	unlink(b->box);
	rmdir(b->folder);
	assert_int_equal(fd_count(), b->descriptors);
	free(b);
	return 0;
}

/* $1 of it is the box. */
static void write_script(struct bench *b, const char *body)
{
	FILE *f = fopen(b->script, "w");

	assert_non_null(f);
	fprintf(f, "box=%s\n%s", b->box, body);
	fclose(f);
}

static void make(struct sent *s, const char *to)
{
	*s = (struct sent){.mail = {.subject = "A code", .host = "irc.example.org", .done = done}};
	snprintf(s->mail.to, sizeof(s->mail.to), "%s", to);
	snprintf(s->mail.text, sizeof(s->mail.text), "The code is 1234\n");
}

static void await(struct bench *b, const struct sent *s)
{
	while (!s->ends)
		assert_int_equal(loop_turn(b->loop, 1000), 0);
}

static void addresses(void **state)
{
	static const char *const good[] = {"a@b.c", "ann.smith+irc@mail.example.org", "o'neil@example.org", "1@2.3"};
	static const char *const wrong[] = {
		"", "ann", "@b.c", "ann@", "ann@localhost", "ann@b.c.", "ann@.b.c", "ann@-b.c", "ann@b-.c",
		".ann@b.c", "ann.@b.c", "a..b@b.c", "-ann@b.c", "|ann@b.c", "ann@b.c,bob@b.c", "ann@b.c\nTo: x",
		"ann@b.c ", "an n@b.c", "<ann@b.c>", "\"ann\"@b.c", "ann@[127.0.0.1]", "ann%b@c.d", "ann@b@c.d",
		"ann@b\xc3\xa4.c", "ann!bob@c.d",
	};
	char large[MAIL_ADDRESS_MAX + 20];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!mail_address_valid(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (mail_address_valid(wrong[i]))
			fail_msg("%s", wrong[i]);
	memset(large, 'a', sizeof(large));
	memcpy(large + 64, "@b", 2);
	memcpy(large + 100, ".", 1);
	memcpy(large + 150, ".", 1);
	large[MAIL_ADDRESS_MAX] = '\0';
	assert_true(mail_address_valid(large));
	large[MAIL_ADDRESS_MAX] = 'a';
	large[MAIL_ADDRESS_MAX + 1] = '\0';
	assert_false(mail_address_valid(large));
}

static void what_the_command_gets(void **state)
{
	struct bench *b = *state;
	char text[4000];
	struct sent s;
	size_t n;
	FILE *f;

	write_script(b, "exec cat > $box\n");
	make(&s, "ann@example.net");
	assert_true(mailer_send(b->mailer, &b->policy, &s.mail));
	await(b, &s);
	assert_string_equal(s.why, "");
	f = fopen(b->box, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	assert_non_null(strstr(text, "From: <chat@example.org>\nTo: <ann@example.net>\nSubject: A code\nDate: "));
	assert_non_null(strstr(text, "@irc.example.org>\n"));
	assert_non_null(strstr(text, "\nAuto-Submitted: auto-generated\n"));
	assert_non_null(strstr(text, "\n\nThe code is 1234\n"));
}

static void one_after_the_other(void **state)
{
	struct bench *b = *state;
	struct sent s[5];
	char text[100];
	FILE *f;

	write_script(b, "sed -n 's/^To: //p' >> $box\n");
	for (int i = 0; i < 5; i++) {
		char to[32];

		snprintf(to, sizeof(to), "n%d@example.net", i);
		make(&s[i], to);
		assert_true(mailer_send(b->mailer, &b->policy, &s[i].mail));
	}
	await(b, &s[4]);
	f = fopen(b->box, "r");
	assert_non_null(f);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(s[i].ends, 1);
		assert_non_null(fgets(text, sizeof(text), f));
		assert_int_equal(text[2], '0' + i);
	}
	fclose(f);
}

static void how_it_fails(void **state)
{
	struct bench *b = *state;
	struct sent s;

	write_script(b, "cat > /dev/null; exit 75\n");
	make(&s, "ann@example.net");
	assert_true(mailer_send(b->mailer, &b->policy, &s.mail));
	await(b, &s);
	assert_string_equal(s.why, "the command ended with 75");
	write_script(b, "cat > /dev/null; kill -9 $$\n");
	make(&s, "ann@example.net");
	assert_true(mailer_send(b->mailer, &b->policy, &s.mail));
	await(b, &s);
	assert_string_equal(s.why, "the command was ended");
	write_script(b, "exec sleep 1000\n");
	b->policy.timeout_ms = 50;
	make(&s, "ann@example.net");
	assert_true(mailer_send(b->mailer, &b->policy, &s.mail));
	await(b, &s);
	assert_string_equal(s.why, "the command took too long");
}

static void none_are_sent_without_a_sender(void **state)
{
	struct bench *b = *state;
	struct mail_policy p = b->policy;
	struct sent s;

	make(&s, "ann@example.net");
	p.from = NULL;
	assert_false(mail_possible(&p) || mailer_send(b->mailer, &p, &s.mail));
	p = b->policy;
	p.command = NULL;
	assert_false(mail_possible(&p) || mailer_send(b->mailer, &p, &s.mail));
	assert_int_equal(s.ends, 0);
}

static void the_queue_and_the_end(void **state)
{
	struct bench *b = *state;
	struct sent *s = calloc(MAIL_QUEUE_MAX + 2, sizeof(*s));

	write_script(b, "exec sleep 1000\n");
	for (int i = 0; i < MAIL_QUEUE_MAX + 2; i++)
		make(&s[i], "ann@example.net");
	/* One is under way, and so many wait. */
	for (int i = 0; i < MAIL_QUEUE_MAX + 1; i++)
		assert_true(mailer_send(b->mailer, &b->policy, &s[i].mail));
	assert_false(mailer_send(b->mailer, &b->policy, &s[MAIL_QUEUE_MAX + 1].mail));
	mailer_free(b->mailer);
	b->mailer = NULL;
	for (int i = 0; i < MAIL_QUEUE_MAX + 1; i++) {
		assert_int_equal(s[i].ends, 1);
		assert_string_equal(s[i].why, "the server is ending");
	}
	assert_int_equal(s[MAIL_QUEUE_MAX + 1].ends, 0);
	free(s);
}

/* A relay that nobody is at, or that this program cannot speak to: a sentence says so, and the loop goes on. */
static void a_relay_that_is_none(void **state)
{
	static char relay[] = "smtp://127.0.0.1:1";
	struct bench *b = *state;
	struct sent s;

	b->policy.command = NULL;
	b->policy.relay = relay;
	make(&s, "ann@example.net");
	assert_true(mailer_send(b->mailer, &b->policy, &s.mail));
	await(b, &s);
	assert_true(s.why[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		TEST(what_the_command_gets),
		TEST(one_after_the_other),
		TEST(how_it_fails),
		TEST(none_are_sent_without_a_sender),
		TEST(the_queue_and_the_end),
		TEST(a_relay_that_is_none),
	};

	/* As in the daemon: what has ended does not listen. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
