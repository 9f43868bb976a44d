#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "command/command.h"
#include "command/help_topics.h"

/* ":server 705 nick TOPIC :" and CR LF leave that much of a line, with the longest names there are. */
enum { TEXT_MAX = 512 - 2 - 64 - 32 - 20 };

static void every_command_has_a_topic(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count(); i++) {
		if (!help_find(command_nth(i)->name))
			fail_msg("HELP does not know %s", command_nth(i)->name);
	}
}

static void every_topic_is_a_command(void **state)
{
	size_t count;
	const struct help_topic *topic = help_topics(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		if (!command_find(topic[i].name))
			fail_msg("HELP explains %s, which does not exist", topic[i].name);
	}
}

static void topics_are_sorted_and_fit(void **state)
{
	size_t count;
	const struct help_topic *topic = help_topics(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct str rest = str_of(topic[i].text), line;

		assert_true(i == 0 || strcmp(topic[i - 1].name, topic[i].name) < 0);
		assert_true(strncmp(topic[i].syntax, topic[i].name, strlen(topic[i].name)) == 0);
		assert_true(rest.n > 0 && rest.p[rest.n - 1] == '\n');
		while (str_split(&rest, '\n', &line))
			assert_true(line.n <= TEXT_MAX);
	}
}

static void names_are_found_without_their_case(void **state)
{
	(void)state;
	assert_string_equal(help_find("join")->name, "JOIN");
	assert_null(help_find("joi"));
	assert_null(help_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_has_a_topic),
		cmocka_unit_test(every_topic_is_a_command),
		cmocka_unit_test(topics_are_sorted_and_fit),
		cmocka_unit_test(names_are_found_without_their_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
