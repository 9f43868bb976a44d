#pragma once

#include <stddef.h>

#include "command/command.h"

/* The rows of each family; command.c joins them. */
const struct command *command_family_connection(size_t *count); /* CAP PASS NICK USER PING PONG QUIT ERROR ISUPPORT */
const struct command *command_family_channel(size_t *count);    /* JOIN RENAME PART TOPIC INVITE KICK KNOCK */
const struct command *command_family_list(size_t *count);       /* NAMES LIST */
const struct command *command_family_tban(size_t *count);       /* TBAN */
const struct command *command_family_mode(size_t *count);       /* MODE */
const struct command *command_family_relay(size_t *count);      /* RELAYMSG */
const struct command *command_family_markread(size_t *count);   /* MARKREAD */
const struct command *command_family_webpush(size_t *count);    /* WEBPUSH */
const struct command *command_family_metadata(size_t *count);   /* METADATA */
const struct command *command_family_message(size_t *count);    /* PRIVMSG NOTICE TAGMSG */
const struct command *command_family_chathistory(size_t *count); /* CHATHISTORY */
const struct command *command_family_batch(size_t *count);      /* BATCH */
const struct command *command_family_search(size_t *count);     /* SEARCH */
const struct command *command_family_redact(size_t *count);      /* REDACT */
const struct command *command_family_edit(size_t *count);        /* EDIT */
const struct command *command_family_who(size_t *count);        /* WHO */
const struct command *command_family_whois(size_t *count);      /* WHOIS WHOWAS USERHOST ISON */
const struct command *command_family_self(size_t *count);       /* AWAY SETNAME MONITOR */
const struct command *command_family_server(size_t *count);     /* MOTD VERSION TIME INFO ADMIN LUSERS STATS LINKS */
const struct command *command_family_help(size_t *count);       /* HELP HELPOP */
const struct command *command_family_ban(size_t *count);        /* UBAN KLINE DLINE XLINE SHUN ... TESTLINE */
const struct command *command_family_filter(size_t *count);     /* FILTER */
const struct command *command_family_oper(size_t *count);       /* OPER KILL REHASH WALLOPS DIE RESTART SA* */
const struct command *command_family_webirc(size_t *count);     /* WEBIRC */
const struct command *command_family_host(size_t *count);       /* CHGHOST SETHOST VHOST */
const struct command *command_family_emergency(size_t *count);  /* DEFCON */
const struct command *command_family_account(size_t *count);    /* REGISTER VERIFY */
const struct command *command_family_services(size_t *count);   /* NICKSERV NS CHANSERV CS MEMOSERV MS */
const struct command *command_family_sasl(size_t *count);       /* AUTHENTICATE */
