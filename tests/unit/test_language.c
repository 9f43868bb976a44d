#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/language.h"
#include "session/phrases.h"
#include "session/reply.h"
#include "session_fixture.h"

static enum language spanish(void)
{
	enum language language;

	assert_true(language_find(STR("es"), &language));
	return language;
}

static void languages_have_codes(void **state)
{
	enum language language;
	char text[64];
	struct buf b;

	(void)state;
	assert_true(language_find(STR("EN"), &language));
	assert_int_equal(language, LANGUAGE_ENGLISH);
	assert_true(language_find(STR("ES"), &language));
	assert_string_equal(language_code(language), "es");
	assert_false(language_find(STR("e"), &language));
	assert_false(language_find(STR("esp"), &language));
	assert_false(language_find(STR_NONE, &language));
	assert_null(language_code(LANGUAGE_MAX));
	buf_init(&b, text, sizeof(text));
	language_list(&b);
	assert_true(str_starts(buf_view(&b), STR("en, es")));
}

static void every_phrase_is_found(void **state)
{
	size_t languages;
	const struct phrases *all = phrases_all(&languages);

	(void)state;
	assert_true(languages >= 1 && languages < LANGUAGE_MAX);
	for (size_t i = 0; i < languages; i++) {
		assert_true(all[i].count > 0);
		for (size_t k = 0; k < all[i].count; k++) {
			const char *said = language_words((enum language)(i + 1), all[i].rows[k].english);

			assert_ptr_equal(said, all[i].rows[k].other);
		}
	}
}

static void what_is_not_translated_stays(void **state)
{
	static const char text[] = "Nobody ever says this %s", known[] = "There is no such account.";

	(void)state;
	assert_ptr_equal(language_words(spanish(), text), text);
	assert_ptr_equal(language_words(LANGUAGE_ENGLISH, known), known);
	assert_ptr_equal(language_words(LANGUAGE_MAX, known), known);
	assert_string_equal(language_words(spanish(), known), "No existe esa cuenta.");
}

static unsigned of_account;

static unsigned host_language(void *ctx, const struct session *s)
{
	(void)ctx;
	(void)s;
	return of_account;
}

/* What a session chose, else what its account did, else the server's. */
static void the_nearest_choice_counts(void **state)
{
	struct stage st;
	struct session *s;

	(void)state;
	stage_init(&st, NULL);
	stage_add(&st);
	stage_register(&st, 0, "ann");
	s = stage_session(&st, 0);
	assert_int_equal(session_language(s), LANGUAGE_ENGLISH);
	st.server.language = spanish();
	assert_int_equal(session_language(s), spanish());
	st.hub.host.language = host_language;
	of_account = 1 + LANGUAGE_ENGLISH;
	assert_int_equal(session_language(s), LANGUAGE_ENGLISH);
	s->language = (uint8_t)(1 + spanish());
	assert_int_equal(session_language(s), spanish());
	s->language = 0;
	of_account = 0;
	st.hub.host.language = NULL;
	stage_deinit(&st);
}

static void notices_and_failures_are_translated(void **state)
{
	struct stage st;
	struct session *s;

	(void)state;
	stage_init(&st, NULL);
	stage_add(&st);
	stage_register(&st, 0, "ann");
	s = stage_session(&st, 0);
	reply_notice(s, "Usage: %s %s", "A", "b");
	s->language = (uint8_t)(1 + spanish());
	reply_notice(s, "Usage: %s %s", "A", "b");
	reply_fail(s, "X", "Y", NULL, "There is no such account");
	reply_server(s, "X :%s", reply_words(s, "There is no such account"));
	assert_string_equal(stage_heard(&st, 0), ":chat.example NOTICE ann :Usage: A b\n"
						 ":chat.example NOTICE ann :Uso: A b\n"
						 ":chat.example FAIL X Y :No existe esa cuenta\n"
						 ":chat.example X :No existe esa cuenta\n");
	stage_deinit(&st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(languages_have_codes),
		cmocka_unit_test(every_phrase_is_found),
		cmocka_unit_test(what_is_not_translated_stays),
		cmocka_unit_test(the_nearest_choice_counts),
		cmocka_unit_test(notices_and_failures_are_translated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
