#include "command/visible.h"

#include "network/rules.h"

bool visible_user(const struct user *viewer, const struct user *u)
{
	return !(u->modes & USER_INVISIBLE) || visible_private(viewer, u) || rule_share_channel(viewer, u);
}

bool visible_membership(const struct user *viewer, const struct member *m)
{
	if (network_member(m->channel, viewer))
		return true;
	if (!rule_sees_channel(m->channel, viewer))
		return false;
	return !(m->user->modes & USER_INVISIBLE) || (viewer->modes & USER_OPER);
}

bool visible_private(const struct user *viewer, const struct user *u)
{
	return viewer == u || (viewer->modes & USER_OPER);
}
