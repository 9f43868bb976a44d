#include "command/batch.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "command/families.h"
#include "command/message.h"
#include "command/targets.h"
#include "proto/multiline.h"
#include "proto/tags.h"
#include "session/client_batch.h"
#include "session/server.h"

enum { REF_MAX = 64 };

static const char *const anywhere[] = {"BATCH", "PING", "PONG", "QUIT"};

static void give_up(struct client_batch *b, const char *code, const char *context, const char *why)
{
	client_batch_fail(b, code, context, why);
	client_batch_give_up(b);
}

static void invalid(struct client_batch *b, const char *why)
{
	give_up(b, "MULTILINE_INVALID", NULL, why);
}

/* The other tags that a message may bear stand on what opened the batch. */
static bool has_other_tags(const struct call *call, bool *concat)
{
	struct str rest = call->msg->tags;
	struct tag tag;

	*concat = false;
	while (tags_next(&rest, &tag)) {
		if (str_eq(tag.key, STR("draft/multiline-concat")))
			*concat = true;
		else if (!str_eq(tag.key, STR("batch")))
			return true;
	}
	return false;
}

static bool is_target(const struct call *call, const struct client_batch *b, const char *target)
{
	return target && casemap_eq(network_casemap(call->env->net), str_of(b->target), str_of(target));
}

static void wrong_target(struct client_batch *b, const char *target)
{
	char context[LINE_BODY_MAX];

	snprintf(context, sizeof(context), "%s %s", b->target, target && *target ? target_shown(target) : "*");
	give_up(b, "MULTILINE_INVALID_TARGET", context, N_("A line in the batch has another target"));
}

static void add(struct client_batch *b, struct str text, bool concat)
{
	const struct server *server = b->session->hub->server;
	char limit[16];

	switch (client_batch_add(b, text, concat)) {
	case CLIENT_BATCH_TOO_LONG:
		snprintf(limit, sizeof(limit), "%u", server->multiline_bytes);
		give_up(b, "MULTILINE_MAX_BYTES", limit, N_("The message has too many bytes"));
		break;
	case CLIENT_BATCH_TOO_MANY:
		snprintf(limit, sizeof(limit), "%u", server->multiline_lines);
		give_up(b, "MULTILINE_MAX_LINES", limit, N_("The message has too many lines"));
		break;
	default:
		break;
	}
}

static void take_line(const struct call *call, struct client_batch *b)
{
	bool notice = strcmp(call->row->name, "NOTICE") == 0, concat;
	enum client_batch_kind kind = notice ? CLIENT_BATCH_NOTICE : CLIENT_BATCH_PRIVMSG;
	struct str text = str_of(call_param(call, 1));

	if ((!notice && strcmp(call->row->name, "PRIVMSG") != 0) || call->msg->nparams < 2)
		invalid(b, N_("The batch is of PRIVMSG alone, or of NOTICE alone"));
	else if (b->kind != CLIENT_BATCH_EMPTY && b->kind != kind)
		invalid(b, N_("The batch mixes PRIVMSG and NOTICE"));
	else if (!is_target(call, b, call_param(call, 0)))
		wrong_target(b, call_param(call, 0));
	else if (has_other_tags(call, &concat))
		invalid(b, N_("A line in the batch bears a tag that belongs on BATCH"));
	else if (concat && (!text.n || !b->lines))
		invalid(b, N_("A line that goes on from another one is blank, or the first"));
	else
		add(b, text, concat);
	if (!b->over)
		b->kind = kind;
}

static bool may_stand_anywhere(const struct call *call)
{
	for (size_t i = 0; i < sizeof(anywhere) / sizeof(anywhere[0]); i++) {
		if (strcmp(call->row->name, anywhere[i]) == 0)
			return true;
	}
	return false;
}

static void unknown_batch(const struct call *call)
{
	reply_fail(call->session, "BATCH", "MULTILINE_INVALID", NULL, "There is no open batch of that name");
}

/* The batch that the line says it is of. */
static void take_tagged(const struct call *call, struct str ref)
{
	struct client_batch *b = call->session->client_batch;
	bool same = b && str_eq(ref, str_of(b->ref));

	if (b && !b->over && !same)
		invalid(b, N_("The line is of another batch than the one that is open"));
	else if (b && !b->over && strcmp(call->row->name, "BATCH") == 0)
		invalid(b, N_("Batches do not nest"));
	else if (b && !b->over)
		take_line(call, b);
	else if (!same)
		unknown_batch(call);
}

bool batch_takes(struct call *call)
{
	struct session *s = call->session;
	struct tag tag;

	if (!session_has(s, CAP_MULTILINE) || !s->user)
		return false;
	if (tags_find(call->msg->tags, STR("batch"), &tag)) {
		take_tagged(call, tag.value);
		return true;
	}
	if (s->client_batch && !s->client_batch->over && !may_stand_anywhere(call))
		invalid(s->client_batch, N_("A line that is not of the batch came before its end"));
	return false;
}

/* BATCH */

static bool is_ref(struct str ref)
{
	for (size_t i = 0; i < ref.n; i++) {
		char c = ref.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		      c == '_'))
			return false;
	}
	return ref.n > 0 && ref.n <= REF_MAX;
}

static void keep_tags(const struct call *call, struct client_batch *b)
{
	char memory[LINE_CLIENT_TAGS_MAX];
	struct tag label;
	struct buf tags;

	buf_init(&tags, memory, sizeof(memory));
	message_tags_pick(&tags, call);
	if (tags.n && !tags.full)
		b->tags = mem_strndup(tags.p, tags.n);
	if (tags_find(call->msg->tags, STR("label"), &label) && label.value.n)
		b->label = mem_strndup(label.value.p, label.value.n);
}

static void unknown_type(struct client_batch *b, const char *type)
{
	char context[LINE_BODY_MAX];

	snprintf(context, sizeof(context), "%s %s", b->ref, type ? target_shown(type) : "*");
	give_up(b, "UNKNOWN_TYPE", context, N_("There is no such type of batch"));
}

/* With its label, which is for the message alone: the opening itself is not answered. */
static void open_batch(const struct call *call, const char *ref)
{
	struct session *s = call->session;
	const char *type = call_word(call, 1), *target = call_word(call, 2);
	bool nested = s->client_batch && !s->client_batch->over;
	struct client_batch *b;

	if (nested)
		invalid(s->client_batch, N_("Another batch was opened before its end"));
	b = client_batch_open(s, str_of(ref), str_of(target));
	keep_tags(call, b);
	answer_instead(s, STR_NONE);
	if (!is_ref(str_of(ref)))
		give_up(b, "INVALID_REFTAG", *ref ? target_shown(ref) : "*", N_("That is no name for a batch"));
	else if (nested)
		invalid(b, N_("There may be one open batch at a time"));
	else if (!type || strcmp(type, "draft/multiline") != 0)
		unknown_type(b, type);
	else if (!target)
		invalid(b, N_("The batch has no target"));
}

/* What comes of the message is the answer to what opened the batch. */
static void deliver(struct call *call, struct client_batch *b)
{
	struct message_said said = {
		.kind = b->kind == CLIENT_BATCH_NOTICE ? MESSAGE_NOTICE : MESSAGE_PRIVMSG,
		.text = {b->text, b->size},
		.tags = str_of(b->tags),
	};

	answer_instead(call->session, str_of(b->label));
	call->row = command_find(said.kind == MESSAGE_NOTICE ? "NOTICE" : "PRIVMSG");
	message_send_one(call, &said, b->target);
}

static void close_batch(struct call *call, const char *ref)
{
	struct session *s = call->session;
	struct client_batch *b = s->client_batch;

	if (!b || strcmp(b->ref, ref) != 0) {
		unknown_batch(call);
		return;
	}
	if (!b->over && multiline_is_blank((struct str){b->text, b->size})) {
		invalid(b, N_("The message is blank"));
	} else if (!b->over) {
		/* It may end the session, and that its batch. */
		s->client_batch = NULL;
		deliver(call, b);
		client_batch_free(b);
		return;
	}
	client_batch_end(s);
}

struct str batch_label(const struct session *s, const struct message *m, char memory[LINE_CLIENT_TAGS_MAX])
{
	struct tag label;

	if (strcmp(m->command, "BATCH") != 0 || !s->client_batch || !s->client_batch->label)
		return tags_find(m->tags, STR("label"), &label) ? label.value : STR_NONE;
	strlcpy(memory, s->client_batch->label, LINE_CLIENT_TAGS_MAX);
	return str_of(memory);
}

static void batch_run(struct call *call)
{
	const char *ref = call_param(call, 0);

	if (*ref == '+')
		open_batch(call, ref + 1);
	else if (*ref == '-')
		close_batch(call, ref + 1);
	else
		reply_fail(call->session, "BATCH", "INVALID_REFTAG", *ref ? target_shown(ref) : "*",
			   "Wanted: a name with '+' or '-' in front");
}

static const struct command rows[] = {
	{"BATCH", ROLE_USER, 1, 5, CAP_MULTILINE, batch_run},
};

const struct command *command_family_batch(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
