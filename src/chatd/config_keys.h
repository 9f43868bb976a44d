#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/config.h"

/*
 * The keys of chatd.conf as data: one const row each. What a type takes is in config_set.c.
 */
enum config_type {
	CONFIG_TEXT,       /* UTF-8 without control bytes; min and max bytes; empty: unset, where min is 0 */
	CONFIG_WORD,       /* the same without a blank, not starting with ':' */
	CONFIG_URL,        /* https://..., without a blank; max bytes; empty: unset */
	CONFIG_HOST,       /* a server's name */
	CONFIG_PATH,       /* relative ones start at the directory of the file */
	CONFIG_NUMBER,     /* uint32_t from min to max */
	CONFIG_SIZE,       /* uint32_t from min to max, in bytes */
	CONFIG_DURATION,   /* int64_t from min to max, in ms */
	CONFIG_PERIOD,     /* the same, or "never", which is 0 */
	CONFIG_BOOL,       /* bool */
	CONFIG_LINE,       /* adds to struct text_lines; min and max bytes */
	CONFIG_LINES,      /* a file's lines, in place of what struct text_lines held */
	CONFIG_SERVERS,    /* numeric addresses of name servers, with commas between them */
	CONFIG_COUNTRIES,  /* a file that session/country.h reads */
	CONFIG_PASSWORD,   /* CONFIG_TEXT, as it is or hashed */
	CONFIG_SECRET,     /* a password: the first line of a file */
	CONFIG_CERTFP,     /* SHA-256 in hex, with or without colons */
	CONFIG_STEPS,      /* uint32_t of enum emergency_step */
	CONFIG_PRIVILEGES, /* priv_set */
	CONFIG_ENDPOINT,   /* adds to the endpoints */
	CONFIG_ADDRESS,    /* struct config_listen: an address alone, without doors; empty: none */
	CONFIG_NETWORKS,   /* adds to struct config_networks; empty: none */
	CONFIG_CASEMAP,    /* enum casemap */
	CONFIG_LANGUAGE,   /* enum language of session/language.h */
	CONFIG_CHAN_MODES, /* uint32_t of CHAN_* */
	CONFIG_USER_MODES, /* uint32_t of USER_* */
	CONFIG_TAGS,       /* the value of CLIENTTAGDENY */
	CONFIG_LOG_LEVEL,  /* enum log_level */
	CONFIG_LOG_TARGET, /* enum config_log_target */
	CONFIG_DURABILITY, /* enum durability */
	CONFIG_HISTORY,    /* enum chan_history */
	CONFIG_NICK_POLICY, /* enum nick_policy */
	CONFIG_DNSBL_ACTION, /* enum dnsbl_action */
	CONFIG_TLS_NAME, /* enum tls_name */
	CONFIG_MAIL, /* an address of e-mail */
	CONFIG_COMMAND, /* a path and words, see loop/child.h; empty: none */
	CONFIG_JWT_ALGORITHM, /* const struct jwt_algorithm * */
	CONFIG_JWT_PUBLIC, /* struct jwt_key: a public key from a file */
	CONFIG_JWT_SECRET, /* struct jwt_key: the first line of a file */
	CONFIG_OUTGOING, /* uint32_t of OUTGOING_BIT */
};

struct config_key {
	const char *section;
	const char *name;
	enum config_type type;
	size_t at; /* in struct config; for sections with a name, in what holds one of them */
	uint64_t min, max;
	const char *help;
};

const struct config_key *config_keys(size_t *count);

/* NULL: there is none. */
const struct config_key *config_key_find(const char *section, const char *name);

/* What was probably meant, from all keys of the section or from all sections; NULL: nothing is near. */
const char *config_key_near(const char *section, const char *name);
const char *config_section_near(const char *section);

/* The section that has a key of that name; NULL: none has. */
const char *config_section_of(const char *name);
bool config_section_known(const char *section);
