#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "proto/casemap.h"

/* Names that strangers choose: what is valid, and what may be cut. modern.ircdocs.horse "Clients", "Channels". */
enum {
	NAME_NICK_MAX = 30,     /* NICKLEN default, bytes */
	NAME_USER_MAX = 16,     /* USERLEN */
	NAME_HOST_MAX = 64,     /* HOSTLEN */
	NAME_CHANNEL_MAX = 64,  /* CHANNELLEN */
	NAME_ACCOUNT_MAX = 32,
	NAME_KEY_MAX = 32,      /* KEYLEN */
};

/*
 * Letters, digits, []\`_^{|}-; not starting with a digit or hyphen; 1..max bytes. Letters and digits are those of ASCII, or
 * with CASEMAP_PRECIS those of proto/precis.h.
 */
bool name_nick_valid(enum casemap map, struct str nick, size_t max);

/* Starts with '#'; no space, comma, BEL, NUL, CR, LF, or control byte; valid UTF-8; 2..max bytes. */
bool name_channel_valid(struct str name, size_t max);

/* A channel key: no space, comma, control byte; not starting with ':'; 1..NAME_KEY_MAX bytes. */
bool name_key_valid(struct str key);

/*
 * The username that USER asked for, made fit: bytes that the grammar or a mask cannot hold are dropped, at most
 * NAME_USER_MAX kept; dst has NAME_USER_MAX + 1 bytes and is NUL-terminated. False when nothing is left.
 */
bool name_username_make(char *dst, struct str wanted);

/* Looks like a channel: starts with one of CHANTYPES. */
static inline bool name_is_channel(const char *name)
{
	return name[0] == '#';
}
