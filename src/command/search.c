#include <stdio.h>
#include <string.h>

#include "command/families.h"
#include "command/past.h"
#include "command/search_words.h"
#include "proto/name.h"
#include "proto/tags.h"

static void refuse(const struct call *call, struct str what)
{
	char context[LINE_BODY_MAX];

	snprintf(context, sizeof(context), "%.*s", STR_ARG(what));
	if (!what.n || !tags_key_valid(what))
		snprintf(context, sizeof(context), "*");
	reply_fail(call->session, "SEARCH", "INVALID_PARAMS", context, "Invalid parameters");
}

/* The channel's own name; empty: each message says where it was said. */
static const char *shown(const struct call *call, const char *in)
{
	const struct channel *c = *in ? network_channel(call->env->net, str_of(in)) : NULL;

	return c ? c->name : in;
}

static void search_run(struct call *call)
{
	struct search_words w;
	struct history_read *r;
	char in[SEARCH_WORDS_MAX];
	uint32_t limit = call->env->server->history.limit;
	struct str bad;

	if (!search_words_parse(&w, str_of(call_param(call, 0)), &bad)) {
		refuse(call, bad);
		return;
	}
	if (!call->env->host->read)
		return;
	if (w.limited && w.limit < limit)
		limit = (uint32_t)w.limit;
	r = history_read_new(HISTORY_SEARCH, limit);
	history_read_search(r, &w.what);
	snprintf(in, sizeof(in), "%.*s", STR_ARG(w.in));
	if (!*in)
		past_add_all(call->env, call->session, r);
	else if (!past_add(call->env, call->session, in, r)) {
		history_read_free(r);
		refuse(call, STR("in"));
		return;
	}
	past_answer(call->env, call->session,
		    &(struct past_answer){.read = r, .target = shown(call, in), .sub = "SEARCH", .batch = "soju.im/search"});
}

static const struct command rows[] = {
	{"SEARCH", ROLE_USER, 1, 20, CAP_SEARCH, search_run},
};

const struct command *command_family_search(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
