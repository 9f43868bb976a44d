#pragma once

#include <stdbool.h>
#include <stddef.h>

struct service_ask;

/* What founders ask of the incoming webhooks of their channels; who keeps those is not known here. */
enum hook_wish_kind { HOOK_WISH_LIST, HOOK_WISH_ADD, HOOK_WISH_SHOW, HOOK_WISH_FORMAT, HOOK_WISH_DEL };

enum { HOOK_WISH_TEXT_MAX = 400 };

struct hook_wish {
	enum hook_wish_kind kind;
	const char *channel, *name; /* those who ask own them, as format; name: NULL for LIST */
	const char *format;         /* of FORMAT; "": as is usual */
	bool sealed;                /* of ADD: what is not signed is refused */

	/* The answer: NULL, or a sentence about why not. Lines, each ended by '\n': names, or what ADD and SHOW show; secret. */
	const char *why;
	char text[HOOK_WISH_TEXT_MAX];
	void *desk; /* the desk's */
	void (*answered)(struct hook_wish *w); /* once, in the loop, where the answer comes later */
};

struct hook_desk {
	/* True: it is answered. False: answered is called later. NULL: there are no webhooks. */
	bool (*ask)(void *ctx, struct hook_wish *w);
	void *ctx;
};

/* ChanServ HOOK, of a channel that the caller is the founder of; its words are those behind the channel. */
void hook_wish_run(const struct service_ask *a, const char *channel);
