#include "fanout/render.h"

#include "network/network.h"
#include "proto/line.h"
#include "proto/multiline.h"
#include "proto/tags.h"
#include "proto/utf8.h"

enum { BODY_MAX = LINE_BODY_MAX - 2 };

typedef void (*render_fn)(struct buf *out, const struct change *c, cap_set caps);

/* Said for somebody of elsewhere. */
static bool is_relayed(const struct change *c)
{
	return c->type == CHANGE_MESSAGE && c->record->message.relay.n;
}

/* The source of the line, whom its tags are about; NULL: the server. Who is killed leaves, whoever did it. */
static const struct user *speaker(const struct change *c)
{
	if (is_relayed(c))
		return NULL;
	return c->type == CHANGE_QUIT ? c->user : c->by;
}

/* Its name is not told: that is half of what OPER asks for. One who hides that it is one has no tag at all. */
static bool is_tagged_oper(const struct user *u)
{
	return u && (u->modes & USER_OPER) && !(u->modes & USER_HIDE_OPER);
}

cap_set render_matters(const struct change *c)
{
	cap_set caps = CAP_BIT(CAP_MESSAGE_TAGS) | CAP_BIT(CAP_SERVER_TIME);
	const struct user *u = speaker(c);

	if (u && *user_text(u, USER_ACCOUNT))
		caps |= CAP_BIT(CAP_ACCOUNT_TAG);
	if (is_tagged_oper(u))
		caps |= CAP_BIT(CAP_OPER_TAG);
	if (is_relayed(c))
		caps |= CAP_BIT(CAP_RELAYMSG);
	switch (c->type) {
	case CHANGE_JOINED:
		return caps | CAP_BIT(CAP_EXTENDED_JOIN);
	case CHANGE_AWAY:
		return caps | CAP_BIT(CAP_AWAY_NOTIFY);
	case CHANGE_REALNAME:
		return caps | CAP_BIT(CAP_SETNAME);
	case CHANGE_HOST:
		return caps | CAP_BIT(CAP_CHGHOST);
	case CHANGE_ACCOUNT:
		return caps | CAP_BIT(CAP_ACCOUNT_NOTIFY);
	case CHANGE_RENAMED:
		return caps | CAP_BIT(CAP_CHANNEL_RENAME);
	case CHANGE_EDITED:
		return caps | CAP_BIT(CAP_MESSAGE_EDIT);
	case CHANGE_REDACTED:
		return caps | CAP_BIT(CAP_MESSAGE_REDACTION);
	case CHANGE_MESSAGE:
		return multiline_is(c->record->message.text) ? caps | CAP_BIT(CAP_MULTILINE) | CAP_BIT(CAP_BATCH)
							     : caps;
	default:
		return caps;
	}
}

/* It says what it says in tags. */
static bool knows_edits(cap_set caps)
{
	return (caps & CAP_BIT(CAP_MESSAGE_EDIT)) && (caps & CAP_BIT(CAP_MESSAGE_TAGS));
}

static void edit_tags(struct buf *out, const struct change *c)
{
	char memory[2 * LINE_BODY_MAX];
	struct buf text;

	buf_init(&text, memory, sizeof(memory));
	tags_escape(&text, c->text);
	tags_add(out, "draft/target-msgid", c->record->edit.of.msgid);
	tags_add(out, "draft/edit-text", buf_view(&text));
}

/* What history has too: by its id a client sees that it has it already. */
static bool is_kept(const struct change *c)
{
	static const enum change_type kept[] = {CHANGE_MESSAGE, CHANGE_JOINED, CHANGE_PARTED, CHANGE_KICKED,
						CHANGE_TOPIC,   CHANGE_QUIT,   CHANGE_NICK,   CHANGE_CHANNEL_MODES};

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]) && c->record->type != RECORD_RENAME; i++)
		if (kept[i] == c->type)
			return true;
	return false;
}

void render_tags(struct buf *out, const struct change *c, cap_set caps)
{
	const struct record *r = c->record;
	const struct user *u = speaker(c);

	if (caps & CAP_BIT(CAP_SERVER_TIME)) {
		buf_cstr(out, "time=");
		buf_time(out, r->time);
	}
	if ((caps & CAP_BIT(CAP_ACCOUNT_TAG)) && u && *user_text(u, USER_ACCOUNT))
		tags_add(out, "account", user_str(u, USER_ACCOUNT));
	if ((caps & CAP_BIT(CAP_OPER_TAG)) && is_tagged_oper(u))
		tags_add(out, "draft/oper", STR_NONE);
	if (!(caps & CAP_BIT(CAP_MESSAGE_TAGS)))
		return;
	if (r->msgid.n && (is_kept(c) || (c->type == CHANGE_EDITED && knows_edits(caps))))
		tags_add(out, "msgid", r->msgid);
	if (c->type == CHANGE_EDITED && knows_edits(caps))
		edit_tags(out, c);
	if (u && (u->modes & USER_BOT))
		tags_add(out, "bot", STR_NONE);
}

/* ":nick!user@host ", with the nick that it had before where that is what clients know. */
static void source(struct buf *out, const struct user *u, struct str nick)
{
	buf_chr(out, ':');
	buf_str(out, nick.n ? nick : user_str(u, USER_NICK));
	buf_chr(out, '!');
	buf_str(out, user_str(u, USER_NAME));
	buf_chr(out, '@');
	buf_str(out, user_str(u, USER_HOST));
	buf_chr(out, ' ');
}

static void word(struct buf *out, const char *text)
{
	buf_cstr(out, text);
	buf_chr(out, ' ');
}

static void trailing(struct buf *out, struct str text)
{
	buf_chr(out, ':');
	buf_str(out, text);
}

static void render_nick(struct buf *out, const struct change *c, cap_set caps)
{
	(void)caps;
	out->n = 0;
	source(out, c->user, c->was);
	word(out, "NICK");
	trailing(out, user_str(c->user, USER_NICK));
}

static void render_quit(struct buf *out, const struct change *c, cap_set caps)
{
	(void)caps;
	out->n = 0;
	source(out, c->user, STR_NONE);
	word(out, "QUIT");
	trailing(out, c->text);
}

static void render_away(struct buf *out, const struct change *c, cap_set caps)
{
	if (!(caps & CAP_BIT(CAP_AWAY_NOTIFY))) {
		out->n = 0;
		return;
	}
	buf_cstr(out, "AWAY");
	if (c->text.n) {
		buf_chr(out, ' ');
		trailing(out, c->text);
	}
}

static void render_realname(struct buf *out, const struct change *c, cap_set caps)
{
	if (!(caps & CAP_BIT(CAP_SETNAME))) {
		out->n = 0;
		return;
	}
	word(out, "SETNAME");
	trailing(out, user_str(c->user, USER_REALNAME));
}

static void render_host(struct buf *out, const struct change *c, cap_set caps)
{
	out->n = 0;
	if (!(caps & CAP_BIT(CAP_CHGHOST)))
		return;
	buf_chr(out, ':');
	buf_str(out, user_str(c->user, USER_NICK));
	buf_chr(out, '!');
	buf_str(out, c->was);
	buf_cstr(out, " CHGHOST ");
	word(out, user_text(c->user, USER_NAME));
	buf_str(out, user_str(c->user, USER_HOST));
}

static void render_account(struct buf *out, const struct change *c, cap_set caps)
{
	const char *account = user_text(c->user, USER_ACCOUNT);

	if (!(caps & CAP_BIT(CAP_ACCOUNT_NOTIFY))) {
		out->n = 0;
		return;
	}
	word(out, "ACCOUNT");
	buf_cstr(out, *account ? account : "*");
}

static void render_user_modes(struct buf *out, const struct change *c, cap_set caps)
{
	size_t count;
	const struct user_mode *rows = user_modes(&count);

	(void)caps;
	if (!c->set && !c->clear) {
		out->n = 0;
		return;
	}
	word(out, "MODE");
	word(out, user_nick(c->user));
	for (int set = 1; set >= 0; set--) {
		uint32_t bits = set ? c->set : c->clear;

		if (bits)
			buf_chr(out, set ? '+' : '-');
		for (size_t i = 0; i < count; i++)
			if (bits & rows[i].bit)
				buf_chr(out, rows[i].letter);
	}
}

static void render_joined(struct buf *out, const struct change *c, cap_set caps)
{
	const char *account = user_text(c->user, USER_ACCOUNT);

	word(out, "JOIN");
	buf_cstr(out, c->channel->name);
	if (!(caps & CAP_BIT(CAP_EXTENDED_JOIN)))
		return;
	buf_chr(out, ' ');
	word(out, *account ? account : "*");
	trailing(out, user_str(c->user, USER_REALNAME));
}

static void render_parted(struct buf *out, const struct change *c, cap_set caps)
{
	(void)caps;
	word(out, "PART");
	buf_str(out, c->was.n ? c->was : str_of(c->channel->name));
	if (c->text.n) {
		buf_chr(out, ' ');
		trailing(out, c->text);
	}
}

static void render_kicked(struct buf *out, const struct change *c, cap_set caps)
{
	(void)caps;
	word(out, "KICK");
	word(out, c->channel->name);
	word(out, user_nick(c->user));
	trailing(out, c->text);
}

static void render_topic(struct buf *out, const struct change *c, cap_set caps)
{
	(void)caps;
	word(out, "TOPIC");
	word(out, c->channel->name);
	trailing(out, c->text);
}

static void render_invited(struct buf *out, const struct change *c, cap_set caps)
{
	(void)caps;
	word(out, "INVITE");
	word(out, user_nick(c->user));
	buf_cstr(out, c->channel->name);
}

static struct str target_of(const struct change *c, const struct redaction *r)
{
	if (c->channel)
		return str_of(c->channel->name);
	if (c->user)
		return user_str(c->user, USER_NICK);
	return r->channel.n ? r->channel : r->to;
}

/* Whoever knows of no edits is told the new text as a NOTICE, which nothing answers by itself. */
static void render_edited(struct buf *out, const struct change *c, cap_set caps)
{
	static const struct str action = STR("\001ACTION ");
	struct str text = c->text;

	word(out, knows_edits(caps) ? "EDIT" : "NOTICE");
	buf_str(out, target_of(c, &c->record->edit.of));
	if (knows_edits(caps))
		return;
	buf_cstr(out, " :(edited) ");
	if (str_starts(text, action)) {
		buf_cstr(out, "* ");
		text = (struct str){text.p + action.n, text.n - action.n};
		text.n -= text.n && text.p[text.n - 1] == '\001';
	}
	buf_str(out, text);
}

/* Others are told nothing, and keep what they saw. */
static void render_redacted(struct buf *out, const struct change *c, cap_set caps)
{
	const struct redaction *r = &c->record->redact;

	if (!(caps & CAP_BIT(CAP_MESSAGE_REDACTION))) {
		out->n = 0;
		return;
	}
	word(out, "REDACT");
	buf_str(out, target_of(c, r));
	buf_chr(out, ' ');
	buf_str(out, r->msgid);
	if (c->text.n) {
		buf_chr(out, ' ');
		trailing(out, c->text);
	}
}

/* Others are told what they know instead; see fanout.c. */
static void render_renamed(struct buf *out, const struct change *c, cap_set caps)
{
	if (!(caps & CAP_BIT(CAP_CHANNEL_RENAME))) {
		out->n = 0;
		return;
	}
	word(out, "RENAME");
	buf_str(out, c->was);
	buf_chr(out, ' ');
	word(out, c->channel->name);
	trailing(out, c->text);
}

static void render_wallops(struct buf *out, const struct change *c, cap_set caps)
{
	(void)caps;
	word(out, "WALLOPS");
	trailing(out, c->text);
}

/* What stands behind the source that render_body has written. Channel modes and messages have functions of their own.
 */
static const render_fn renderers[] = {
	[CHANGE_NICK] = render_nick,       [CHANGE_QUIT] = render_quit,
	[CHANGE_AWAY] = render_away,       [CHANGE_REALNAME] = render_realname,
	[CHANGE_HOST] = render_host,       [CHANGE_USER_MODES] = render_user_modes,
	[CHANGE_ACCOUNT] = render_account, [CHANGE_JOINED] = render_joined,
	[CHANGE_PARTED] = render_parted,   [CHANGE_KICKED] = render_kicked,
	[CHANGE_TOPIC] = render_topic,     [CHANGE_INVITED] = render_invited,
	[CHANGE_WALLOPS] = render_wallops, [CHANGE_REDACTED] = render_redacted,
	[CHANGE_EDITED] = render_edited,   [CHANGE_RENAMED] = render_renamed,
};

static void source_of_change(struct buf *out, const struct render_context *ctx, const struct change *c)
{
	if (c->by) {
		source(out, c->by, STR_NONE);
		return;
	}
	buf_fmt(out, ":%s ", ctx->server);
}

/* A line of modes while it grows: letters in front, parameters behind. */
struct mode_line {
	struct buf letters, params;
	char sign;
	char letters_memory[RECORD_MODE_OPS_MAX * 2 + 2];
	char params_memory[BODY_MAX];
};

static void mode_line_init(struct mode_line *l)
{
	buf_init(&l->letters, l->letters_memory, sizeof(l->letters_memory));
	buf_init(&l->params, l->params_memory, sizeof(l->params_memory));
	l->sign = 0;
}

static void mode_line_add(struct mode_line *l, const struct mode_op *op, struct str param)
{
	char sign = op->set ? '+' : '-';

	if (l->sign != sign)
		buf_chr(&l->letters, sign);
	l->sign = sign;
	buf_chr(&l->letters, op->letter);
	if (param.n) {
		buf_chr(&l->params, ' ');
		buf_str(&l->params, param);
	}
}

static void mode_line_flush(struct mode_line *l, struct buf *out, struct str head)
{
	buf_str(out, head);
	buf_str(out, buf_view(&l->letters));
	buf_str(out, buf_view(&l->params));
	buf_chr(out, '\n');
	mode_line_init(l);
}

static struct str mode_param(const struct network *net, const struct mode_op *op)
{
	const struct user *u = op->user ? network_user(net, op->user) : NULL;

	return u ? user_str(u, USER_NICK) : op->param;
}

/* Several lines where one would be cut: a mode that clients do not see is worse than a second line. */
static void render_modes(struct buf *out, const struct render_context *ctx, const struct change *c)
{
	BUF_MEMORY char head_memory[BODY_MAX];
	struct buf head;
	struct mode_line line;

	buf_init(&head, head_memory, sizeof(head_memory));
	source_of_change(&head, ctx, c);
	word(&head, "MODE");
	word(&head, c->channel->name);
	mode_line_init(&line);
	for (uint32_t i = 0; i < c->nops; i++) {
		struct str param = mode_param(ctx->net, &c->ops[i]);

		if (line.letters.n && head.n + line.letters.n + line.params.n + param.n + 3 > BODY_MAX) {
			mode_line_flush(&line, out, buf_view(&head));
		}
		mode_line_add(&line, &c->ops[i], param);
	}
	mode_line_flush(&line, out, buf_view(&head));
}

void render_body(struct buf *out, const struct render_context *ctx, const struct change *c, cap_set caps)
{
	if (c->type == CHANGE_CHANNEL_MODES) {
		render_modes(out, ctx, c);
		return;
	}
	if ((size_t)c->type >= sizeof(renderers) / sizeof(renderers[0]) || !renderers[c->type])
		return;
	source_of_change(out, ctx, c);
	renderers[c->type](out, c, caps);
	if (out->n == 0)
		return;
	out->n = utf8_cut(buf_view(out), BODY_MAX).n;
	buf_chr(out, '\n');
}

void render_said(struct render_said *s, const struct render_context *ctx, const struct change *c)
{
	const struct user *u = c->by;
	struct buf b;

	s->said = (struct said){
		.record = c->record,
		.source = str_of(ctx->server),
		.target = c->channel ? str_of(c->channel->name) : user_str(c->user, USER_NICK),
	};
	if (is_relayed(c))
		s->said.source = c->record->message.by;
	if (!u || is_relayed(c))
		return;
	buf_init(&b, s->source, sizeof(s->source));
	buf_str(&b, user_str(u, USER_NICK));
	buf_chr(&b, '!');
	buf_str(&b, user_str(u, USER_NAME));
	buf_chr(&b, '@');
	buf_str(&b, user_str(u, USER_HOST));
	s->said.source = buf_view(&b);
	s->said.account = user_str(u, USER_ACCOUNT);
	s->said.traits = (u->modes & USER_BOT ? SAID_BY_BOT : 0) | (is_tagged_oper(u) ? SAID_BY_OPER : 0);
}

size_t render_most(const struct render_context *ctx, const struct change *c)
{
	BUF_MEMORY struct render_said s;

	if (c->type != CHANGE_MESSAGE)
		return RENDER_TAGS_MAX + RENDER_BODY_MAX;
	render_said(&s, ctx, c);
	return said_most(&s.said);
}

static void render_message(struct buf *out, const struct render_context *ctx, const struct change *c, cap_set caps)
{
	BUF_MEMORY struct render_said s;

	render_said(&s, ctx, c);
	said_render(out, &s.said, caps);
}

void render_lines(struct buf *out, const struct render_context *ctx, const struct change *c, cap_set caps)
{
	BUF_MEMORY char tags_memory[RENDER_TAGS_MAX], body_memory[RENDER_BODY_MAX];
	struct buf tags, body;
	struct str rest, line;

	if (c->type == CHANGE_MESSAGE) {
		render_message(out, ctx, c, caps);
		return;
	}
	buf_init(&tags, tags_memory, sizeof(tags_memory));
	buf_init(&body, body_memory, sizeof(body_memory));
	render_tags(&tags, c, caps);
	render_body(&body, ctx, c, caps);
	rest = buf_view(&body);
	while (str_split(&rest, '\n', &line) && line.n) {
		if (tags.n) {
			buf_chr(out, '@');
			buf_str(out, buf_view(&tags));
			buf_chr(out, ' ');
		}
		buf_str(out, line);
		buf_str(out, STR("\r\n"));
	}
}
