#pragma once

#include "command/command.h"

/*
 * OPER <name> [<password>]: who meets all that the [oper] block of that name asks for becomes an operator of its class. A
 * hashed password is compared on the worker thread; of tries from one address there are only so many (session/tries.h).
 */
void oper_login_run(struct call *call);

/* The record that makes the user this operator; views into both. */
struct record oper_record(const struct server *server, const struct oper_block *o, uint64_t user);
