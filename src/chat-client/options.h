#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "proto/name.h"

enum {
	OPTIONS_CHANNELS_MAX = 32,
	OPTIONS_HOST_MAX = 256,
	OPTIONS_PORT_MAX = 32,
	OPTIONS_WORD_MAX = 64,
	OPTIONS_LAST_MAX = 1000,
	OPTIONS_FILE_MAX = 1024,
	OPTIONS_PASSWORD_MAX = 512,
};

/* What the command line asks for. */
struct options {
	char channels[OPTIONS_CHANNELS_MAX][NAME_CHANNEL_MAX * 2];
	size_t nchannels;
	char nick[NAME_NICK_MAX + 1]; /* never empty after options_parse */
	char user[NAME_USER_MAX + 1]; /* never empty after options_parse */
	char host[OPTIONS_HOST_MAX];  /* a name, a numeric address without brackets, or an absolute path */
	char port[OPTIONS_PORT_MAX];  /* a number or a service's name; unused with a path */
	bool tls;
	char pin[OPTIONS_WORD_MAX];          /* the key that the server must have; "": a certificate that is trusted */
	char account[OPTIONS_WORD_MAX];      /* to log in to; "": none */
	char password[OPTIONS_PASSWORD_MAX]; /* filled in by who runs the client; "": by certificate */
	char password_file[OPTIONS_FILE_MAX];
	/* files in PEM; "": none, the system's, and that the key is in the file of the certificate */
	char authorities[OPTIONS_FILE_MAX], certificate[OPTIONS_FILE_MAX], key[OPTIONS_FILE_MAX];
	bool wait;
	bool tail;                   /* print for ever; nothing is typed nor fed */
	bool json;                   /* print one object per message */
	unsigned last;               /* lines of the past to print; 0: none */
	char time[OPTIONS_WORD_MAX]; /* strftime */
	char bell[OPTIONS_WORD_MAX]; /* as view_set takes it */
	enum options_colour { OPTIONS_COLOUR_AUTO, OPTIONS_COLOUR_ALWAYS, OPTIONS_COLOUR_NEVER } colour;
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_WRONG };

struct options_args {
	int argc;
	char **argv;
	const char *login; /* the login name: nick and user name come from it where nothing names them; NULL: unknown */
};

/* On OPTIONS_WRONG, why (of size bytes) holds a sentence, without the program's name and without a newline. */
enum options_result options_parse(struct options *o, const struct options_args *args, char *why, size_t size);

/*
 * Splits "[user@]host[:port]", "[v6][:port]", "/path"; "irc://" and "ircs://" may stand in front, the second for TLS,
 * and
 * "/channel" behind. False when it is none of these. Leaves out what is not there.
 */
bool options_parse_server(struct options *o, const char *text);

/* The longest nick that can be made of the name: what no nick may hold is dropped. False when nothing is left. */
bool options_make_nick(char dst[NAME_NICK_MAX + 1], const char *name);
