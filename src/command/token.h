#pragma once

#include <stdbool.h>

#include "account/bearer.h"
#include "command/login.h"

struct call;
struct server;
struct session;

/*
 * Logging in with a token that somebody else has signed, or that a helper knows. It proves as much as a certificate: no
 * second factor is asked for, and an account that is locked to passwords is not locked to it.
 */

/* There is somebody who can tell. */
bool token_possible(const struct server *server);
/* And nobody between here and the client who could read it. */
bool token_offered(const struct session *s);

/* Checks it on the worker, or asks the helper, and enters. answer: as login_by_password has it. */
void token_login(const struct call *call, const char *mechanism, const struct bearer *b, login_answer_fn answer);
