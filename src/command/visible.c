#include "command/visible.h"

#include "network/rules.h"

bool visible_user(const struct user *viewer, const struct user *u)
{
	return !(u->modes & USER_INVISIBLE) || viewer == u || user_may(viewer, PRIV_SEE_HIDDEN) ||
	       rule_share_channel(viewer, u);
}

bool visible_membership(const struct user *viewer, const struct member *m)
{
	if (!rule_sees_member(viewer, m))
		return false;
	if (network_member(m->channel, viewer))
		return true;
	if (!rule_sees_channel(m->channel, viewer))
		return false;
	return !(m->user->modes & USER_INVISIBLE) || user_may(viewer, PRIV_SEE_HIDDEN);
}

bool visible_private(const struct user *viewer, const struct user *u)
{
	return viewer == u || user_may(viewer, PRIV_SEE_ADDRESS);
}

bool visible_oper(const struct user *viewer, const struct user *u)
{
	return (u->modes & USER_OPER) && (!(u->modes & USER_HIDE_OPER) || viewer == u || (viewer->modes & USER_OPER));
}
