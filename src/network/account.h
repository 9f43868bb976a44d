#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/vec.h"
#include "network/record.h"

/*
 * Accounts: a name with what proves that one is its owner. They are a part of the state and outlive the process.
 * Names and nicks are one space: an account's name is a nick of it, and nobody else's account has it.
 *
 * Credentials are schemes as RFC 5803 writes them, "SCRAM-SHA-256$iterations:salt$stored:server", separated by spaces.
 */
struct network;

/* As stored: these numbers are not used again. */
enum {
	ACCOUNT_EXISTS = 1 << 0,
	ACCOUNT_UNVERIFIED = 1 << 1,   /* its code has not come yet */
	ACCOUNT_SUSPENDED = 1 << 2,    /* by an operator; note says why */
	ACCOUNT_LOCKED = 1 << 3,       /* no password logs in, only a certificate */
	ACCOUNT_NICK_LENIENT = 1 << 4, /* who uses a nick of it without being logged in is renamed, not refused */
	ACCOUNT_NICK_OPEN = 1 << 5,    /* anybody may use its nicks */
	ACCOUNT_ALWAYS_ON = 1 << 6,    /* its user stays when the last device leaves */
	ACCOUNT_PRIVATE = 1 << 7,      /* INFO shows its owner more than others */
	ACCOUNT_NO_EXPIRY = 1 << 8,    /* it stays, however long nobody logs in to it */
	ACCOUNT_FLAGS = (1 << 9) - 1,
};

enum account_text {
	ACCOUNT_NAME,
	ACCOUNT_FOLDED,
	ACCOUNT_CREDENTIALS,
	ACCOUNT_EMAIL,
	ACCOUNT_VHOST,
	ACCOUNT_NOTE, /* an operator's */
	ACCOUNT_TEXT_COUNT,
};

struct account_kept {
	enum account_item_kind kind;
	int64_t time;
	char text[];
};

struct account {
	uint64_t revision;
	int64_t created; /* ms since 1970 */
	uint32_t flags;  /* ACCOUNT_* */
	uint32_t at;     /* index in the network's accounts */
	char *text;      /* packed, each with a NUL */
	uint16_t text_at[ACCOUNT_TEXT_COUNT + 1];
	char *markers;    /* see markers.h; NULL: none */
	struct vec items; /* struct account_kept *, in the order of the record */
};

/* What an account is found by beside its name: a nick, folded, or a certificate. */
struct account_key {
	struct account *account;
	char text[];
};

/* Queries. Pointers are valid until the next network_apply. */
const struct account *network_account(const struct network *net, struct str name);
/* Whose nick that is, grouped ones and names alike; NULL: nobody's. */
const struct account *network_account_of_nick(const struct network *net, struct str nick);
/* Which account that certificate logs in to; NULL: none. It is never on two. */
const struct account *network_account_of_cert(const struct network *net, struct str certfp);
const struct vec *network_accounts(const struct network *net); /* struct account * */

/* The RECORD_ACCOUNT that stands for the account as it is now, by the server; views into the account and into items. */
void network_account_record(const struct account *a, struct record *out,
			    struct account_item items[RECORD_ACCOUNT_ITEMS_MAX]);

/* The item of that kind and text, exactly; NULL: it has none. */
const struct account_kept *account_find(const struct account *a, enum account_item_kind kind, struct str text);
uint32_t account_count(const struct account *a, enum account_item_kind kind);

static inline struct str account_str(const struct account *a, enum account_text which)
{
	return (struct str){a->text + a->text_at[which], (size_t)(a->text_at[which + 1] - a->text_at[which] - 1)};
}

static inline const char *account_text(const struct account *a, enum account_text which)
{
	return a->text + a->text_at[which];
}
