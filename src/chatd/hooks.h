#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "network/record.h"
#include "proto/casemap.h"

struct config;
struct engine;
struct loop;

/*
 * Incoming webhooks: addresses of HTTP that say something in one channel each. They are kept in the file "hooks" of the
 * state directory, which is written anew, with a sync, whenever one of them is made or taken back, and by nothing else: what is
 * being written is not so yet.
 * Without a state directory there are none.
 */
enum {
	HOOK_NAME_MAX = 24,
	HOOK_TOKEN_SIZE = 64, /* hex digits of an HMAC-SHA256 */
	HOOKS_OF_CHANNEL_MAX = 8,
	HOOKS_MAX = 1000,
	HOOKS_WAITING_MAX = 64, /* changes that wait to be written */
	HOOK_BURST = 30,
	HOOK_PAUSE_MS = 2000, /* for one more request, when HOOK_BURST are used up */
};

struct hook {
	char *name, *channel;
	char *format;     /* see hook_text.h; "": as is usual */
	char id[33];      /* random, of this one and no later one of its name */
	bool sealed;      /* requests without a signature are refused */
	bool founders;    /* made by the founder of the channel, and not by an administrator */
	int64_t created;  /* ms since 1970 */
	int64_t spent_ms; /* when the last request that it was granted is paid for; monotonic; not kept */
};

struct hooks_counts {
	uint64_t said, refused; /* requests */
};

struct hooks;

struct hooks *hooks_new(struct loop *loop, const struct config *config, struct engine *engine);
void hooks_free(struct hooks *h);
/* Reads the file, or begins without. 0 or -errno; -EBADMSG: it is damaged. */
int hooks_open(struct hooks *h);

enum hooks_result {
	HOOKS_OK,
	HOOKS_NOT_KEPT,
	HOOKS_BAD_NAME,
	HOOKS_EXISTS,
	HOOKS_FULL,
	HOOKS_NO_CHANNEL,
	HOOKS_NONE,
	HOOKS_BUSY,
	HOOKS_BAD_FORMAT,
	HOOKS_WAIT, /* it is being written: done comes later, once, in the loop */
};

/* Hears HOOKS_OK when it is on the disk, or -errno: it could not be written, and all is as before. */
struct hooks_done {
	void (*done)(void *ctx, int result);
	void *ctx;
};

enum { HOOK_SEALED = 1 << 0, HOOK_FOUNDERS = 1 << 1 };

/* HOOKS_WAIT, or why not, and done is not called. The disk is the business of a thread. */
int hooks_add(struct hooks *h, struct str channel, struct str name, unsigned flags, struct hooks_done done);
int hooks_del(struct hooks *h, struct str name, struct hooks_done done);
/* Empty: as is usual. */
int hooks_set_format(struct hooks *h, struct str name, struct str format, struct hooks_done done);
/* Whoever waited with that ctx is gone. */
void hooks_forget(struct hooks *h, const void *ctx);
/* What a founder asks, see command/hook_wish.h. */
struct hook_wish;
bool hooks_wish(struct hooks *h, struct hook_wish *w);
enum casemap hooks_casemap(const struct hooks *h);
/* Why not, for people; of HOOKS_OK and HOOKS_WAIT nothing. */
const char *hooks_result_text(int result);

const struct hook *hooks_find(const struct hooks *h, struct str name);
const struct hook *hooks_nth(const struct hooks *h, size_t nth); /* NULL: there are no more */
/* What stands in the address, and what the sender signs with. Both secret. */
bool hooks_token(const struct hooks *h, const struct hook *hook, char dst[HOOK_TOKEN_SIZE + 1]);
bool hooks_secret(const struct hooks *h, const struct hook *hook, char dst[HOOK_TOKEN_SIZE + 1]);

/* "NAME/TOKEN"; in the same time for all tokens. NULL: there is none such. */
const struct hook *hooks_match(struct hooks *h, struct str path);

struct hook_post {
	struct str content_type, event, signature; /* of the fields of its head; empty: not there */
	struct str body;
	int64_t now_ms; /* monotonic */
};
/* Says it. The status of HTTP: 204, 400, 401, 403 (not there), 404 (the channel is gone), 415 or 429. */
int hooks_post(struct hooks *h, const struct hook *hook, const struct hook_post *p);

/* That a request was answered so. */
void hooks_count(struct hooks *h, int status);
struct hooks_counts hooks_counts(const struct hooks *h);
