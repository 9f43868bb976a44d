#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "account/credential.h"
#include "base/str.h"

/*
 * Who may try to log in, or to register, right now: failures are counted per account and per address, and those that
 * have failed too often wait. A table of fixed size, so that no stranger makes it grow; two that fall
 * together wait together, which a seed that nobody knows makes rare.
 */
struct logins;

/* MAIL: mails that were sent, by whom they went to, whom they were about and who caused them. */
enum logins_kind { LOGINS_ADDRESS, LOGINS_ACCOUNT, LOGINS_REGISTER, LOGINS_MAIL, LOGINS_KINDS };

struct logins *logins_new(void);
void logins_free(struct logins *l);

/* max failures come back over window_ms. False: wait. */
struct logins_limit {
	uint32_t max;
	int64_t window_ms;
};
bool logins_may(const struct logins *l, enum logins_kind kind, struct str who, const struct logins_limit *limit,
		int64_t now_ms);
void logins_count(struct logins *l, enum logins_kind kind, struct str who, const struct logins_limit *limit,
		  int64_t now_ms);

/* Fakes are made with; see credential_fake. The same for as long as the process lives. */
const unsigned char *logins_secret(const struct logins *l);
