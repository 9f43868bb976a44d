#include "command/kept_message.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "command/command.h"
#include "command/errand.h"
#include "command/past.h"
#include "network/rules.h"
#include "proto/name.h"
#include "proto/tags.h"

struct finding {
	struct errand errand; /* first: it is freed as what it is */
	const struct command *row;
	kept_message_fn found;
	struct history_read *read;
	bool over; /* it was read */
	char *target, *msgid, *extra;
	size_t extra_n;
};

void kept_message_fail(const struct call *call, const struct kept_message *m, const char *code, const char *why)
{
	char context[2 * LINE_BODY_MAX];

	snprintf(context, sizeof(context), "%s %s", m->target, m->msgid);
	reply_fail(call->session, call->row->name, code, context, why);
}

bool kept_message_word(const char *text)
{
	return *text && *text != ':' && !strchr(text, ' ');
}

/* The message, where it is what was asked for: next to one that is not there stand others. */
static bool take_message(const struct finding *f, struct record_room *room, struct record *out)
{
	const struct history_row *row = f->read->rows.count ? f->read->rows.items[0] : NULL;

	return !f->read->err && row && str_eq(row->msgid, str_of(f->msgid)) && record_decode(out, room, row->bytes) &&
	       out->type == RECORD_MESSAGE;
}

static void done(struct errand *e, struct session *s)
{
	struct finding *f = (struct finding *)e;
	struct call call = {.env = e->env, .session = s, .user = s->user, .row = f->row};
	struct kept_message m = {f->target, f->msgid, {f->extra, f->extra_n}, NULL};
	struct record_room room;
	struct record message;

	if (!f->over || !s->user) {
		reply(s, RPL_TRYAGAIN, f->row->name);
		return;
	}
	if (take_message(f, &room, &message))
		m.message = &message;
	f->found(&call, &m);
}

static void let_go(struct errand *e)
{
	struct finding *f = (struct finding *)e;

	if (!f->over)
		(*e->env->errands)--;
	history_read_free(f->read);
	mem_free(f->target);
	mem_free(f->msgid);
	mem_free(f->extra);
	mem_free(f);
}

static void read_done(struct history_read *read)
{
	struct finding *f = read->ctx;

	f->over = true;
	(*f->errand.env->errands)--;
	if (f->errand.session)
		errand_ready(&f->errand);
}

/* All that is kept of the channel, whatever part of it the member may read: rights are decided by the message. */
static bool add_channel(const struct call *call, const char *name, struct history_read *read)
{
	const struct channel *c = network_channel(call->env->net, str_of(name));
	const struct user *u = call_user(call);
	char memory[HISTORY_NAME_MAX];

	if (!c || (!network_member(c, u) && !user_may(u, PRIV_REDACT)))
		return false;
	history_read_add(read, str_of(c->folded), 0);
	history_read_add(read, history_events_name(memory, str_of(c->folded)), 0);
	for (unsigned rank = RANK_VOICE; rank <= RANK_OWNER; rank <<= 1)
		history_read_add(read, history_rank_name(memory, str_of(c->folded), rank), 0);
	return true;
}

static void begin(const struct call *call, struct history_read *read, const struct kept_message *m,
		  kept_message_fn found)
{
	struct finding *f = mem_zalloc(sizeof(*f));
	struct tag label;

	f->errand.done = done;
	f->errand.free = let_go;
	f->errand.env = call->env;
	f->row = call->row;
	f->found = found;
	f->read = read;
	f->target = mem_strdup(m->target);
	f->msgid = mem_strdup(m->msgid);
	f->extra = mem_strndup(m->extra.n ? m->extra.p : "", m->extra.n);
	f->extra_n = m->extra.n;
	read->done = read_done;
	read->ctx = f;
	(*call->env->errands)++;
	call->env->host->read(call->env->host->ctx, read);
	errand_wait(call->env, call->session, &f->errand);
	f->errand.command = call->row->name;
	if (tags_find(call->msg->tags, STR("label"), &label) && label.value.n)
		f->errand.label = mem_strndup(label.value.p, label.value.n);
	if (f->over)
		errand_ready(&f->errand);
}

bool kept_message_ask(const struct call *call, const struct kept_message *m, kept_message_fn found)
{
	struct history_bound at = {.set = true, .msgid = str_of(m->msgid)}, none = {0};
	struct history_read *read = history_read_new(HISTORY_AROUND, 1);

	history_read_bounds(read, &at, &none);
	if (!call->env->host->read ||
	    (name_is_channel(m->target) ? !add_channel(call, m->target, read)
					: !past_add(call->env, call->session, m->target, read))) {
		history_read_free(read);
		return false;
	}
	begin(call, read, m, found);
	return true;
}
