#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "chatd/outgoing_block.h"
#include "chatd/places.h"
#include "journal/store.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/tls.h"
#include "proto/cidr.h"
#include "session/server.h"

/*
 * The configuration: defaults, then the file, then the drop-ins beside it, then the command line. chatd.conf(5) says
 * what each key means; config_keys.c is the table of them.
 */

/* Where the log goes. AUTO: to the journal when stderr is connected to it, to stderr otherwise. */
enum config_log_target { CONFIG_LOG_AUTO, CONFIG_LOG_STDERR, CONFIG_LOG_JOURNAL };

/* An endpoint with its text as it was written, for messages. */
struct config_listen {
	char *text;
	struct endpoint at;
};

enum { CONFIG_LISTEN_MAX = 64, CONFIG_NETWORKS_MAX = 256 };

/* Networks that were listed. */
struct config_networks {
	struct cidr *items;
	uint32_t count;
	bool set; /* one was named, or that there is none: the default does not hold */
};

struct config {
	struct server server; /* all but what server_build derives, started and started_ms */
	struct config_listen *listen;
	uint32_t nlisten;
	bool listen_default; /* nothing was named: sockets handed over take the place of the one in listen */
	char *state;         /* directory of what is kept; NULL: none was named */
	enum durability durability;
	struct retention retention;
	bool keep_direct; /* messages between users are kept too */
	bool keep_events; /* what else happens in channels is kept too */
	enum log_level log_level;
	enum config_log_target log_target;
	uint32_t max_clients;           /* 0: as many as there are descriptors for */
	struct places_limits places;    /* without any where --no-limits says so */
	uint32_t network_bits4, network_bits6; /* of an address, of which a network is made; as of the start */
	struct config_networks proxies; /* that may say for whom they speak */
	bool forwarded;                 /* they say so in Forwarded, and not in X-Forwarded-For */
	struct text_lines origins;      /* of pages that may connect; none: all */
	uint32_t hook_body;             /* the longest body that a webhook may bring, bytes */
	struct outgoing_policy outgoing;
	/* Requests that this server makes of others, see post/post.h. */
	struct {
		struct config_networks allowed;
		bool plain;
		char *authorities; /* NULL: those of the system */
		int64_t timeout_ms, keep_ms;
	} post;
	int64_t handshake_ms;           /* from the connection to the first line, where more stands between */
	bool limit_local;               /* places holds for loopback and Unix sockets as well */
	struct conn_limits conn_limits;
	char *control_path;           /* of the control socket; NULL: none */
	char *control_group;          /* whose members may use it */
	struct config_listen metrics; /* text NULL: none */
	struct {
		struct text_lines certificates, keys; /* files; the nth key is the nth certificate's */
		bool kernel;                          /* may hold the keys of connections */
		char *client_ca;                      /* file of authorities of clients' certificates; NULL: none */
		enum tls_name client_account;         /* the field of those that names the account */
	} tls;
};

/* What the command line says. All strings are the caller's. */
struct config_source {
	const char *path;          /* NULL: no file, defaults alone */
	const char *const *listen; /* endpoints, which replace those of the file */
	size_t nlisten;
	const char *state; /* NULL: as the file says, else the first directory of $STATE_DIRECTORY, else none */
	bool no_limits;
};

/* One thing that is wrong. It may quote the file: bytes are not escaped. What does not apply is NULL, or 0. */
struct config_error {
	const char *text; /* all of it: "file:line: [section] key: sentence", without a newline */
	const char *file;
	unsigned line;
	const char *key;
	const char *sentence;
};

/* Hears each error. Bounded: after CONFIG_ERRORS_MAX one last line says that there are more. */
typedef void (*config_error_fn)(void *ctx, const struct config_error *error);
enum { CONFIG_ERRORS_MAX = 50 };

/*
 * Reads source->path and every *.conf in the directory named like it with ".d" added, in lexical order; a later value
 * of a key replaces an earlier one, and adds to it where the key can be repeated. Goes on after an error, so that all
 * are told. 0: *out is filled and the caller's; otherwise *out is untouched: 1 when something in the configuration is
 * wrong, -errno when a file could not be read (that is told as well).
 */
int config_load(struct config *out, const struct config_source *source, config_error_fn error, void *ctx);
void config_deinit(struct config *c);
