#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account/helper.h"
#include "account/jwt.h"
#include "account/mail.h"
#include "base/buf.h"
#include "base/str.h"
#include "proto/casemap.h"
#include "session/emergency.h"
#include "session/language.h"
#include "proto/modes.h"
#include "proto/privileges.h"
#include "session/cloak.h"
#include "session/line_door.h"
#include "session/lookup_policy.h"

/* Lines of text from a file or the configuration. */
struct text_lines {
	char **lines;
	size_t count;
};

void text_lines_add(struct text_lines *t, const char *line);
void text_lines_clear(struct text_lines *t);

/* What operators of a class may do. */
struct oper_class {
	char *name;
	char *title; /* "a network helper": what WHOIS says that they are; NULL: an IRC operator */
	priv_set privileges;
};

/* Who may speak for others with WEBIRC: who meets all of it. */
struct webirc_block {
	char *name;
	char *from;     /* networks, or "localhost", with blanks between them */
	char *password; /* NULL: none wanted. One of it and certfp is there */
	char *certfp;
};

/* Who may become an operator: who meets all of it. One of password, certfp and account is there. */
struct oper_block {
	char *name;
	char *password;   /* plain or hashed, see password.h; NULL: none wanted */
	char *mask;       /* user@host glob that may use it */
	char *certfp;     /* of the client's certificate, as struct session has it; NULL: any or none */
	char *account;    /* that the user is logged in to; NULL: any or none */
	char *class_name; /* NULL: none, and all privileges */
};

/* A filter of texts that the configuration has, in the words of the command FILTER. */
struct filter_row {
	char *name;
	char *pattern, *targets, *action;
	char *reason; /* NULL: none */
};

/* Who may use a nick that is an account's without being logged in to it. */
enum nick_policy {
	NICK_STRICT,  /* nobody */
	NICK_LENIENT, /* anybody for a while, and is renamed then */
	NICK_OPEN,    /* anybody */
};

/* What accounts are allowed and asked for. */
struct account_policy {
	bool registration;   /* anybody may make one */
	bool before_connect; /* before registering with the server too */
	bool required;       /* nobody comes in without one */
	bool email_required;
	bool email_verify;   /* an address is its owner's when a code that went there comes back */
	bool password_reset; /* by mail */
	bool autocreate;     /* whom somebody outside vouches for has one made at the first login */
	bool multiclient;    /* several devices on one nick */
	bool always_on;      /* what a new account has */
	int64_t absence_ms;  /* for how long one stays without a device; 0: for good */
	int64_t expiry_ms;      /* for how long an account stays that nobody uses; 0: for good */
	int64_t nick_expiry_ms; /* the same of nicks beside its name */
	enum nick_policy nicks;
	int64_t guest_ms;      /* NICK_LENIENT: until the guest is renamed */
	uint32_t nicks_max;    /* of one account, beside its name */
	uint32_t channels_max; /* that one account owns */
	uint32_t password_min; /* bytes */
	uint32_t iterations;   /* of the derivation of keys */
	uint32_t attempts;     /* that may fail, or accounts that one address makes, in attempts_ms; 0: any number */
	int64_t attempts_ms;
};

/* What is shown of history, to whom, and how much at a time. */
struct history_policy {
	enum chan_history usual; /* of channels without mode +H */
	uint32_t limit;          /* messages in one answer */
	uint32_t on_join;        /* lines shown to whoever joins and cannot ask for them; 0: none */
	uint32_t missed;         /* the same of each conversation, to a device that comes back; 0: none */
};

/*
 * What the server is and allows, as its configuration says: the same for all sessions. Filled by the configuration,
 * replaced as a whole at a reload; all strings are its own.
 */
struct server {
	char *name;        /* of the server, a host name */
	char *network;     /* NETWORK */
	char *icon;        /* URL of a picture of the network; NULL: none */
	char *filehost;    /* URL that clients upload files to; NULL: none */
	char *description; /* shown in WHOIS, LINKS */
	enum language language; /* of those who chose none */
	char *password;    /* PASS; NULL: none wanted */
	char *started;     /* date, for 003 */
	int64_t started_ms;
	char *config_path; /* NULL: none */
	struct text_lines motd;
	char *admin[3]; /* location, organisation, mail; NULL: none */
	struct oper_block *opers;
	size_t nopers;
	struct oper_class *classes;
	size_t nclasses;
	struct webirc_block *webircs;
	size_t nwebircs;
	struct filter_row *filters;
	size_t nfilters;

	enum casemap casemap;
	uint32_t nick_max, channel_max, topic_max, away_max, kick_max, realname_max;
	uint32_t channels_max;   /* of one user */
	int64_t channel_expiry_ms; /* for how long a registered channel stays that nobody uses; 0: for good */
	uint32_t list_max;       /* entries of all lists of a channel */
	uint32_t modes_max;      /* parameters in one MODE */
	uint32_t targets_max;    /* of one command */
	uint32_t monitor_max;    /* nicks one client watches */
	uint32_t metadata_max;   /* keys of one user or channel; 0: no METADATA */
	uint32_t subscriptions_max; /* keys that one client wants to hear of */
	uint32_t metadata_minute; /* changes by one client in a minute */
	uint32_t multiline_bytes; /* of one message of several lines */
	uint32_t multiline_lines;
	uint32_t reactions, reactions_each; /* on one message, and of one user to it; 0: no limit */
	int64_t multiline_ms;    /* that one may take to be sent */
	uint32_t bans_max;       /* of the network, of all kinds */
	uint32_t filters_max;    /* of those, that are filters */
	char *filter_exempt;     /* masks of channels that are not filtered, with a blank between them; NULL: none */
	uint32_t default_channel_flags; /* CHAN_*: of a new channel */
	uint32_t default_user_modes;    /* USER_* */
	char *client_tag_deny;          /* CLIENTTAGDENY; NULL: nothing is denied */

	int64_t registration_ms; /* until NICK and USER are through */
	/* https://ircv3.net/specs/extensions/sts: the port that speaks TLS, and for how long clients come to no other */
	uint32_t sts_port;
	int64_t sts_ms; /* 0: nothing is said of it */
	int64_t ping_ms;         /* quiet time before a PING, and again before the end */
	bool no_limits;          /* no flood control */
	bool flood_local;        /* it holds for loopback and Unix sockets too */
	char *flood_exempt;      /* accounts that it does not hold for, with blanks between them; NULL: none */
	uint32_t flood_burst;    /* tokens in a full bucket */
	uint32_t flood_rate;     /* tokens gained per second */

	struct emergency emergency;
	struct account_policy accounts;
	struct mail_policy mail;
	struct helper_policy helper;
	struct jwt_policy jwt;
	struct history_policy history;
	int64_t edit_ms;   /* how long one may alter what one said; 0: for ever */
	/* Push messages to devices: https://ircv3.net/specs/extensions/webpush */
	struct {
		bool on;
		uint32_t max;        /* devices of one account */
		uint32_t per_minute; /* messages of one account */
		int64_t ttl_ms;      /* that a service keeps one for a device that is off */
		char *contact;       /* mailto: or https:, for services; NULL: the server's name */
		char key[96];        /* VAPID, as clients get it; empty: nothing is pushed. server_build's maker fills it */
	} webpush;
	int64_t redact_ms; /* how long one may take back what one said; 0: for ever */
	struct cloak cloak;
	struct lookup_policy lookup;
	struct line_policy line;

	struct text_lines isupport; /* made by server_build: the bodies of 005, up to 13 tokens each */
};

/* Defaults that are sane with no configuration at all. */
void server_init(struct server *s);
void server_deinit(struct server *s);

/* Makes what is derived from the rest (isupport). Call after the last change. */
void server_build(struct server *s);

/* The client-only tag may be relayed (CLIENTTAGDENY). key: with its '+'. */
bool server_tag_allowed(const struct server *s, struct str key);

/* By name; NULL: there is none. */
const struct oper_block *server_oper(const struct server *s, const char *name);
const struct oper_class *server_class(const struct server *s, const char *name);

/* The headings of the sections whose password is not hashed, with a comma between them. Nothing: all are. */
void server_plain_passwords(const struct server *s, struct buf *out);
