#pragma once

#include <stdatomic.h>
#include <stddef.h>

#include "account/mail.h"

/* mail_relay_curl.c or mail_relay_none.c: what one thread needs for one mail, as copies. */
enum { MAIL_WHY_MAX = 160, MAIL_WHOLE_MAX = 4000 };

struct mail_relay {
	char *url, *user, *password; /* the last two: NULL: none */
	const char *from, *to;
	const char *whole; /* headers and text, with '\n' */
	long timeout_ms;
	atomic_bool *vain; /* becomes true when nobody waits any more */
};

/* In the worker's thread. False: why says it. */
bool mail_relay_send(const struct mail_relay *r, char why[MAIL_WHY_MAX]);
