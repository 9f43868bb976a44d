#pragma once

#include "chatd/config.h"

struct journald;

/*
 * Where the program's entries go. main has the one there is.
 */
struct logging {
	struct journald *journald; /* NULL: not needed yet */
};

/* Before the configuration is known: to the journal where it reads stderr, else to stderr. */
void logging_init(struct logging *l);
/* As config says; again after a reload. */
void logging_configure(struct logging *l, const struct config *config);
/* To stderr from here on. */
void logging_deinit(struct logging *l);

/* A config_error_fn that logs; ctx is not used. */
void logging_config_error(void *ctx, const struct config_error *error);
