#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/past_events.h"
#include "network_fixture.h"

struct noting {
	struct fixture f;
	struct past_events past;
};

static void note(void *ctx, const struct change *c)
{
	past_events_note(ctx, c);
}

static void apply(struct noting *n, struct record r)
{
	const struct change_sink sink = {note, &n->past};

	r.time = 5000;
	r.msgid = STR("id");
	network_apply(n->f.net, &r, &sink);
}

/* All events as "kind channel by target text; ", which are taken out by it. */
static const char *taken(struct noting *n, char out[1024])
{
	static const char *const kinds[] = {"JOIN", "PART", "QUIT", "KICK", "NICK", "MODE", "TOPIC"};
	struct past_event *e;
	struct buf b;

	buf_init(&b, out, 1023);
	while ((e = past_events_take(&n->past))) {
		const struct record *r = past_event_record(e);

		assert_int_equal(r->type, RECORD_EVENT);
		assert_int_equal(r->time, 5000);
		assert_true(str_eq(r->msgid, STR("id")));
		buf_fmt(&b, "%s %.*s %.*s %.*s %.*s; ", kinds[r->event.kind], STR_ARG(r->event.channel),
			STR_ARG(r->event.by), STR_ARG(r->event.target), STR_ARG(r->event.text));
		past_event_free(e);
	}
	out[b.n] = '\0';
	return out;
}

static void expect(struct noting *n, const char *events)
{
	char text[1024];

	assert_string_equal(taken(n, text), events);
}

#define ANN "ann!ann@host.example"
#define BOB "bob!bob@host.example"

static void begin(struct noting *n)
{
	memset(n, 0, sizeof(*n));
	fixture_init(&n->f, 1);
	apply(n, rec_user(1, "ann"));
	apply(n, rec_user(2, "bob"));
	expect(n, "");
	apply(n, rec_join(1, "#a", NULL));
	apply(n, rec_join(1, "#b", NULL));
	apply(n, rec_join(2, "#a", NULL));
}

static void end(struct noting *n)
{
	past_events_deinit(&n->past);
	fixture_deinit(&n->f);
}

static void test_coming_and_going(void **state)
{
	struct noting n;
	char text[1024];

	(void)state;
	begin(&n);
	taken(&n, text);
	assert_non_null(strstr(text, "JOIN #a " ANN));
	assert_non_null(strstr(text, "JOIN #b " ANN));
	assert_non_null(strstr(text, "JOIN #a " BOB));
	apply(&n, rec_nick(1, "eve"));
	expect(&n, "NICK #a " ANN "  eve; NICK #b " ANN "  eve; ");
	apply(&n, rec_topic(1, "#a", "on topic"));
	expect(&n, "TOPIC #a eve!ann@host.example  on topic; ");
	apply(&n, rec_quit(1, "bye"));
	expect(&n, "QUIT #a eve!ann@host.example  bye; QUIT #b eve!ann@host.example  bye; ");
	end(&n);
}

/* What those who were there were not told, those who come later are not told either. */
static void test_auditorium(void **state)
{
	struct noting n;
	char text[1024];

	(void)state;
	begin(&n);
	apply(&n, rec_modes(&n.f, 1, "#a", "+uv2-v2"));
	taken(&n, text);
	assert_non_null(strstr(text, "MODE #a " ANN "  +u; "));
	apply(&n, rec_nick(2, "new"));
	apply(&n, rec_quit(2, "bye"));
	expect(&n, "");
	end(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_coming_and_going), cmocka_unit_test(test_auditorium)};

	return cmocka_run_group_tests_name("past_events", tests, NULL, NULL);
}
