#include "account/mail_private.h"

#include <stdio.h>

bool mail_relay_built(void)
{
	return false;
}

bool mail_relay_send(const struct mail_relay *r, char why[MAIL_WHY_MAX])
{
	(void)r;
	snprintf(why, MAIL_WHY_MAX, "this program was built without libcurl");
	return false;
}
