#pragma once

struct call;

/* CAP: https://ircv3.net/specs/extensions/capability-negotiation */
void cap_run(struct call *call);
