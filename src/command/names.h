#pragma once

struct command_env;
struct session;

/* 353 for every channel that shows itself, then 366 for "*". */
void names_all(const struct command_env *env, struct session *s);
