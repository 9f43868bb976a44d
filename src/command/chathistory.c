#include <stdio.h>
#include <string.h>

#include "command/families.h"
#include "command/past.h"
#include "proto/name.h"
#include "session/msgid.h"

/* https://ircv3.net/specs/extensions/chathistory */
struct selector {
	const char *name;
	enum history_kind kind;
	uint8_t bounds;
	bool open; /* '*' is a bound too */
};

static const struct selector selectors[] = {
	{"LATEST", HISTORY_LATEST, 1, true},    {"BEFORE", HISTORY_BEFORE, 1, false},
	{"AFTER", HISTORY_AFTER, 1, false},     {"AROUND", HISTORY_AROUND, 1, false},
	{"BETWEEN", HISTORY_BETWEEN, 2, false}, {"TARGETS", HISTORY_TALKS, 2, false},
};

static const struct selector *selector_of(const char *word)
{
	for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++)
		if (strcasecmp(word, selectors[i].name) == 0)
			return &selectors[i];
	return NULL;
}

static bool invalid(const struct call *call, const char *what, const char *why)
{
	char context[2 * LINE_BODY_MAX];
	const char *sub = call_word(call, 0) ? call_word(call, 0) : "*";

	/* What is said back is one parameter, or it would be another line. */
	if (strchr(sub, ' ') || *sub == ':')
		sub = "*";
	if (what && (!*what || strchr(what, ' ') || *what == ':'))
		what = "*";
	snprintf(context, sizeof(context), "%s%s%s", sub, what ? " " : "", what ? what : "");
	reply_fail(call->session, "CHATHISTORY", "INVALID_PARAMS", context, why);
	return false;
}

static bool take_bound(const struct call *call, const struct selector *sel, const char *word, struct history_bound *out)
{
	static const char timestamp[] = "timestamp=", msgid[] = "msgid=";

	*out = (struct history_bound){0};
	if (sel->open && strcmp(word, "*") == 0)
		return true;
	out->set = true;
	if (strncmp(word, timestamp, sizeof(timestamp) - 1) == 0) {
		if (past_time_parse(word + sizeof(timestamp) - 1, &out->time))
			return true;
		return invalid(call, word, N_("Invalid timestamp"));
	}
	if (strncmp(word, msgid, sizeof(msgid) - 1) == 0 && word[sizeof(msgid) - 1] && sel->kind != HISTORY_TALKS) {
		out->msgid = str_of(word + sizeof(msgid) - 1);
		/* A message that is gone, by its age or because it was taken back, still has its place in time. */
		out->time = msgid_time(out->msgid);
		return true;
	}
	return invalid(call, word, N_("Invalid message reference"));
}

/* The parameters of a selector: its name, the target but for TARGETS, the bounds, the limit. */
static bool take(const struct call *call, const struct selector *sel, struct history_bound bounds[2], uint32_t *limit)
{
	size_t first = sel->kind == HISTORY_TALKS ? 1 : 2, wanted = first + sel->bounds + 1;
	unsigned long long n = 0;

	if (call->msg->nparams != wanted)
		return invalid(call, NULL,
			       call->msg->nparams < wanted ? N_("Insufficient parameters") : N_("Too many parameters"));
	for (size_t i = 0; i < sel->bounds; i++)
		if (!take_bound(call, sel, call_param(call, first + i), &bounds[i]))
			return false;
	if (!str_u64(str_of(call_param(call, wanted - 1)), UINT32_MAX, &n))
		return invalid(call, call_param(call, wanted - 1), N_("Invalid limit"));
	*limit = call->env->server->history.limit;
	if (n < *limit)
		*limit = (uint32_t)n;
	return true;
}

static void refuse_target(const struct call *call, const struct selector *sel, const char *target)
{
	char context[2 * LINE_BODY_MAX];

	snprintf(context, sizeof(context), "%s %s", sel->name, target);
	reply_fail(call->session, "CHATHISTORY", "INVALID_TARGET", context, "Messages could not be retrieved");
}

static void ask(const struct call *call, const struct selector *sel, const char *target, struct history_read *r)
{
	const struct channel *c = network_channel(call->env->net, str_of(target));
	struct past_answer answer = {.read = r, .target = target, .sub = sel->name};

	if (!past_add(call->env, call->session, target, r)) {
		refuse_target(call, sel, target);
		history_read_free(r);
		return;
	}
	if (c)
		answer.target = c->name;
	past_answer(call->env, call->session, &answer);
}

static void chathistory_run(struct call *call)
{
	const struct selector *sel = selector_of(call->msg->params[0]);
	const char *target = call_param(call, 1);
	struct history_bound bounds[2] = {{0}};
	struct history_read *r;
	uint32_t limit = 0;

	if (!sel) {
		invalid(call, NULL, N_("Unknown command"));
		return;
	}
	if (!take(call, sel, bounds, &limit) || !call->env->host->read)
		return;
	if (sel->kind != HISTORY_TALKS && (!*target || strchr(target, ' ') || *target == ':')) {
		refuse_target(call, sel, "*");
		return;
	}
	r = history_read_new(sel->kind, limit);
	history_read_bounds(r, &bounds[0], &bounds[1]);
	if (sel->kind != HISTORY_TALKS) {
		ask(call, sel, target, r);
		return;
	}
	past_add_all(call->env, call->session, r);
	past_answer_names(call->env, call->session, r);
}

static const struct command rows[] = {
	{"CHATHISTORY", ROLE_USER, 1, 10, CAP_CHATHISTORY, chathistory_run},
};

const struct command *command_family_chathistory(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
