#include "base/mem.h"
#include "network/apply.h"
#include "network/rules.h"

/* One record of mode steps. Texts that were replaced live until the change is told. */
struct mode_run {
	const struct apply *a;
	struct channel *c;
	struct mode_op done[RECORD_MODE_OPS_MAX];
	uint32_t ndone;
	struct list_entry *gone[RECORD_MODE_OPS_MAX];
	uint32_t ngone;
	uint64_t told; /* refusals told already, a bit each */
};

/* Each reason once, whatever the number of steps that it stops. */
static bool refused(struct mode_run *run, enum refusal refusal, const struct mode_op *op)
{
	struct change c = apply_change(run->a, CHANGE_REFUSED);

	if (refusal == REFUSAL_NONE)
		return false;
	if (run->told & 1ull << refusal)
		return true;
	run->told |= 1ull << refusal;
	c.refusal = refusal;
	c.user = op->user ? network_user(run->a->net, op->user) : NULL;
	c.channel = run->c;
	c.text = op->param;
	c.ops = op;
	c.nops = 1;
	apply_tell(run->a, &c);
	return true;
}

/* However much is allowed: the whole channel fits into a RECORD_CHANNEL. */
static bool list_full(const struct mode_run *run)
{
	uint32_t max = run->a->r->channel_modes.list_max;

	if (!max || max > RECORD_LIST_ITEMS_MAX)
		max = RECORD_LIST_ITEMS_MAX;
	return state_list_entries(run->c) >= max;
}

static void add_entry(struct mode_run *run, struct str mask, enum chan_list list)
{
	char memory[NETWORK_MASK_MAX];
	struct buf by;

	buf_init(&by, memory, sizeof(memory));
	state_user_mask(&by, run->a->origin, USER_HOST);
	state_list_add(&run->c->lists[list],
		       &(struct list_item){list, mask, buf_view(&by), run->a->r->time, run->a->r->channel_modes.until});
}

/* Each of the four: whether anything changed. op becomes what is to be told. */
static bool change_list(struct mode_run *run, struct mode_op *op, enum chan_list list)
{
	struct list_entry *e = state_list_find(run->a->net, run->c, list, op->param);

	if (!op->param.n || op->set == (e != NULL))
		return false;
	if (op->set) {
		if (list_full(run) && refused(run, REFUSAL_LIST_FULL, op))
			return false;
		add_entry(run, op->param, list);
		return true;
	}
	state_list_take(run->c, list, e);
	op->param = str_of(e->mask);
	run->gone[run->ngone++] = e;
	return true;
}

/* Where people are sent, the one who says so must have a say. */
static bool may_forward(struct mode_run *run, const struct mode_op *op)
{
	const struct channel *to = state_channel(run->a->net, op->param);

	if (run->a->unchecked || (to && rule_has_rank(network_member(to, run->a->origin), RANK_HALFOP)))
		return true;
	refused(run, REFUSAL_FORWARD, op);
	return false;
}

static bool change_value(struct mode_run *run, struct mode_op *op, enum chan_param which)
{
	if (op->set && (!op->param.n || (which == CHAN_PARAM_FORWARD && !may_forward(run, op))))
		return false;
	if (!state_param_set(run->c, which, op->set ? op->param : STR_NONE))
		return false;
	if (!op->set)
		op->param = which == CHAN_PARAM_KEY ? STR("*") : STR_NONE;
	return true;
}

static bool change_flag(struct mode_run *run, struct mode_op *op, uint32_t bit)
{
	uint32_t was = run->c->flags;

	run->c->flags = op->set ? was | bit : was & ~bit;
	if (bit == CHAN_REGISTERED && !op->set)
		state_settings_drop(run->c);
	op->param = STR_NONE;
	return run->c->flags != was;
}

static bool change_rank(struct mode_op *op, struct member *target, uint32_t bit)
{
	/* No rule lets through a rank for nobody: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	uint8_t was = target->rank;

	target->rank = (uint8_t)(op->set ? was | bit : was & ~bit);
	return target->rank != was;
}

static bool change(struct mode_run *run, struct mode_op *op, const struct chan_mode *mode, struct member *target)
{
	switch (mode->type) {
	case CHAN_MODE_LIST:
		return change_list(run, op, (enum chan_list)mode->bit);
	case CHAN_MODE_PARAM:
	case CHAN_MODE_PARAM_SET:
		return change_value(run, op, (enum chan_param)mode->bit);
	case CHAN_MODE_FLAG:
		return change_flag(run, op, mode->bit);
	case CHAN_MODE_PREFIX:
		return change_rank(op, target, mode->bit);
	}
	return false;
}

static void step(struct mode_run *run, const struct mode_op *asked)
{
	const struct chan_mode *mode = chan_mode_find(asked->letter);
	const struct user *u = asked->user ? network_user(run->a->net, asked->user) : NULL;
	struct member *target = u ? (struct member *)network_member(run->c, u) : NULL;
	struct mode_op op = *asked;
	enum refusal refusal = REFUSAL_NONE;

	if (!mode)
		return;
	if (!run->a->unchecked)
		refusal = state_rule_mode(run->c, run->a->origin, asked, target);
	else if (mode->type == CHAN_MODE_PREFIX && !target)
		refusal = REFUSAL_TARGET_NOT_ON_CHANNEL;
	if (!refused(run, refusal, asked) && change(run, &op, mode, target))
		run->done[run->ndone++] = op;
}

static void tell(const struct mode_run *run)
{
	struct change c = apply_change(run->a, CHANGE_CHANNEL_MODES);

	if (!run->ndone)
		return;
	c.channel = run->c;
	c.ops = run->done;
	c.nops = run->ndone;
	apply_tell(run->a, &c);
}

void apply_channel_modes(struct apply *a)
{
	struct mode_run run = {.a = a, .c = apply_channel(a, a->r->channel_modes.channel)};

	if (!run.c)
		return;
	for (uint32_t i = 0; i < a->r->channel_modes.nops && i < RECORD_MODE_OPS_MAX; i++)
		step(&run, &a->r->channel_modes.ops[i]);
	if (a->r->channel_modes.until || run.c->timed_at)
		state_list_note_ends(a->net, run.c);
	tell(&run);
	for (uint32_t i = 0; i < run.ngone; i++)
		state_list_entry_free(run.gone[i]);
	state_channel_drop_empty(a->net, run.c);
}
