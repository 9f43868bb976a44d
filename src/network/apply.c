#include "network/apply.h"

/* What the origin is to a record. */
enum origin {
	ORIGIN_ANY,  /* a user or the server */
	ORIGIN_USER, /* of no meaning without a user */
	ORIGIN_NONE, /* not looked up: nobody yet, or somebody who may be long gone when the record is applied again */
};

struct row {
	void (*apply)(struct apply *a);
	enum origin origin;
};

static const struct row rows[RECORD_TYPE_END] = {
	[RECORD_USER_ADD] = {apply_user_add, ORIGIN_NONE},
	[RECORD_USER_NICK] = {apply_user_nick, ORIGIN_USER},
	[RECORD_USER_QUIT] = {apply_user_quit, ORIGIN_USER},
	[RECORD_USER_KILL] = {apply_user_kill, ORIGIN_ANY},
	[RECORD_USER_AWAY] = {apply_user_away, ORIGIN_USER},
	[RECORD_USER_REALNAME] = {apply_user_realname, ORIGIN_USER},
	[RECORD_USER_HOST] = {apply_user_host, ORIGIN_USER},
	[RECORD_USER_MODES] = {apply_user_modes, ORIGIN_USER},
	[RECORD_USER_ACCOUNT] = {apply_user_account, ORIGIN_USER},
	[RECORD_JOIN] = {apply_join, ORIGIN_USER},
	[RECORD_PART] = {apply_part, ORIGIN_USER},
	[RECORD_KICK] = {apply_kick, ORIGIN_ANY},
	[RECORD_TOPIC] = {apply_topic, ORIGIN_ANY},
	[RECORD_CHANNEL_MODES] = {apply_channel_modes, ORIGIN_ANY},
	[RECORD_INVITE] = {apply_invite, ORIGIN_ANY},
	[RECORD_MESSAGE] = {apply_message, ORIGIN_ANY},
	[RECORD_WALLOPS] = {apply_wallops, ORIGIN_ANY},
	[RECORD_CHANNEL] = {apply_kept_channel, ORIGIN_NONE},
	[RECORD_USER_OPER] = {apply_user_oper, ORIGIN_USER},
	[RECORD_USER_NOTICES] = {apply_user_notices, ORIGIN_USER},
	[RECORD_ACCOUNT] = {apply_kept_account, ORIGIN_NONE},
	[RECORD_BAN_SET] = {apply_ban_set, ORIGIN_NONE},
	[RECORD_BAN_CLEAR] = {apply_ban_clear, ORIGIN_NONE},
	[RECORD_KNOCK] = {apply_knock, ORIGIN_USER},
	[RECORD_MARKER] = {apply_marker, ORIGIN_NONE},
	[RECORD_ACCOUNT_MARKERS] = {apply_kept_markers, ORIGIN_NONE},
	[RECORD_RENAME] = {apply_rename, ORIGIN_ANY},
	[RECORD_METADATA] = {apply_metadata, ORIGIN_ANY},
	[RECORD_CHANNEL_METADATA] = {apply_kept_metadata, ORIGIN_NONE},
	[RECORD_CHANNEL_SETTINGS] = {apply_channel_settings, ORIGIN_NONE},
	[RECORD_USER_STAY] = {apply_user_stay, ORIGIN_NONE},
	[RECORD_EMERGENCY] = {apply_emergency, ORIGIN_NONE},
	[RECORD_EVENT] = {apply_event, ORIGIN_NONE},
	[RECORD_REDACT] = {apply_redact, ORIGIN_ANY},
	[RECORD_EDIT] = {apply_edit, ORIGIN_USER},
	[RECORD_FORGET] = {apply_forget, ORIGIN_ANY},
};

struct change apply_change(const struct apply *a, enum change_type type)
{
	return (struct change){.type = type, .record = a->r, .by = a->origin, .user = a->origin};
}

void apply_tell(const struct apply *a, const struct change *c)
{
	if (a->sink)
		a->sink->tell(a->sink->ctx, c);
}

bool apply_refuse(const struct apply *a, enum refusal refusal, const struct user *user, const struct channel *channel)
{
	struct change c = apply_change(a, CHANGE_REFUSED);

	if (refusal == REFUSAL_NONE)
		return false;
	c.refusal = refusal;
	c.user = user;
	c.channel = channel;
	apply_tell(a, &c);
	return true;
}

struct channel *apply_channel(const struct apply *a, struct str name)
{
	struct channel *c = state_channel(a->net, name);

	if (!c)
		apply_refuse(a, REFUSAL_NO_SUCH_CHANNEL, NULL, NULL);
	return c;
}

struct user *apply_target(const struct apply *a, uint64_t id, const struct channel *channel)
{
	struct user *u = state_user(a->net, id);

	if (!u)
		apply_refuse(a, REFUSAL_NO_SUCH_USER, NULL, channel);
	return u;
}

/* An origin that left before its record got its place asks for nothing any more, and nobody is there to be told. */
void network_apply(struct network *net, const struct record *r, const struct change_sink *sink)
{
	struct apply a = {.net = net, .r = r, .sink = sink};

	if (r->type <= 0 || r->type >= RECORD_TYPE_END || !rows[r->type].apply)
		return;
	if (rows[r->type].origin != ORIGIN_NONE) {
		a.origin = state_user(net, r->origin);
		if (!a.origin && (r->origin || rows[r->type].origin == ORIGIN_USER))
			return;
	}
	a.unchecked = (r->flags & RECORD_OVERRIDE) || r->origin == 0;
	rows[r->type].apply(&a);
}
