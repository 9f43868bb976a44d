#pragma once

#include <stdbool.h>

#include "chatd/config_keys.h"

/* A configuration while it is being read. */
struct config_job {
	struct config *out;
	config_error_fn error;
	void *ctx;
	unsigned errors;
	const char *file;    /* NULL: the command line */
	unsigned line;       /* 0: none */
	const char *section; /* as it was written; NULL: none */
	const char *key;     /* NULL: none */
};

/* Tells the error, with the place that the job is at. */
void config_complain(struct config_job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Gives the key its value; base is what key->at counts from. A wrong one is complained about and changes nothing. */
void config_set_value(struct config_job *job, const struct config_key *key, void *base, const char *value);

void config_clear_endpoints(struct config *c);
/* Adds an endpoint, or complains. */
void config_add_endpoint(struct config_job *job, const char *text);
