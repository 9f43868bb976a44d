#pragma once

struct channel;
struct command_env;
struct session;

/* What a session that wants to know is told when it comes into a channel. */
void markread_joined(const struct command_env *env, struct session *s, const struct channel *c);
