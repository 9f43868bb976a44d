#pragma once

struct call;
struct command_env;

/* CAP: https://ircv3.net/specs/extensions/capability-negotiation */
void cap_run(struct call *call);

/* What sasl has is another list now: whoever wants to know hears of it. https://ircv3.net/specs/extensions/sasl-3.2 */
void cap_tell_mechanisms(const struct command_env *env);
