#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "command/command.h"
#include "command/export.h"
#include "command/login.h"
#include "command/past.h"
#include "command/services.h"

static const char self[] = "HistServ";

/* What a search costs more than a message, so that it costs as much as SEARCH. */
enum { SEARCH_COST = 1000 };

static void run_play(const struct service_ask *a)
{
	const struct call *call = a->call;
	struct past_span span = {.limit = call->env->server->history.limit};
	struct history_read *r = history_read_new(HISTORY_LATEST, 0);
	unsigned long long n = 0;
	bool may = past_add(call->env, call->session, a->words[0], r);

	history_read_free(r);
	if (!str_u64(str_of(a->words[1]), UINT32_MAX, &n) || n == 0) {
		service_tell(a, "How many lines? That is no number.");
		return;
	}
	if (n < span.limit)
		span.limit = (uint32_t)n;
	if (may)
		past_replay_one(call->env, call->session, a->words[0], &span);
	else
		service_tell(a, "There is no such channel, or you may not read it.");
}

static void run_search(const struct service_ask *a)
{
	const struct call *call = a->call;
	struct history_read *r = history_read_new(HISTORY_SEARCH, call->env->server->history.limit);
	const char *in = strcmp(a->words[0], "*") == 0 ? "" : a->words[0];
	const struct channel *c = *in ? network_channel(call->env->net, str_of(in)) : NULL;
	char words[LINE_BODY_MAX];
	struct buf b;

	call_charge(call, SEARCH_COST);
	buf_init(&b, words, sizeof(words));
	service_join(a, 1, &b);
	history_read_search(r, &(struct history_search){.text = buf_view(&b)});
	if (!*in) {
		past_add_all(call->env, call->session, r);
	} else if (!past_add(call->env, call->session, in, r)) {
		history_read_free(r);
		service_tell(a, "There is no such channel, or you may not read it.");
		return;
	}
	past_answer(call->env, call->session,
		    &(struct past_answer){
			    .read = r, .target = c ? c->name : in, .sub = "SEARCH", .batch = "soju.im/search"});
}

static bool is_code(const char *word)
{
	return strlen(word) == SERVICE_CODE_SIZE && strspn(word, "0123456789abcdefABCDEF") == SERVICE_CODE_SIZE;
}

static void explain_forget(const struct service_ask *a, const char *place, const char *code)
{
	if (place)
		services_say(a->call->session, self,
			     "This deletes everything that you said with this account there: FORGET %s %s does it.",
			     place, code);
	else
		services_say(
			a->call->session, self,
			"This deletes everything that you said with this account, in all channels and to all people. "
			"FORGET %s does it.",
			code);
}

/* What is confirmed is that all is to go, not what there is of it by then. */
static void run_forget(const struct service_ask *a)
{
	const struct account *me = login_account(a->call->env, a->call->session);
	struct record r = call_record(a->call, RECORD_FORGET);
	const char *place = a->n && !(a->n == 1 && is_code(a->words[0])) ? a->words[0] : NULL;
	const char *given = service_word(a, place ? 1 : 0);
	char what[LINE_BODY_MAX], code[SERVICE_CODE_SIZE + 1];

	snprintf(what, sizeof(what), "messages of %s %s", account_text(me, ACCOUNT_NAME), place ? place : "");
	service_drop_code(a, what, (uint64_t)me->created, code);
	if (!given) {
		explain_forget(a, place, code);
		return;
	}
	if (strcasecmp(given, code) != 0) {
		service_tell(a, "That is not the code. FORGET without it tells it.");
		return;
	}
	r.forget.account = account_str(me, ACCOUNT_NAME);
	r.forget.place = str_of(place);
	call_submit(a->call, &r);
	service_tell(a, "It is being deleted.");
}

static const struct service_row rows[] = {
	{"SEARCH", 2, false, run_search, N_("<channel|nick|*> <words>"),
	 N_("Finds what was said, where you may read it.")},
	{"PLAY", 2, false, run_play, N_("<channel|nick> <number>"), N_("Shows the last lines once more.")},
	{"EXPORT", 0, true, export_run, "",
	 N_("Shows all that is known of you and kept of what you said, as JSON lines.")},
	{"FORGET", 0, true, run_forget, N_("[<channel|nick>] [<code>]"),
	 N_("Deletes everything that you said, or what you said there. It asks once more.")},
};

const struct service *histserv(void)
{
	static const struct service service = {
		self, N_("HistServ shows what was said before, and shows or deletes all of your own."), rows,
		sizeof(rows) / sizeof(rows[0])};

	return &service;
}
