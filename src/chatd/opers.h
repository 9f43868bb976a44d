#pragma once

struct command_env;

/*
 * Operators as the configuration has them now, after it was read again: those whose [oper] block is gone are operators no
 * more, those whose class is another or has other privileges have these from here on. Each is told.
 */
void opers_refresh(const struct command_env *env);

/* Tells the log which passwords stand in the configuration as they are. */
void opers_warn_plain(const struct command_env *env);
