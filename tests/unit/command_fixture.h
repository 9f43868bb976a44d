#pragma once

#include "command/command.h"
#include "network_fixture.h"
#include "session/password.h"
#include "session_fixture.h"

/*
 * Commands on a stage with a network behind it: what clients say is run by command_run, what that submits is noted,
 * and applied to the network if the test wants that.
 */
struct desk {
	struct stage st;
	struct fixture f;
	struct command_host host;
	struct command_env env;
	unsigned errands;
	struct password_memory password;
	bool applies;         /* submitted records are applied */
	char submitted[2048]; /* "JOIN; PART; ", since it was asked for last; also "quit reason; " and the like */
};

void desk_init(struct desk *d);
void desk_deinit(struct desk *d);

/* A client of the user; the user must be there. Returns its number on the stage. */
int desk_client(struct desk *d, uint64_t user);
/* Applies a record behind the backs of all. */
void desk_apply(struct desk *d, struct record r);

/* The client says this; what it hears in return. */
const char *desk_say(struct desk *d, int i, const char *line);
const char *desk_submitted(struct desk *d);
