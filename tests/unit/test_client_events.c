#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "chat-client/client.h"
#include "chat-client/events.h"

/* What a client that is "me" in #lobby reads. NULL: nothing. */
static void check_event(const char *raw, const char *wanted, enum screen_stream wanted_stream)
{
	struct client c = {.state = CLIENT_READY, .nick = "me", .target = "#lobby", .casemap = CASEMAP_ASCII};
	enum screen_stream stream;
	char memory[1024];
	struct line line;
	struct buf b;

	assert_int_equal(line_parse(&line, str_of(raw), LINE_TAGS_MAX), LINE_OK);
	buf_init(&b, memory, sizeof(memory) - 1);
	if (!wanted) {
		assert_false(events_describe(&c, &line, &b, &stream));
		return;
	}
	assert_true(events_describe(&c, &line, &b, &stream));
	memory[b.n] = '\0';
	assert_string_equal(memory, wanted);
	assert_int_equal(stream, wanted_stream);
}

static void test_messages(void **state)
{
	(void)state;
	check_event(":ana!u@h PRIVMSG #lobby :hi", "<ana> hi", SCREEN_MESSAGES);
	check_event(":ana!u@h PRIVMSG #other :hi", "#other <ana> hi", SCREEN_MESSAGES);
	check_event(":ana!u@h PRIVMSG @#lobby :hi", "@#lobby <ana> hi", SCREEN_MESSAGES);
	check_event(":ana!u@h PRIVMSG me :hi", "*ana* hi", SCREEN_MESSAGES);
	check_event(":me!u@h PRIVMSG ana :hi", "*-> ana* hi", SCREEN_MESSAGES);
	check_event(":ana!u@h NOTICE #lobby :hi", "-ana- hi", SCREEN_MESSAGES);
	check_event(":irc.test NOTICE * :*** Looking up", "* *** Looking up", SCREEN_REST);
	check_event(":ana!u@h PRIVMSG #lobby :\1ACTION waves\1", "* ana waves", SCREEN_MESSAGES);
	check_event(":ana!u@h PRIVMSG #lobby :\1ACTION\1", "* ana ", SCREEN_MESSAGES);
	check_event(":ana!u@h PRIVMSG me :\1VERSION\1", "* CTCP from ana: VERSION ", SCREEN_REST);
	check_event(":ana!u@h PRIVMSG #lobby :\1", "<ana> \1", SCREEN_MESSAGES);
	check_event(":ana!u@h PRIVMSG #lobby :", "<ana> ", SCREEN_MESSAGES);
	check_event("PRIVMSG #lobby :x", "<> x", SCREEN_MESSAGES);
}

static void test_events(void **state)
{
	(void)state;
	check_event(":ana!u@h JOIN #lobby", "* ana (u@h) joined #lobby", SCREEN_REST);
	check_event(":ana!u@h PART #lobby", "* ana left #lobby", SCREEN_REST);
	check_event(":ana!u@h PART #lobby :bye", "* ana left #lobby: bye", SCREEN_REST);
	check_event(":ana!u@h QUIT :bye", "* ana quit: bye", SCREEN_REST);
	check_event(":me!u@h NICK mine", "* you are mine now", SCREEN_REST);
	check_event(":ana!u@h KICK #lobby me :why", "* ana kicked you out of #lobby: why", SCREEN_REST);
	check_event(":ana!u@h TOPIC #lobby :", "* ana took the topic of #lobby away", SCREEN_REST);
	check_event(":ana!u@h MODE #lobby +ov a b", "* ana set mode +ov a b on #lobby", SCREEN_REST);
	/* what ends the connection is told with its end */
	check_event("ERROR :bye", NULL, SCREEN_ERRORS);
	check_event(":s 465 me :You are banned", NULL, SCREEN_ERRORS);
	check_event("FAIL JOIN CODE #x :no", "! JOIN: #x no", SCREEN_ERRORS);
	check_event(":s PING x", NULL, SCREEN_REST);
	check_event("PART", NULL, SCREEN_REST);
	check_event("TAGMSG #lobby", NULL, SCREEN_REST);
}

static void test_numerics(void **state)
{
	(void)state;
	check_event(":s 332 me #lobby :the topic", "* topic of #lobby: the topic", SCREEN_REST);
	check_event(":s 353 me = #lobby :@a b", "* in #lobby: @a b", SCREEN_REST);
	check_event(":s 366 me #lobby :End", NULL, SCREEN_REST);
	check_event(":s 404 me #lobby :Cannot send", "! #lobby Cannot send", SCREEN_ERRORS);
	check_event(":s 372 me :- motd", "* - motd", SCREEN_REST);
	check_event(":s 317 me ana 3725 x :seconds", "* ana has said nothing for 1h 2m, came x", SCREEN_REST);
	check_event(":s 352 me #c u h s ana H@ :0 Ana M.", "* ana (u@h) in #c, H@: Ana M.", SCREEN_REST);
	/* fewer parameters than its words need: as they are */
	check_event(":s 317 me ana", "* ana", SCREEN_REST);
	check_event(":s 404", "! ", SCREEN_ERRORS);
	check_event(":s 433 me ana :in use", "! the nick ana is in use", SCREEN_ERRORS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_numerics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
