#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network/record.h"
#include "network/ban.h"
#include "session/language.h"

/*
 * What somebody orders who bans, in the words of UBAN, KLINE and their like, and of chatctl.
 */
enum { BAN_ORDER_MASK_MAX = 256, BAN_ORDER_REASON_MAX = 301 };

/* What a command takes for its target. */
enum ban_form {
	BAN_FORM_ANY,      /* the text decides; a plain word is an account */
	BAN_FORM_HOST,     /* the same, but a plain word is not taken */
	BAN_FORM_ADDRESS,  /* addresses alone */
	BAN_FORM_REALNAME, /* real names alone */
};

struct ban_order {
	enum ban_kind kind;
	enum ban_action action;
	int64_t duration_ms; /* 0: for good */
	char mask[BAN_ORDER_MASK_MAX];
	char reason[BAN_ORDER_REASON_MAX]; /* may be empty */
};

/*
 * "192.0.2.0/24", "nick!user@host", "*.example", "account", "~a:account", "account:acc*", "~r:name", "realname:name*"
 * made whole. NULL, or a sentence about what is wrong; so it is with what would meet nearly everybody, of which alone the mask is
 * there all the same.
 */
const char *ban_target_parse(struct ban_order *o, enum ban_form form, const char *text);

/*
 * "[duration] [REQUIRE-SASL] [SHUN] target [REQUIRE-SASL] [SHUN] [DURATION] [duration] [reason...]": the action is as
 * it was where no word says another one. NULL, or a sentence.
 */
const char *ban_order_parse(struct ban_order *o, enum ban_form form, const char *const *words, size_t n);

/* The words with a blank between them, cut to fit, are the order's reason. */
void ban_order_reason(struct ban_order *o, const char *const *words, size_t n);

/* The record of it; views into the order. by: who orders it. max: see struct record. */
void ban_order_record(const struct ban_order *o, struct record *r, int64_t now);

/* "kill", "kline" ... for STATS: K, D, A, X, with a small letter for what is no plain ban. */
char ban_letter(const struct ban *b);

/* "#3 mask *!*@h: refuse, set by ann!a@h 2026-11-25 09:30 UTC, ends in 1d2h, met 2: reason" */
void ban_describe(struct buf *out, const struct ban *b, enum language language, int64_t now);
