#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "chatd/outgoing_block.h"
#include "chatd/outgoing_body.h"
#include "chatd/outgoing_queue.h"

static void kinds(void **state)
{
	uint32_t found = 0;
	struct str bad;

	(void)state;
	assert_true(outgoing_kinds_parse(STR("message, bans  join,"), &found, &bad));
	assert_int_equal(found, OUTGOING_BIT(OUTGOING_MESSAGE) | OUTGOING_BIT(OUTGOING_JOIN) |
					OUTGOING_BIT(OUTGOING_SERVER + NOTICE_BANS));
	assert_false(outgoing_kinds_parse(STR("join messages"), &found, &bad));
	assert_true(str_eq(bad, STR("messages")));
	for (int i = 0; i < OUTGOING_KINDS; i++) {
		assert_non_null(outgoing_kind_name(i));
		assert_true(outgoing_kinds_parse(str_of(outgoing_kind_name(i)), &found, &bad));
		assert_int_equal(found, OUTGOING_BIT(i));
	}
}

static void keys(void **state)
{
	unsigned char key[OUTGOING_KEY_MAX];
	size_t size;

	(void)state;
	assert_true(outgoing_key(STR("sixteen bytes or"), key, &size));
	assert_int_equal(size, 16);
	assert_true(outgoing_key(STR("whsec_AAEC"), key, &size));
	assert_int_equal(size, 3);
	assert_memory_equal(key, "\0\1\2", 3);
	assert_false(outgoing_key(STR("whsec_"), key, &size));
	assert_false(outgoing_key(STR("whsec_AAE"), key, &size));
}

static void add(struct outgoing_queue *q, const char *text, uint32_t max, uint32_t dropped)
{
	assert_int_equal(outgoing_queue_add(q, mem_strdup(text), max), dropped);
}

static const char *first(const struct outgoing_queue *q)
{
	return STAILQ_FIRST(&q->list)->text;
}

static void the_oldest_gives_way(void **state)
{
	struct outgoing_queue q;

	(void)state;
	outgoing_queue_init(&q);
	add(&q, "a", 2, 0);
	add(&q, "b", 2, 0);
	add(&q, "c", 2, 1);
	assert_string_equal(first(&q), "b");
	assert_int_equal(outgoing_queue_tell(&q), 2);
	add(&q, "d", 2, 1);
	assert_int_equal(q.count, 2);
	add(&q, "e", 3, 0);
	add(&q, "f", 3, 1);
	assert_string_equal(first(&q), "b");
	outgoing_queue_told(&q);
	assert_int_equal(q.count, 1);
	assert_string_equal(first(&q), "f");
	outgoing_queue_told(&q);
	assert_int_equal(q.count, 1);
	outgoing_queue_deinit(&q);
}

static void bytes_are_bounded(void **state)
{
	enum { SIZE = 100 << 10 };
	struct outgoing_queue q;
	uint32_t dropped = 0;

	(void)state;
	outgoing_queue_init(&q);
	for (int i = 0; i < 50; i++) {
		char *text = mem_zalloc(SIZE + 1);

		memset(text, 'x', SIZE);
		dropped += outgoing_queue_add(&q, text, 1000);
	}
	assert_int_equal(dropped, 50 - OUTGOING_BYTES_MAX / SIZE);
	assert_int_equal(q.bytes, (size_t)q.count * SIZE);
	assert_int_equal(outgoing_queue_tell(&q), OUTGOING_BATCH_BYTES_MAX / SIZE);
	outgoing_queue_deinit(&q);
}

static void the_body_holds_the_front(void **state)
{
	const struct outgoing_about about = {"w", "s.example", "N", 3};
	struct outgoing_body b = {0};
	struct outgoing_queue q;
	char id[OUTGOING_ID_SIZE + 1];

	(void)state;
	outgoing_queue_init(&q);
	add(&q, "{\"event\":\"one\"}", 9, 0);
	add(&q, "{\"event\":\"two\"}", 9, 0);
	outgoing_queue_tell(&q);
	add(&q, "{\"event\":\"later\"}", 9, 0);
	outgoing_body_make(&b, &about, &q);
	assert_true(str_eq((struct str){b.text, b.n},
			   STR("{\"webhook\":\"w\",\"server\":\"s.example\",\"network\":\"N\",\"dropped\":3,\"events\":["
			       "{\"event\":\"one\"},{\"event\":\"two\"}]}\n")));
	assert_int_equal(strlen(b.id), OUTGOING_ID_SIZE);
	memcpy(id, b.id, sizeof(id));
	assert_true(outgoing_body_sign(&b, NULL, 1));
	assert_string_equal(b.fields[1], "webhook-timestamp: 1");
	assert_string_equal(b.fields[2], "");
	outgoing_body_make(&b, &about, &q);
	assert_string_not_equal(b.id, id);
	outgoing_body_free(&b);
	outgoing_queue_deinit(&q);
}

/* The example that the libraries of standardwebhooks.com are tested with. */
static void the_signature_is_what_others_make(void **state)
{
	static char text[] = "{\"test\": 2432232314}";
	struct outgoing_body b = {.text = text, .n = sizeof(text) - 1, .id = "msg_p5jXN8AQM9LWM0D4loKWxJek"};

	(void)state;
	assert_true(outgoing_body_sign(&b, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1614265330));
	assert_string_equal(b.fields[0], "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek");
	assert_string_equal(b.fields[1], "webhook-timestamp: 1614265330");
	assert_string_equal(b.fields[2], "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	assert_false(outgoing_body_sign(&b, "whsec_?", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(keys),
		cmocka_unit_test(the_oldest_gives_way),
		cmocka_unit_test(bytes_are_bounded),
		cmocka_unit_test(the_body_holds_the_front),
		cmocka_unit_test(the_signature_is_what_others_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
