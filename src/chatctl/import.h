#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

struct options;

/* "import FORMAT FILE": accounts and channels of another server or of its services. An exit code of sysexits(3). */
int import_run(const struct options *o);

/*
 * What was found in a file: all of it is read before anything of it is asked for. Texts are the accounts' and channels'
 * own, UTF-8 without control bytes, and never empty; NULL: there is none. Times are ms since 1970, 0: not known.
 */
struct import_account {
	char *folded, *name, *email, *vhost;
	char *credentials;   /* as account/credential.h writes them */
	const char *passing; /* why there are none: what the password was kept as */
	int64_t created;
	bool suspended, unverified, secret;
	struct vec nicks, certs; /* char * */
};

struct import_access {
	char *account;
	char rank; /* a, o, h, v */
};

struct import_channel {
	char *folded, *name, *founder, *key, *topic, *topic_by;
	int64_t created, topic_time;
	int64_t founded; /* when the founder became that */
	uint32_t limit;
	char modes[16];    /* letters of flags */
	struct vec access; /* struct import_access * */
};

/* What does not come over, and how often there was one. */
struct import_loss {
	const char *what;
	uint32_t count;
};

enum { IMPORT_LOSSES_MAX = 64, IMPORT_FILE_MAX = 1 << 29, IMPORT_TEXT_MAX = 400, IMPORT_ITEMS_MAX = 2000000 };

struct import {
	struct vec accounts, channels;
	struct map by_account, by_channel;
	struct import_loss losses[IMPORT_LOSSES_MAX];
	size_t nlosses;
	size_t items;
	size_t line;     /* that is being read, from 1 */
	char error[256]; /* why the file is none of that kind */
};

void import_init(struct import *im);
void import_deinit(struct import *im);

/* The whole file into im. False: it is damaged, or another kind of file; im->error and im->line say why and where. */
bool import_anope(struct import *im, struct str text);
bool import_atheme(struct import *im, struct str text);
bool import_ergo(struct import *im, struct str text);

/* For those three. */

/* False, having said why. */
bool import_fail(struct import *im, const char *why);
/* what: a string that lasts. */
void import_lose(struct import *im, const char *what);
/* NULL: there is none. */
struct import_account *import_account(const struct import *im, struct str name);
struct import_channel *import_channel(const struct import *im, struct str name);
/* NULL: there is one of that name, or the name is none, which is a loss; or there are too many, which is a failure. */
struct import_account *import_add_account(struct import *im, struct str name);
struct import_channel *import_add_channel(struct import *im, struct str name);
/* In place of what was there. What is no text, or too long, is left out, and is a loss. */
void import_set(struct import *im, char **to, struct str text);
void import_add(struct import *im, struct vec *to, struct str text);
void import_add_access(struct import *im, struct import_channel *c, struct str account, char rank);
void import_add_cert(struct import *im, struct import_account *a, struct str certfp);
void import_add_mode(struct import_channel *c, char letter);
/* Keys that were made with SCRAM-SHA-256, in base64. False: they cannot be used. */
bool import_set_keys(struct import_account *a, struct str iterations, struct str salt, struct str stored,
		     struct str server);
/* The password itself. */
void import_set_password(struct import_account *a, struct str password);
/* A number of seconds, as ms; 0: it is none. */
int64_t import_seconds(struct str text);
