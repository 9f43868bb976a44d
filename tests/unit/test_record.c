#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "network/account.h"
#include "network/record.h"
#include "proto/modes.h"
#include "proto/notices.h"
#include "proto/privileges.h"

static const struct mode_op ops[] = {
	{true, 'o', 77, {NULL, 0}},
	{true, 'b', 0, {"a!*@*", 5}},
	{false, 'k', 0, {"*", 1}},
};

static const struct list_item items[] = {
	{CHAN_LIST_BAN, {"a!*@*", 5}, {"ann!a@h", 7}, 1600000000001},
	{CHAN_LIST_INVEX, {"b!*@*", 5}, {"*", 1}, -5},
};

static const struct account_item account_items[] = {
	{ACCOUNT_NICK, {"ann_", 4}, 0},
	{ACCOUNT_CERTFP, {"00ff", 4}, 1600000000002},
};

static const struct record_place places[] = {
	{{"#c", 2}, {"key", 3}, CHAN_SECRET, 1600000000003, RANK_OP | RANK_VOICE},
	{{"#d", 2}, {NULL, 0}, 0, -3, 0},
};

/* One of each type, every field different from nothing. */
static struct record sample(enum record_type type)
{
	struct record r = {.type = type, .flags = RECORD_OVERRIDE, .time = 1700000000123, .origin = 1ull << 40};

	r.session = 9;
	r.msgid = STR("msgid-1");
	switch (type) {
	case RECORD_USER_ADD:
		r.user_add.nick = STR("nick");
		r.user_add.username = STR("user");
		r.user_add.host = STR("host.example");
		r.user_add.realname = STR("Real Name");
		r.user_add.address = STR("2001:db8::1");
		r.user_add.account = STR("account");
		r.user_add.away = STR("gone");
		r.user_add.modes = USER_INVISIBLE;
		r.user_add.realhost = STR("gate.example");
		r.user_add.cloaks = STR("a.b.c.ip d.example");
		r.user_add.gateway = STR("kiwi");
		r.user_add.country = STR("DE");
		r.user_add.secure = 1;
		break;
	case RECORD_USER_NICK:
		r.user_nick.nick = STR("other");
		break;
	case RECORD_USER_QUIT:
		r.user_quit.reason = STR("bye");
		break;
	case RECORD_USER_KILL:
		r.user_kill.target = 3;
		r.user_kill.reason = STR("spam");
		break;
	case RECORD_USER_AWAY:
		r.user_away.text = STR("lunch");
		break;
	case RECORD_USER_REALNAME:
		r.user_realname.realname = STR("New Name");
		break;
	case RECORD_USER_HOST:
		r.user_host.username = STR("u");
		r.user_host.host = STR("h");
		break;
	case RECORD_USER_MODES:
		r.user_modes.set = USER_BOT;
		r.user_modes.clear = USER_WALLOPS;
		break;
	case RECORD_USER_ACCOUNT:
		r.user_account.account = STR("acc");
		break;
	case RECORD_JOIN:
		r.join.channel = STR("#c");
		r.join.key = STR("key");
		r.join.new_flags = CHAN_NO_EXTERNAL;
		r.join.channels_max = 20;
		break;
	case RECORD_PART:
		r.part.channel = STR("#c");
		r.part.reason = STR("why");
		break;
	case RECORD_KICK:
		r.kick.channel = STR("#c");
		r.kick.target = 5;
		r.kick.reason = STR("out");
		break;
	case RECORD_TOPIC:
		r.topic.channel = STR("#c");
		r.topic.text = STR("on topic");
		break;
	case RECORD_CHANNEL_MODES:
		r.channel_modes.channel = STR("#c");
		r.channel_modes.ops = ops;
		r.channel_modes.nops = 3;
		r.channel_modes.list_max = 100;
		break;
	case RECORD_INVITE:
		r.invite.channel = STR("#c");
		r.invite.target = 6;
		break;
	case RECORD_MESSAGE:
		r.message.kind = MESSAGE_NOTICE;
		r.message.channel = STR("#c");
		r.message.target = 8;
		r.message.min_rank = RANK_OP;
		r.message.text = STR("hello");
		r.message.tags = STR("+typing=active");
		r.message.by = STR("nick!user@host");
		r.message.account = STR("acc");
		r.message.to = STR("bob");
		r.message.to_account = STR("bobacc");
		break;
	case RECORD_RENAME:
		r.rename.channel = STR("#c");
		r.rename.name = STR("#d");
		r.rename.reason = STR("better");
		break;
	case RECORD_CHANNEL_SETTINGS:
		r.channel_settings.channel = STR("#c");
		r.channel_settings.what = 7;
		r.channel_settings.flags = 1;
		r.channel_settings.entry = STR("welcome");
		r.channel_settings.used = 1500000000004;
		break;
	case RECORD_EVENT:
		r.event.kind = PAST_KICK;
		r.event.channel = STR("#c");
		r.event.by = STR("nick!user@host");
		r.event.account = STR("acc");
		r.event.target = STR("bob");
		r.event.text = STR("out");
		break;
	case RECORD_REDACT:
		r.redact.channel = STR("#c");
		r.redact.target = 7;
		r.redact.to = STR("bob");
		r.redact.min_rank = RANK_VOICE;
		r.redact.msgid = STR("msgid-0");
		r.redact.reason = STR("wrong window");
		r.redact.author = 11;
		r.redact.account = STR("acc");
		r.redact.said = 1700000000100;
		r.redact.window_ms = 3600000;
		break;
	case RECORD_EDIT:
		r.edit.of.channel = STR("#c");
		r.edit.of.target = 7;
		r.edit.of.to = STR("bob");
		r.edit.of.min_rank = RANK_VOICE;
		r.edit.of.msgid = STR("msgid-0");
		r.edit.of.author = 11;
		r.edit.of.account = STR("acc");
		r.edit.of.said = 1700000000100;
		r.edit.of.window_ms = 3600000;
		r.edit.kind = MESSAGE_NOTICE;
		r.edit.text = STR("better");
		r.edit.tags = STR("+a=b");
		r.edit.by = STR("nick!user@host");
		r.edit.name = STR("bob");
		r.edit.account = STR("bobs");
		break;
	case RECORD_FORGET:
		r.forget.account = STR("acc");
		r.forget.place = STR("#c");
		r.forget.whole = 1;
		break;
	case RECORD_CHANNEL:
		r.channel.name = STR("#c");
		r.channel.created = 1500000000001;
		r.channel.flags = CHAN_REGISTERED | CHAN_SECRET;
		r.channel.limit = 70000;
		r.channel.key = STR("key");
		r.channel.topic = STR("on topic");
		r.channel.topic_by = STR("ann!a@h");
		r.channel.topic_time = 1500000000002;
		r.channel.items = items;
		r.channel.nitems = 2;
		break;
	case RECORD_ACCOUNT:
		r.account.name = STR("ann");
		r.account.revision = 3;
		r.account.created = 1500000000003;
		r.account.flags = ACCOUNT_EXISTS | ACCOUNT_SUSPENDED;
		r.account.credentials = STR("SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy");
		r.account.email = STR("ann@example.org");
		r.account.vhost = STR("ann.example");
		r.account.note = STR("was rude");
		r.account.items = account_items;
		r.account.nitems = 2;
		break;
	case RECORD_USER_NOTICES:
		r.user_notices.mask = NOTICE_BIT(NOTICE_KILLS);
		break;
	case RECORD_USER_OPER:
		r.user_oper.name = STR("alice");
		r.user_oper.class_name = STR("helper");
		r.user_oper.title = STR("a network helper");
		r.user_oper.privileges = PRIV_BIT(PRIV_KILL);
		break;
	case RECORD_BAN_SET:
		r.ban.id = 1234567890123;
		r.ban.kind = BAN_FILTER;
		r.ban.action = BAN_BAN;
		r.ban.targets = 5;
		r.ban.max = 100;
		r.ban.mask = STR("buy .* now");
		r.ban.by = STR("ann!a@h");
		r.ban.reason = STR("no trade here");
		r.ban.until = 1500000000003;
		r.ban.ban_ms = 3600000;
		break;
	case RECORD_BAN_CLEAR:
		r.ban_clear.id = 7;
		r.ban_clear.by = STR("ann!a@h");
		break;
	case RECORD_USER_STAY:
		r.stay.account = STR("acc");
		r.stay.nick = STR("nick");
		r.stay.username = STR("user");
		r.stay.host = STR("host.example");
		r.stay.realname = STR("Real Name");
		r.stay.address = STR("2001:db8::1");
		r.stay.realhost = STR("gate.example");
		r.stay.away = STR("gone");
		r.stay.modes = USER_INVISIBLE;
		r.stay.signon = 1600000000005;
		r.stay.places = places;
		r.stay.nplaces = 2;
		break;
	case RECORD_MARKER:
		r.marker.account = STR("acc");
		r.marker.target = STR("#Chan");
		r.marker.time = 1600000000007;
		break;
	case RECORD_ACCOUNT_MARKERS:
		r.account_markers.account = STR("acc");
		r.account_markers.text = STR("#chan 5\n");
		break;
	case RECORD_EMERGENCY:
		r.emergency.level = 3;
		r.emergency.by = STR("ann!a@h");
		break;
	default:
		r.wallops.text = STR("all hands");
		break;
	}
	return r;
}

/* decode(encode) encodes to the same again, and every cut and every added byte is refused. */
static void test_round_trip(void **state)
{
	(void)state;
	for (int type = 1; type < RECORD_TYPE_END; type++) {
		struct record in = sample((enum record_type)type);
		struct record out;
		struct record_room room;
		char first[1024], second[1024];
		struct buf a, b;

		buf_init(&a, first, sizeof(first));
		record_encode(&a, &in);
		assert_false(a.full);
		assert_true(record_decode(&out, &room, buf_view(&a)));
		assert_int_equal(out.type, in.type);
		assert_int_equal(out.flags, in.flags);
		assert_true(out.time == in.time && out.origin == in.origin && out.session == in.session);
		assert_true(str_eq(out.msgid, in.msgid));
		buf_init(&b, second, sizeof(second));
		record_encode(&b, &out);
		assert_int_equal(a.n, b.n);
		assert_memory_equal(first, second, a.n);
		for (size_t n = 0; n < a.n; n++)
			assert_false(record_decode(&out, &room, (struct str){first, n}));
		assert_false(record_decode(&out, &room, (struct str){first, a.n + 1}));
	}
}

static void test_fields(void **state)
{
	struct record in, out;
	struct record_room room;
	char memory[1024];
	struct buf b;

	(void)state;
	in = sample(RECORD_CHANNEL_MODES);
	buf_init(&b, memory, sizeof(memory));
	record_encode(&b, &in);
	assert_true(record_decode(&out, &room, buf_view(&b)));
	assert_int_equal(out.channel_modes.nops, 3);
	assert_int_equal(out.channel_modes.list_max, 100);
	assert_true(out.channel_modes.ops[0].user == 77 && out.channel_modes.ops[0].letter == 'o');
	assert_true(str_eq(out.channel_modes.ops[1].param, STR("a!*@*")));
	assert_false(out.channel_modes.ops[2].set);
	in = sample(RECORD_MESSAGE);
	buf_init(&b, memory, sizeof(memory));
	record_encode(&b, &in);
	assert_true(record_decode(&out, &room, buf_view(&b)));
	assert_int_equal(out.message.kind, MESSAGE_NOTICE);
	assert_int_equal(out.message.min_rank, RANK_OP);
	assert_int_equal(out.message.target, 8);
	assert_true(str_eq(out.message.tags, STR("+typing=active")));
	assert_true(str_eq(out.message.text, STR("hello")));
	assert_true(str_eq(out.message.by, STR("nick!user@host")));
	assert_true(str_eq(out.message.account, STR("acc")));
}

static void test_channel_fields(void **state)
{
	struct record in = sample(RECORD_CHANNEL), out;
	struct record_room room;
	char memory[1024];
	struct buf b;

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	record_encode(&b, &in);
	assert_true(record_decode(&out, &room, buf_view(&b)));
	assert_true(str_eq(out.channel.name, STR("#c")) && str_eq(out.channel.key, STR("key")));
	assert_true(out.channel.created == 1500000000001 && out.channel.topic_time == 1500000000002);
	assert_int_equal(out.channel.flags, CHAN_REGISTERED | CHAN_SECRET);
	assert_int_equal(out.channel.limit, 70000);
	assert_true(str_eq(out.channel.topic, STR("on topic")) && str_eq(out.channel.topic_by, STR("ann!a@h")));
	assert_int_equal(out.channel.nitems, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(out.channel.items[i].list, items[i].list);
		assert_true(str_eq(out.channel.items[i].mask, items[i].mask));
		assert_true(str_eq(out.channel.items[i].by, items[i].by));
		assert_true(out.channel.items[i].time == items[i].time);
	}
}

/* As many entries as a channel can have, and not one more. */
static void test_channel_full(void **state)
{
	struct record r = sample(RECORD_CHANNEL);
	struct list_item many[RECORD_LIST_ITEMS_MAX + 1];
	struct record_room room;
	size_t cap = 1 << 16;
	char *memory = malloc(cap);
	struct buf b;

	(void)state;
	for (size_t i = 0; i < RECORD_LIST_ITEMS_MAX + 1; i++)
		many[i] = items[0];
	r.channel.items = many;
	r.channel.nitems = RECORD_LIST_ITEMS_MAX;
	buf_init(&b, memory, cap);
	record_encode(&b, &r);
	assert_false(b.full);
	assert_true(record_decode(&r, &room, buf_view(&b)));
	assert_int_equal(r.channel.nitems, RECORD_LIST_ITEMS_MAX);
	assert_true(str_eq(r.channel.items[RECORD_LIST_ITEMS_MAX - 1].mask, items[0].mask));
	r.channel.items = many;
	r.channel.nitems++;
	buf_init(&b, memory, cap);
	record_encode(&b, &r);
	assert_true(b.full);
	assert_int_equal(b.n, 0);
	free(memory);
}

/* Nothing is left behind by what does not fit, and what stands before it is whole. */
static void test_full(void **state)
{
	struct record r = sample(RECORD_TOPIC);
	char memory[256];
	struct buf b;

	(void)state;
	for (size_t cap = 4; cap < 60; cap++) {
		buf_init(&b, memory, cap);
		buf_cstr(&b, "keep");
		record_encode(&b, &r);
		assert_true(b.full);
		assert_int_equal(b.n, 4);
		assert_memory_equal(memory, "keep", 4);
	}
}

static void test_not_encodable(void **state)
{
	struct record r = sample(RECORD_CHANNEL_MODES);
	char memory[256];
	struct buf b;

	(void)state;
	r.channel_modes.nops = RECORD_MODE_OPS_MAX + 1;
	buf_init(&b, memory, sizeof(memory));
	record_encode(&b, &r);
	assert_true(b.full);
	r.type = RECORD_TYPE_END;
	buf_init(&b, memory, sizeof(memory));
	record_encode(&b, &r);
	assert_true(b.full);
	assert_int_equal(b.n, 0);
}

/* Offsets in the stored form; AT_NITEMS: of sample(RECORD_CHANNEL). */
enum { AT_LENGTH = 0, AT_VERSION = 4, AT_TYPE = 5, AT_FLAGS = 6, AT_MSGID = 31, AT_FIELDS = 42, AT_NITEMS = 102 };

static void test_damage(void **state)
{
	static const struct {
		enum record_type type;
		size_t at;
		unsigned char byte;
	} rows[] = {
		{RECORD_TOPIC, AT_LENGTH, 1},
		{RECORD_TOPIC, AT_LENGTH + 3, 0xff},
		{RECORD_TOPIC, AT_VERSION, 0},
		{RECORD_TOPIC, AT_VERSION, 1},
		{RECORD_TOPIC, AT_VERSION, 3},
		{RECORD_TOPIC, AT_TYPE, 0},
		{RECORD_TOPIC, AT_TYPE, RECORD_TYPE_END},
		{RECORD_TOPIC, AT_TYPE, RECORD_USER_ADD},
		{RECORD_TOPIC, AT_FLAGS, 2},
		{RECORD_TOPIC, AT_MSGID, 0xff},
		{RECORD_TOPIC, AT_MSGID + 3, 0xff},
		{RECORD_TOPIC, AT_MSGID + 4, 0}, /* a NUL inside text */
		{RECORD_TOPIC, AT_FIELDS + 3, 0x80},
		{RECORD_MESSAGE, AT_FIELDS, 3},       /* no such kind */
		{RECORD_MESSAGE, AT_FIELDS + 15, 3},  /* two ranks */
		{RECORD_MESSAGE, AT_FIELDS + 15, 32}, /* no rank */
		{RECORD_CHANNEL_MODES, AT_FIELDS + 6, RECORD_MODE_OPS_MAX + 1},
		{RECORD_CHANNEL_MODES, AT_FIELDS + 6, 2},
		{RECORD_CHANNEL_MODES, AT_FIELDS + 7, 2},   /* neither set nor unset */
		{RECORD_CHANNEL_MODES, AT_FIELDS + 8, 'Z'}, /* no such letter */
		{RECORD_CHANNEL, AT_NITEMS, 1},             /* bytes left over */
		{RECORD_CHANNEL, AT_NITEMS, 3},
		{RECORD_CHANNEL, AT_NITEMS + 1, 3}, /* too many */
		{RECORD_CHANNEL, AT_NITEMS + 2, CHAN_LIST_COUNT},
		{RECORD_CHANNEL, AT_NITEMS + 3, 0},    /* an empty mask */
		{RECORD_CHANNEL, AT_NITEMS + 6, 0x80}, /* an endless one */
		{RECORD_CHANNEL, AT_NITEMS + 7, 0},    /* a NUL in it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record r = sample(rows[i].type);
		struct record_room room;
		char memory[512];
		struct buf b;

		buf_init(&b, memory, sizeof(memory));
		record_encode(&b, &r);
		assert_true(record_decode(&r, &room, buf_view(&b)));
		assert_int_not_equal((unsigned char)memory[rows[i].at], rows[i].byte);
		memory[rows[i].at] = (char)rows[i].byte;
		if (record_decode(&r, &room, buf_view(&b)))
			fail_msg("row %zu was decoded", i);
	}
}

static void test_class(void **state)
{
	struct record r = sample(RECORD_MESSAGE);

	(void)state;
	assert_int_equal(record_class(&r), RECORD_KEPT_MESSAGE);
	r.message.kind = MESSAGE_TAGMSG;
	assert_int_equal(record_class(&r), RECORD_PRESENCE);
	r.message.kind = MESSAGE_PRIVMSG;
	r.message.channel = STR_NONE;
	assert_int_equal(record_class(&r), RECORD_KEPT_MESSAGE);
	for (int type = 1; type < RECORD_TYPE_END; type++) {
		r = sample((enum record_type)type);
		if (type == RECORD_CHANNEL || type == RECORD_CHANNEL_METADATA || type == RECORD_RENAME ||
		    type == RECORD_CHANNEL_SETTINGS)
			assert_int_equal(record_class(&r), RECORD_KEPT_CHANNEL);
		else if (type == RECORD_ACCOUNT || type == RECORD_ACCOUNT_MARKERS || type == RECORD_MARKER)
			assert_int_equal(record_class(&r), RECORD_KEPT_ACCOUNT);
		else if (type >= RECORD_BAN_SET && type <= RECORD_EMERGENCY)
			assert_int_equal(record_class(&r), RECORD_KEPT_NETWORK);
		else if (type == RECORD_EDIT)
			assert_int_equal(record_class(&r), RECORD_REVISION);
		else if (type == RECORD_REDACT || type == RECORD_FORGET)
			assert_int_equal(record_class(&r), RECORD_REMOVAL);
		else if (type == RECORD_EVENT)
			assert_int_equal(record_class(&r), RECORD_KEPT_MESSAGE);
		else if (type == RECORD_USER_STAY)
			assert_int_equal(record_class(&r), RECORD_KEPT_USER);
		else if (type != RECORD_MESSAGE)
			assert_int_equal(record_class(&r), RECORD_PRESENCE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_fields),
		cmocka_unit_test(test_full),           cmocka_unit_test(test_not_encodable),
		cmocka_unit_test(test_damage),         cmocka_unit_test(test_class),
		cmocka_unit_test(test_channel_fields), cmocka_unit_test(test_channel_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
