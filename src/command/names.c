#include "command/names.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "command/answers.h"
#include "command/cursor.h"
#include "command/visible.h"
#include "command/words.h"
#include "network/rules.h"

/* Members of one channel, or of all channels one after another. */
struct names {
	struct stream st;
	const struct network *net;
	char *name;  /* of the channel at hand; NULL: none */
	uint64_t id; /* a later channel of that name is another one */
	struct cursor members;
	struct cursor channels;
	bool all;
};

struct names_line {
	struct session *s;
	const struct channel *channel;
	struct words words;
};

static void line_send(struct names_line *l)
{
	if (l->words.n)
		reply(l->s, RPL_NAMREPLY, l->channel->flags & CHAN_SECRET ? '@' : '=', l->channel->name, l->words.text);
	words_clear(&l->words);
}

static void line_add(struct names_line *l, const struct member *m)
{
	BUF_MEMORY char memory[LINE_BODY_MAX], prefixes[6];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	buf_add(&b, prefixes, rank_prefixes(m->rank, session_has(l->s, CAP_MULTI_PREFIX), prefixes));
	buf_str(&b, user_str(m->user, USER_NICK));
	if (session_has(l->s, CAP_USERHOST_IN_NAMES)) {
		buf_chr(&b, '!');
		buf_str(&b, user_str(m->user, USER_NAME));
		buf_chr(&b, '@');
		buf_str(&b, user_str(m->user, USER_HOST));
	}
	if (words_add(&l->words, buf_view(&b)))
		return;
	line_send(l);
	words_add(&l->words, buf_view(&b));
}

/* To strangers the invisible do not show, even when another channel is shared: nothing tells them that they are here.
 */
static bool shows_member(const struct user *viewer, bool inside, const struct member *m)
{
	if (!rule_sees_member(viewer, m))
		return false;
	return inside || !(m->user->modes & USER_INVISIBLE) || user_may(viewer, PRIV_SEE_HIDDEN);
}

/* True: a block was written, there may be more. */
static bool write_block(struct names *n, struct session *s)
{
	const struct channel *c = n->name ? network_channel(n->net, str_of(n->name)) : NULL;
	struct names_line line = {.s = s, .channel = c};
	struct cursor_block b;
	bool inside;

	if (!c || c->id != n->id || !rule_sees_channel(c, s->user))
		return false;
	if (!cursor_next(&n->members, c->members.count, CURSOR_WORDS, &b))
		return false;
	inside = network_member(c, s->user);
	words_init(&line.words, s, strlen(c->name) + 4);
	for (uint32_t i = b.from; i < b.end; i++) {
		const struct member *m = channel_member(c, i);

		if (shows_member(s->user, inside, m))
			line_add(&line, m);
	}
	line_send(&line);
	return n->members.left > 0;
}

static void take_channel(struct names *n, const struct channel *c)
{
	mem_free(n->name);
	n->name = mem_strdup(c->name);
	n->id = c->id;
	n->members.left = c->members.count;
}

/* The next channel that shows itself, when all are wanted. */
static bool next_channel(struct names *n, const struct session *s)
{
	const struct vec *channels = network_channels(n->net);

	if (n->channels.left > channels->count)
		n->channels.left = channels->count;
	while (n->channels.left > 0) {
		const struct channel *c = channels->items[--n->channels.left];

		if (rule_sees_channel(c, s->user)) {
			take_channel(n, c);
			return true;
		}
	}
	return false;
}

static bool names_step(struct stream *st, struct session *s)
{
	struct names *n = (struct names *)st;

	if (!s->user)
		return true;
	if (!st->cut && (write_block(n, s) || (n->all && next_channel(n, s))))
		return false;
	reply(s, RPL_ENDOFNAMES, n->all ? "*" : n->name);
	return true;
}

static void names_free(struct stream *st)
{
	struct names *n = (struct names *)st;

	mem_free(n->name);
	mem_free(n);
}

static struct names *names_new(const struct network *net)
{
	struct names *n = mem_zalloc(sizeof(*n));

	n->st.step = names_step;
	n->st.free = names_free;
	n->net = net;
	return n;
}

void names_all(const struct command_env *env, struct session *s)
{
	struct names *n = names_new(env->net);

	n->all = true;
	n->channels.left = network_channels(env->net)->count;
	session_stream(s, &n->st);
}

void answer_names(const struct command_env *env, struct session *s, const struct channel *c, const char *name)
{
	struct names *n;

	if (!c || !rule_sees_channel(c, s->user)) {
		reply(s, RPL_ENDOFNAMES, name);
		return;
	}
	n = names_new(env->net);
	take_channel(n, c);
	session_stream(s, &n->st);
}
