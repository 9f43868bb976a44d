#pragma once

#include <stdbool.h>

#include "account/scram.h"
#include "base/str.h"

/*
 * Messages of SASL that bring a token: OAUTHBEARER, RFC 7628, and IRCV3BEARER,
 * https://github.com/ircv3/ircv3-specifications/pull/545
 */
enum bearer_type {
	BEARER_ANY, /* an access token of OAuth 2: only who made it knows what it looks like */
	BEARER_JWT,
	BEARER_OPAQUE,
};

struct bearer {
	char account[SCRAM_NAME_MAX]; /* on whose behalf; "": whoever the token is */
	struct str token;             /* in the message; printable and not empty */
	enum bearer_type type;
};

/* False: the message is none. */
bool bearer_read_oauth(struct bearer *b, struct str message);
bool bearer_read_ircv3(struct bearer *b, struct str message);
