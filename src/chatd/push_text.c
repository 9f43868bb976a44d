#include "chatd/push_text.h"

#include <string.h>

#include "proto/multiline.h"
#include "proto/tags.h"
#include "proto/utf8.h"

/* TEXT_MAX: of what is said, for a push message is no place for a long one. */
enum { TEXT_MAX = 600, TAG_MAX = 300 };

static bool in_nick(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 ||
	       strchr("-_[]\\`^{|}", c);
}

bool push_word(struct str *rest, struct str *word)
{
	size_t n = 0;

	while (rest->n && (!*rest->p || !in_nick(*rest->p))) {
		rest->p++;
		rest->n--;
	}
	while (n < rest->n && rest->p[n] && in_nick(rest->p[n]))
		n++;
	*word = (struct str){rest->p, n};
	rest->p += n;
	rest->n -= n;
	return n;
}

static void put_tag(struct buf *tags, const char *key, struct str raw)
{
	char memory[TAG_MAX];
	struct buf value;

	if (!raw.n)
		return;
	buf_init(&value, memory, sizeof(memory));
	tags_escape(&value, raw);
	if (!value.full)
		tags_add(tags, key, buf_view(&value));
}

static void put_tags(struct buf *out, const struct change *c, struct str account)
{
	char memory[4 * TAG_MAX], stamp[32];
	struct buf tags, time;

	buf_init(&tags, memory, sizeof(memory));
	buf_init(&time, stamp, sizeof(stamp));
	buf_time(&time, c->record->time);
	put_tag(&tags, "time", buf_view(&time));
	put_tag(&tags, "msgid", c->record->msgid);
	put_tag(&tags, "account", account);
	buf_fmt(out, "@%.*s ", STR_ARG(buf_view(&tags)));
}

static bool put_message(struct buf *out, const struct change *c, const struct user *u)
{
	struct multiline lines = multiline_begin(c->record->message.text);
	struct str line;
	bool concat;

	/* The first line that says something: there is one message in each. */
	do {
		if (!multiline_next(&lines, &line, &concat))
			return false;
	} while (!line.n);
	put_tags(out, c, c->record->message.account);
	line = utf8_cut(line, TEXT_MAX);
	buf_fmt(out, ":%.*s PRIVMSG %s :%.*s", STR_ARG(c->record->message.by), c->channel ? c->channel->name : user_nick(u),
		STR_ARG(line));
	return c->record->message.by.n && !out->full;
}

bool push_text(struct buf *out, const struct change *c, const struct user *u)
{
	if (c->type == CHANGE_MESSAGE)
		return c->record->message.kind == MESSAGE_PRIVMSG && put_message(out, c, u);
	if (c->type != CHANGE_INVITED || !c->by)
		return false;
	put_tags(out, c, user_str(c->by, USER_ACCOUNT));
	buf_fmt(out, ":%s!%s@%s INVITE %s %s", user_nick(c->by), user_text(c->by, USER_NAME),
		user_text(c->by, USER_HOST), user_nick(u), c->channel->name);
	return !out->full;
}
