#include "command/duration.h"
#include "command/families.h"
#include "command/targets.h"
#include "network/rules.h"
#include "proto/numerics.h"

static void tban_submit(const struct call *call, const struct channel *c, struct str mask, int64_t ms)
{
	struct mode_op op = {.set = true, .letter = 'b', .param = mask};
	struct record r = call_record(call, RECORD_CHANNEL_MODES);

	r.channel_modes.channel = str_of(c->name);
	r.channel_modes.ops = &op;
	r.channel_modes.nops = 1;
	r.channel_modes.until = loop_clock(call->session->hub->loop)->real_ms + ms;
	r.channel_modes.list_max = call->env->server->list_max;
	call_submit(call, &r);
}

static bool is_banned(const struct network *net, const struct channel *c, struct str mask)
{
	const struct vec *bans = &c->lists[CHAN_LIST_BAN];

	for (uint32_t i = 0; i < bans->count; i++) {
		if (casemap_eq(network_casemap(net), str_of(((const struct list_entry *)bans->items[i])->mask), mask))
			return true;
	}
	return false;
}

/* Rights come first: who may not set bans is told that, not what else is wrong. */
static void tban_run(struct call *call)
{
	const struct channel *c = target_channel(call, call_param(call, 0));
	char memory[LINE_BODY_MAX];
	struct buf mask;
	int64_t ms = 0;

	if (!c)
		return;
	if (!rule_has_rank(network_member(c, call_user(call)), RANK_HALFOP)) {
		reply(call->session, ERR_CHANOPRIVSNEEDED, c->name);
		return;
	}
	buf_init(&mask, memory, sizeof(memory));
	if (!duration_parse(call_param(call, 1), &ms) || ms == 0)
		reply_fail(call->session, "TBAN", "INVALID_DURATION", c->name, "Wanted: how long, as 30m, 2h or 1d12h");
	else if (!rule_mask_normalise(&mask, str_of(call_param(call, 2))) || mask.full || !mask.n)
		reply(call->session, ERR_INVALIDMODEPARAM, c->name, 'b', target_shown(call_param(call, 2)),
		      reply_words(call->session, "Mask is not well-formed"));
	else if (is_banned(call->env->net, c, buf_view(&mask)))
		reply_fail(call->session, "TBAN", "ALREADY_BANNED", c->name, "That mask is in the list already");
	else
		tban_submit(call, c, buf_view(&mask), ms);
}

static const struct command rows[] = {
	{"TBAN", ROLE_USER, 3, 10, -1, tban_run},
};

const struct command *command_family_tban(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
