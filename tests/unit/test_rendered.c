#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fanout/rendered.h"
#include "network_fixture.h"

#define ALL (CAP_BIT(CAP_COUNT) - 1)

typedef void (*look_fn)(struct rendered *r, const struct render_context *ctx, const struct change *c);

struct bench {
	struct fixture f;
	struct render_context ctx;
	struct rendered *r;
	look_fn look;
};

static void tell(void *ctx, const struct change *c)
{
	struct bench *b = ctx;

	rendered_begin(b->r, &b->ctx, c);
	b->look(b->r, &b->ctx, c);
}

static int set_up(void **state)
{
	static const char *const nicks[] = {"ann", "bob", NULL};
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	fixture_init(&b->f, 1);
	fixture_people(&b->f, nicks);
	fixture_apply(&b->f, rec_account(1, "anna"));
	b->f.sink = (struct change_sink){tell, b};
	b->ctx = (struct render_context){"chat.example", b->f.net};
	b->r = rendered_new();
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	rendered_free(b->r);
	rendered_free(NULL);
	fixture_deinit(&b->f);
	free(b);
	return 0;
}

static void look_at(struct bench *b, struct record r, look_fn look)
{
	b->look = look;
	fixture_apply(&b->f, r);
}

/* The bytes for caps are those that render_lines makes. */
static struct str checked(struct rendered *r, const struct render_context *ctx, const struct change *c, cap_set caps)
{
	static char memory[16 << 10];
	struct str got = rendered_for(r, caps);
	struct buf want;

	buf_init(&want, memory, sizeof(memory));
	render_lines(&want, ctx, c, caps);
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, want.n);
	return got;
}

static void compare_sets(struct rendered *r, const struct render_context *ctx, const struct change *c)
{
	struct str plain = checked(r, ctx, c, 0), full = checked(r, ctx, c, ALL);

	assert_ptr_equal(rendered_for(r, 0).p, plain.p);
	assert_ptr_equal(rendered_for(r, ALL).p, full.p);
	assert_ptr_equal(rendered_for(r, CAP_BIT(CAP_BATCH) | CAP_BIT(CAP_MULTI_PREFIX)).p, plain.p);
	assert_ptr_equal(rendered_for(r, ALL & ~CAP_BIT(CAP_ECHO_MESSAGE)).p, full.p);
	assert_ptr_not_equal(plain.p, full.p);
}

static void equal_sets_get_the_same_bytes(void **state)
{
	look_at(*state, rec_say(1, "#a", "hello"), compare_sets);
	look_at(*state, rec_join(1, "#b", ""), compare_sets);
	look_at(*state, rec_topic(1, "#a", "hello"), compare_sets);
}

/* Every set of those that matter, each made once, and none in the way of another. */
static void make_all_sets(struct rendered *r, const struct render_context *ctx, const struct change *c)
{
	static const enum cap caps[] = {CAP_MESSAGE_TAGS, CAP_SERVER_TIME, CAP_ACCOUNT_TAG, CAP_EXTENDED_JOIN,
					CAP_BATCH,        CAP_AWAY_NOTIFY, CAP_SETNAME};
	enum { SETS = 1 << 7 };
	struct str first[SETS];

	for (int round = 0; round < 2; round++) {
		for (int set = 0; set < SETS; set++) {
			cap_set wanted = 0;

			for (int bit = 0; bit < 7; bit++)
				wanted |= set >> bit & 1 ? CAP_BIT(caps[bit]) : 0;
			if (round == 0)
				first[set] = checked(r, ctx, c, wanted);
			assert_ptr_equal(rendered_for(r, wanted).p, first[set].p);
			assert_memory_equal(rendered_for(r, wanted).p, checked(r, ctx, c, wanted).p, first[set].n);
		}
	}
}

static void all_sets_fit(void **state)
{
	struct record r = rec_say(1, "#a", "hello");
	char tags[4095];

	look_at(*state, r, make_all_sets);
	look_at(*state, rec_join(1, "#b", ""), make_all_sets);
	look_at(*state, rec_away(1, "x"), make_all_sets);
	memset(tags, 'x', sizeof(tags));
	tags[0] = '+';
	r.message.tags = (struct str){tags, sizeof(tags)};
	look_at(*state, r, make_all_sets);
}

/* More than there is room for: what is asked for last is right, whatever was forgotten for it. */
static void ask_often(struct rendered *r, const struct render_context *ctx, const struct change *c)
{
	uint32_t random = 3;

	for (int i = 0; i < 500; i++) {
		random = random * 1103515245 + 12345;
		checked(r, ctx, c, random >> 8 & ALL);
	}
}

static void the_longest_tags(void **state)
{
	struct record r = rec_say(1, "#a", "hello");
	static char tags[8000];

	memset(tags, 'x', sizeof(tags));
	tags[0] = '+';
	r.message.tags = (struct str){tags, sizeof(tags)};
	look_at(*state, r, ask_often);
}

static void render_nothing(struct rendered *r, const struct render_context *ctx, const struct change *c)
{
	assert_int_equal(checked(r, ctx, c, 0).n, 0);
	assert_int_equal(checked(r, ctx, c, CAP_BIT(CAP_SERVER_TIME)).n, 0);
	assert_true(checked(r, ctx, c, CAP_BIT(CAP_SETNAME)).n > 0);
}

static void who_gets_nothing(void **state)
{
	look_at(*state, rec_realname(1, "Ann"), render_nothing);
}

static void begin_forgets(struct rendered *r, const struct render_context *ctx, const struct change *c)
{
	struct change other = *c;

	checked(r, ctx, c, 0);
	other.type = CHANGE_AWAY;
	other.text = STR("gone");
	rendered_begin(r, ctx, &other);
	assert_int_equal(checked(r, ctx, &other, 0).n, 0);
	assert_true(str_starts(checked(r, ctx, &other, CAP_BIT(CAP_AWAY_NOTIFY)),
			       STR(":ann!ann@host.example AWAY :gone\r\n")));
}

static void another_change_is_another(void **state)
{
	look_at(*state, rec_join(1, "#b", ""), begin_forgets);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_sets_get_the_same_bytes), TEST(all_sets_fit), TEST(the_longest_tags), TEST(who_gets_nothing),
		TEST(another_change_is_another),
	};

	return cmocka_run_group_tests_name("rendered", tests, NULL, NULL);
}
