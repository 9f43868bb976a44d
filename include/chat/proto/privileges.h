#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * What operators may do, each by a name that classes in the configuration list. The numbers are part of records and of
 * what is handed over at a restart: new ones go to the end, and none is used again.
 */
enum privilege {
	PRIV_KILL,
	PRIV_BAN, /* bans of the whole server, and listing them */
	PRIV_REHASH,
	PRIV_RESTART,
	PRIV_DIE,
	PRIV_SAJOIN,
	PRIV_SAPART,
	PRIV_SAMODE,
	PRIV_SANICK,
	PRIV_OVERRIDE,    /* acting in channels without a rank, with user mode +p */
	PRIV_SEE_SECRET,  /* secret channels and who is in them */
	PRIV_SEE_HIDDEN,  /* invisible users in lists that nobody was named for */
	PRIV_SEE_ADDRESS, /* real addresses, and modes of others */
	PRIV_WALLOPS,
	PRIV_STATS,
	PRIV_NO_FLOOD,  /* no flood control, and no limit of targets */
	PRIV_REGISTER,  /* registering channels: MODE +r */
	PRIV_ACCOUNTS,  /* suspending, verifying, deleting accounts of others */
	PRIV_VHOST,     /* giving hosts to show */
	PRIV_FILTER,    /* word and regex filters */
	PRIV_EMERGENCY, /* emergency levels */
	PRIV_ANNOUNCE,  /* messages to everybody */
	PRIV_NOTICES,   /* server notices: user mode +s */
	PRIV_HIDE,      /* user mode +H */
	PRIV_REDACT,    /* taking back messages of others anywhere */
	PRIV_COUNT
};

typedef uint64_t priv_set;
#define PRIV_BIT(priv) ((priv_set)1 << (priv))
#define PRIV_ALL (((priv_set)1 << PRIV_COUNT) - 1)

/* "kill", "see-secret" ... */
const char *privilege_name(enum privilege priv);
/* False: there is none of that name. */
bool privilege_find(struct str name, enum privilege *out);

/*
 * A list of names between blanks or commas; "all" is every one, and "-name" takes one out again of those before it.
 * False: *bad is a word that names none, and *out is untouched. Of an empty list nothing comes.
 */
bool privileges_parse(struct str list, priv_set *out, struct str *bad);
/* The names with a blank between them; "all" where none is missing. */
void privileges_show(struct buf *out, priv_set set);
