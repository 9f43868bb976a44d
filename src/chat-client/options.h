#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "proto/name.h"

enum {
	OPTIONS_CHANNELS_MAX = 32,
	OPTIONS_LIST_MAX = 64,
	OPTIONS_HOST_MAX = 256,
	OPTIONS_PORT_MAX = 32,
	OPTIONS_WORD_MAX = 64,
	OPTIONS_MASK_MAX = 128,
	OPTIONS_LAST_MAX = 1000,
	OPTIONS_FILE_MAX = 1024,
	OPTIONS_PASSWORD_MAX = 512,
	OPTIONS_TOKEN_MAX = 8192,
};

/* What the configuration and the command line ask for. */
struct options {
	char channels[OPTIONS_CHANNELS_MAX][NAME_CHANNEL_MAX * 2];
	size_t nchannels;
	char nick[NAME_NICK_MAX + 1];       /* never empty after options_parse */
	char user[NAME_USER_MAX + 1];       /* never empty after options_parse */
	char host[OPTIONS_HOST_MAX];        /* a name, a numeric address without brackets, or an absolute path */
	char port[OPTIONS_PORT_MAX];        /* a number or a service's name; unused with a path */
	char server[OPTIONS_WORD_MAX];      /* the part of the configuration that is used; "": none */
	char config_file[OPTIONS_FILE_MAX]; /* instead of the usual one; "" for that */
	bool tls;
	char pin[OPTIONS_WORD_MAX];          /* the key that the server must have; "": a certificate that is trusted */
	char account[OPTIONS_WORD_MAX];      /* to log in to; "": none */
	char password[OPTIONS_PASSWORD_MAX]; /* filled in by who runs the client; "": by certificate */
	char password_file[OPTIONS_FILE_MAX];
	char token[OPTIONS_TOKEN_MAX]; /* to log in with in the place of a password, in the same way; "": none */
	char token_file[OPTIONS_FILE_MAX];
	/* files in PEM; "": none, the system's, and that the key is in the file of the certificate */
	char authorities[OPTIONS_FILE_MAX], certificate[OPTIONS_FILE_MAX], key[OPTIONS_FILE_MAX];
	bool wait;
	bool tail;                   /* print for ever; nothing is typed nor fed */
	bool json;                   /* print one object per message */
	bool fold_joins;             /* comings and goings are not shown */
	unsigned last;               /* lines of the past to print; 0: none */
	char time[OPTIONS_WORD_MAX]; /* strftime */
	char bell[OPTIONS_WORD_MAX]; /* as view_set takes it */
	char ignored[OPTIONS_LIST_MAX][OPTIONS_MASK_MAX];
	size_t nignored;
	char muted[OPTIONS_LIST_MAX][OPTIONS_MASK_MAX];
	size_t nmuted;
	enum options_colour { OPTIONS_COLOUR_AUTO, OPTIONS_COLOUR_ALWAYS, OPTIONS_COLOUR_NEVER } colour;
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_WRONG,  /* the command line */
	OPTIONS_CONFIG, /* the configuration */
};

struct options_args {
	int argc;
	char **argv;
	const char *login; /* the login name: nick and user name come from it where nothing names them; NULL: unknown */
	const char *config; /* the usual configuration, which need not be there; NULL: none */
};

/*
 * Reads the configuration, and the command line over it. On OPTIONS_WRONG and OPTIONS_CONFIG, why (of size bytes) holds
 * a sentence, without the program's name and without a newline; that of the second begins with the file and the line.
 */
enum options_result options_parse(struct options *o, const struct options_args *args, char *why, size_t size);

/* One setting, by its long name, as the configuration has it. NULL, or what is wrong. */
const char *options_set(struct options *o, const char *name, const char *value);

/*
 * Splits "[user@]host[:port]", "[v6][:port]", "/path"; "irc://" and "ircs://" may stand in front, the second for TLS,
 * and "/channel" behind. False when it is none of these. Leaves out what is not there.
 */
bool options_parse_server(struct options *o, const char *text);

/* The longest nick that can be made of the name: what no nick may hold is dropped. False when nothing is left. */
bool options_make_nick(char dst[NAME_NICK_MAX + 1], const char *name);

/* A file of settings. */
struct options_source {
	const char *path;
	const char *host; /* may be the name of a part; NULL */
	char *why;        /* "file:line: sentence" where it is wrong, of so many bytes */
	size_t size;
	bool found; /* there is a part of that name */
};

/*
 * options_file.c: the settings before the first heading, and those of the part that o->server, or the file's own
 * "server", names, or the host. Parts that are not used are checked all the same. False: it is wrong.
 */
bool options_read_file(struct options *o, struct options_source *source);
