#pragma once

struct call;

/* What an operator did with the power of one. What does not apply is NULL. */
struct deed {
	const char *command; /* NULL: the name of the row */
	const char *target;  /* whom it is about: a nick, a mask */
	const char *channel;
	const char *reason; /* what the operator wrote, or the rest of the command: no secret, no message */
};

/*
 * Writes it to the log, as one of the events kill, rehash, stop-asked and oper-action, with who the operator is;
 * operators with the notice mask 'o' hear of it. For each command that takes a privilege, before it is done.
 */
void oper_audit(const struct call *call, const struct deed *deed);
