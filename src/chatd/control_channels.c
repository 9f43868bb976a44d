#include "chatd/control_channels.h"

#include <string.h>

#include "chatd/control_bans.h"
#include "chatd/control_private.h"

void control_channel(struct control_conn *c, const char *const *words, size_t n)
{
	if (strcmp(words[0], "suspend") == 0 && n == 2)
		control_suspend(c, words[1]);
	else if (strcmp(words[0], "unsuspend") == 0 && n == 2)
		control_unsuspend(c, words[1]);
	else if (strcmp(words[0], "suspended") == 0 && n == 1)
		control_suspensions(c);
	else
		control_fail(c, "bad_request", "wanted is channel suspend, channel unsuspend or channel suspended");
}
