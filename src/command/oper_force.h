#pragma once

#include "command/command.h"

/* What operators make others do, each with a privilege and in the audit log. */
void sajoin_run(struct call *call); /* SAJOIN <nick> <channel>{,<channel>} */
void sapart_run(struct call *call); /* SAPART <nick> <channel>{,<channel>} [<reason>] */
void sanick_run(struct call *call); /* SANICK <nick> <new nick> */
void samode_run(struct call *call); /* SAMODE <channel|nick> <modes> [<parameter>...] */
