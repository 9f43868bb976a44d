#include "command/mode.h"

#include "command/audit.h"
#include "command/override.h"
#include "command/targets.h"
#include "network/rules.h"
#include "proto/modes.h"
#include "proto/name.h"
#include "proto/numerics.h"

/* The parameters of one command come from one line, and a mask gains a few bytes when it is made whole. */
enum { MODE_TEXT_MAX = 2 * LINE_BODY_MAX };

/* One MODE command on its way to be one record. */
struct mode_batch {
	const struct call *call;
	const struct channel *channel; /* NULL: it has ended meanwhile */
	struct mode_op ops[RECORD_MODE_OPS_MAX];
	uint32_t nops;
	uint32_t nparams;     /* steps with a parameter so far */
	uint32_t listed;      /* lists that were shown, by bit */
	bool may;             /* the caller has a rank that may change modes at all */
	bool denied;          /* he has not, and wrote something that was wrong besides */
	bool complained[128]; /* letters that were named in an error */
	struct buf text;      /* what ops point to */
	char memory[MODE_TEXT_MAX];
};

/* A key, and where people are sent, is shown to members alone; others see that there is one. */
static void value_show(struct buf *letters, struct buf *params, const struct channel *c, const struct chan_mode *mode,
		       bool member)
{
	char memory[CHANNEL_PARAM_MAX];
	struct str value = channel_param(c, (enum chan_param)mode->bit, memory);

	if (!value.n)
		return;
	if (!member && (mode->bit == CHAN_PARAM_KEY || mode->bit == CHAN_PARAM_FORWARD))
		value = STR("*");
	buf_chr(letters, mode->letter);
	buf_fmt(params, " %.*s", STR_ARG(value));
}

static void modes_show(const struct call *call, const struct channel *c)
{
	bool member = network_member(c, call_user(call)) != NULL;
	char letters[LINE_BODY_MAX], params[LINE_BODY_MAX];
	struct buf l, p;
	size_t count;
	const struct chan_mode *modes = chan_modes(&count);

	buf_init(&l, letters, sizeof(letters) - 1);
	buf_init(&p, params, sizeof(params) - 1);
	buf_chr(&l, '+');
	for (size_t i = 0; i < count; i++) {
		if (modes[i].type == CHAN_MODE_FLAG && c->flags & modes[i].bit)
			buf_chr(&l, modes[i].letter);
		else if (chan_mode_takes_value(&modes[i]))
			value_show(&l, &p, c, &modes[i], member);
	}
	buf_str(&l, buf_view(&p));
	letters[l.n] = '\0';
	reply(call->session, RPL_CHANNELMODEIS, c->name, letters);
	reply(call->session, RPL_CREATIONTIME, c->name, (long long)(c->created / 1000));
}

/* Once, however often it was asked for in one line. */
static void list_show(struct mode_batch *b, enum chan_list list)
{
	if (b->listed & 1u << list)
		return;
	b->listed |= 1u << list;
	mode_list_show(b->call, b->channel, list);
}

/* Who may not change modes is told that, not what else is wrong. */
static void param_refuse(struct mode_batch *b, const struct mode_step *step, const char *shown, const char *why)
{
	if (b->may)
		reply(b->call->session, ERR_INVALIDMODEPARAM, b->channel->name, step->letter, target_shown(shown),
		      reply_words(b->call->session, why));
	else
		b->denied = true;
}

/* Once for each letter: a line holds hundreds of them. */
static bool letter_complained(struct mode_batch *b, char letter)
{
	bool *complained = &b->complained[letter & 0x7f];

	if (*complained)
		return true;
	*complained = true;
	return false;
}

/* Bytes of longer code points would not be valid on their own. */
static void letter_refuse(struct mode_batch *b, char letter)
{
	char shown = letter > ' ' && letter < 0x7f ? letter : '?';

	if (!letter_complained(b, shown))
		reply(b->call->session, ERR_UNKNOWNMODE, shown);
}

static bool take_user(struct mode_batch *b, const struct mode_step *step, struct mode_op *op)
{
	const struct user *u = network_user_by_nick(b->call->env->net, str_of(step->param));

	if (u)
		op->user = u->id;
	else if (b->may)
		reply(b->call->session, ERR_NOSUCHNICK, target_shown(step->param));
	else
		b->denied = true;
	return u != NULL;
}

/* What -k is given does not matter: that it is there at all is a matter of grammar. */
static bool take_key(struct mode_batch *b, const struct mode_step *step, struct mode_op *op)
{
	op->param = step->set ? str_of(step->param) : STR("*");
	if (!step->set || name_key_valid(op->param))
		return true;
	param_refuse(b, step, "*", N_("Key is not well-formed"));
	return false;
}

static const char *value_wanted(const struct chan_mode *mode)
{
	switch ((enum chan_param)mode->bit) {
	case CHAN_PARAM_FORWARD:
		return N_("Not the name of a channel");
	case CHAN_PARAM_FLOOD:
		return N_("Wanted: lines:seconds, as 5:10");
	case CHAN_PARAM_JOINS:
		return N_("Wanted: joins:seconds, as 3:10");
	case CHAN_PARAM_SLOW:
		return N_("Wanted: seconds, up to 21600");
	case CHAN_PARAM_HISTORY:
		return N_("Wanted: joined, always or never");
	default:
		return N_("Limit is not a number above zero");
	}
}

static bool take_value(struct mode_batch *b, const struct mode_step *step, struct mode_op *op)
{
	size_t start = b->text.n;

	if (!step->set)
		return true;
	if (!chan_param_normalise(&b->text, (enum chan_param)step->mode->bit, str_of(step->param))) {
		param_refuse(b, step, step->param, value_wanted(step->mode));
		return false;
	}
	op->param = (struct str){b->text.p + start, b->text.n - start};
	return true;
}

static bool take_mask(struct mode_batch *b, const struct mode_step *step, struct mode_op *op)
{
	struct buf *text = &b->text;
	struct buf mask;

	buf_init(&mask, text->p + text->n, text->cap - text->n);
	if (strchr(step->param, ' ') || !rule_mask_normalise(&mask, str_of(step->param)) || mask.full || !mask.n) {
		param_refuse(b, step, step->param, N_("Mask is not well-formed"));
		return false;
	}
	text->n += mask.n;
	op->param = buf_view(&mask);
	return true;
}

static bool step_take(struct mode_batch *b, const struct mode_step *step, struct mode_op *op)
{
	switch (step->mode->type) {
	case CHAN_MODE_PREFIX:
		return take_user(b, step, op);
	case CHAN_MODE_PARAM:
		return take_key(b, step, op);
	case CHAN_MODE_PARAM_SET:
		return take_value(b, step, op);
	case CHAN_MODE_LIST:
		return take_mask(b, step, op);
	case CHAN_MODE_FLAG:
		return true;
	}
	return false;
}

/* The step cannot go without a parameter; -k can, for it takes none seriously. */
static bool step_incomplete(const struct mode_step *step)
{
	switch (step->mode->type) {
	case CHAN_MODE_PREFIX:
	case CHAN_MODE_LIST:
		return !step->param;
	case CHAN_MODE_PARAM:
	case CHAN_MODE_PARAM_SET:
		return step->set && !step->param;
	case CHAN_MODE_FLAG:
		break;
	}
	return false;
}

/* Server operators decide what is kept over restarts; it is no matter of rank in the channel. */
static bool registration_submit(struct mode_batch *b, const struct mode_step *step)
{
	struct mode_op op = {.set = step->set, .letter = step->letter};
	struct record r = call_record(b->call, RECORD_CHANNEL_MODES);

	if (step->mode->type != CHAN_MODE_FLAG || step->mode->bit != CHAN_REGISTERED ||
	    !(call_user(b->call)->modes & USER_OPER))
		return false;
	if (!call_may(b->call, PRIV_REGISTER))
		return true;
	oper_audit(b->call, &(struct deed){.channel = b->channel->name, .reason = step->set ? "+r" : "-r"});
	r.flags = RECORD_OVERRIDE;
	r.channel_modes.channel = str_of(call_param(b->call, 0));
	r.channel_modes.ops = &op;
	r.channel_modes.nops = 1;
	call_submit(b->call, &r);
	/* Nobody in it, and registered no more: then it is gone. */
	b->channel = network_channel(b->call->env->net, r.channel_modes.channel);
	return true;
}

/* More parameters than one command may have, or more steps than a record holds, are passed over: modern.ircdocs.horse.
 */
static void step_add(struct mode_batch *b, const struct mode_step *step)
{
	struct mode_op op = {.set = step->set, .letter = step->letter, .user = 0, .param = STR_NONE};

	if (registration_submit(b, step))
		return;
	if (step_incomplete(step)) {
		if (!letter_complained(b, step->letter))
			param_refuse(b, step, "*", N_("A parameter is missing"));
		return;
	}
	if (step->param && b->nparams++ >= b->call->env->server->modes_max)
		return;
	if (b->nops < RECORD_MODE_OPS_MAX && step_take(b, step, &op))
		b->ops[b->nops++] = op;
}

static void modes_submit(struct mode_batch *b)
{
	struct record r = call_record(b->call, RECORD_CHANNEL_MODES);

	r.channel_modes.channel = str_of(call_param(b->call, 0));
	r.channel_modes.ops = b->ops;
	r.channel_modes.nops = b->nops;
	r.channel_modes.list_max = b->call->env->server->list_max;
	call_submit(b->call, &r);
}

static void modes_change(const struct call *call, const struct channel *c, const char *modes)
{
	struct mode_batch b = {.call = call, .channel = c};
	struct mode_parse parse;
	struct mode_step step;

	b.may = call->forced || override_is_on(call_user(call)) ||
		rule_has_rank(network_member(c, call_user(call)), RANK_HALFOP);
	buf_init(&b.text, b.memory, sizeof(b.memory));
	mode_parse_init(&parse, modes, call->msg->params + 2, call->msg->nparams - 2);
	while (b.channel && mode_parse_next(&parse, &step)) {
		if (!step.mode)
			letter_refuse(&b, step.letter);
		else if (step.query)
			list_show(&b, (enum chan_list)step.mode->bit);
		else
			step_add(&b, &step);
	}
	if (b.nops)
		modes_submit(&b);
	else if (b.denied && b.channel)
		reply(call->session, ERR_CHANOPRIVSNEEDED, b.channel->name);
}

void mode_channel_run(const struct call *call)
{
	const struct channel *c = target_channel(call, call_param(call, 0));
	const char *modes = call_word(call, 1);

	if (!c)
		return;
	if (modes)
		modes_change(call, c, modes);
	else
		modes_show(call, c);
}
