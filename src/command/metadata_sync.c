#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "command/command.h"
#include "command/cursor.h"
#include "command/metadata.h"
#include "network/metadata.h"
#include "network/rules.h"
#include "session/subscriptions.h"

/* What a session wants to know of a channel and of those in it, in steps. */
struct sync {
	struct stream st;
	struct reply_batch batch;
	const struct network *net;
	uint64_t channel;
	struct cursor cursor;
	bool begun;
	char name[];
};

static void tell(struct session *s, const char *target, const struct metadata *m)
{
	struct subscription_line l = {.target = target};
	struct str text = metadata_text(m);

	while (metadata_next(&text, &l.key, &l.value))
		if (subscriptions_has(s, l.key))
			subscriptions_tell(s, &l, true);
}

/* NULL: it is another channel by now, or the session has left. */
static const struct channel *channel_of(const struct sync *y, const struct session *s)
{
	const struct channel *c = network_channel(y->net, str_of(y->name));

	return c && c->id == y->channel && network_member(c, s->user) ? c : NULL;
}

static bool step(struct stream *st, struct session *s)
{
	struct sync *y = (struct sync *)st;
	const struct channel *c = st->cut ? NULL : channel_of(y, s);
	struct cursor_block block = {0};
	char what[LINE_BODY_MAX];
	bool more;

	if (y->begun) {
		reply_batch_enter(s, &y->batch);
	} else {
		snprintf(what, sizeof(what), "metadata %s", y->name);
		reply_batch_begin(s, &y->batch, what);
		y->begun = true;
		if (c)
			tell(s, c->name, c->metadata);
	}
	more = c && cursor_next(&y->cursor, c->members.count, CURSOR_LINES, &block);
	for (uint32_t i = block.from; more && i < block.end; i++) {
		const struct member *m = channel_member(c, i);

		if (m->user != s->user && rule_sees_member(s->user, m))
			tell(s, user_nick(m->user), m->user->metadata);
	}
	if (more) {
		reply_batch_leave(s, &y->batch);
		return false;
	}
	reply_batch_end(s, &y->batch);
	return true;
}

static void sync_free(struct stream *st)
{
	mem_free(st);
}

void metadata_joined(struct session *s, const struct command_env *env, const struct channel *c)
{
	size_t n = strlen(c->name);
	struct sync *y;

	if (!subscriptions_nth(s, 0))
		return;
	y = mem_zalloc(sizeof(*y) + n + 1);
	y->st.step = step;
	y->st.free = sync_free;
	y->net = env->net;
	y->channel = c->id;
	y->cursor.left = c->members.count;
	memcpy(y->name, c->name, n);
	session_stream(s, &y->st);
}
