#pragma once

#include <stdbool.h>

#include "base/str.h"
#include "network/change.h"
#include "network/network.h"

/*
 * Who may do what, as pure functions of the network: network_apply decides by them, commands and answers ask them too.
 */

/*
 * Extended bans: "~a:account" (a glob; "~a:" alone matches nobody), "~m:mask" mutes whom mask (which may be extended
 * again) matches without keeping them out, "~U:mask" is for those without an account alone, "~r:glob" looks at the real
 * name ('?' stands for a blank), "~c:#channel" at who is in that channel, unless it is secret, "~w:glob" at the gateway that
 * speaks for the user, "~G:de" at the country of the address, "~z:plain" and "~z:tls" at how the user came in.
 *
 * Masks of channels meet the host that is shown and the cloaks of the address. The address and its name they meet only where nothing
 * hides them: else whoever may set a ban could find them out by trying.
 */
#define EXTBAN_PREFIX '~'
#define EXTBAN_ACCOUNT 'a'
#define EXTBAN_MUTE 'm'
#define EXTBAN_REALNAME 'r'
#define EXTBAN_CHANNEL 'c'
#define EXTBAN_UNREGISTERED 'U'
#define EXTBAN_GATEWAY 'w'
#define EXTBAN_COUNTRY 'G'
#define EXTBAN_SECURE 'z'

/* The mask, plain or extended, matches the user. Acting ones (~m:) match as their mask. */
bool rule_mask_matches(const struct network *net, const char *mask, const struct user *u);
/* A mask as typed made whole; extended ones keep their prefix. False: not valid (unknown extban, empty). */
bool rule_mask_normalise(struct buf *out, struct str mask);

/* Holds an invitation by a half-operator or better: it lets one past +i and +l. Others may invite to no such effect. */
bool rule_invited(const struct channel *c, const struct user *u);
enum refusal rule_join(const struct network *net, const struct channel *c, const struct user *u, struct str key);
/* text: to see CTCP. */
enum refusal rule_speak(const struct network *net, const struct channel *c, const struct user *u, struct str text);
/* The text has colours or other formatting of IRC in it. */
bool rule_is_formatted(struct str text);
/* A message straight to target. */
enum refusal rule_speak_to(const struct user *target, const struct user *u);
/* where: the channel that forbids it. */
enum refusal rule_nick(const struct user *u, const struct channel **where);
enum refusal rule_knock(const struct network *net, const struct channel *c, const struct user *u);
enum refusal rule_topic(const struct channel *c, const struct user *u);
enum refusal rule_invite(const struct channel *c, const struct user *u, const struct user *target);
enum refusal rule_kick(const struct channel *c, const struct user *u, const struct user *target);
/* One step of a mode change by u. */
enum refusal rule_mode(const struct channel *c, const struct user *u, const struct mode_op *op);

/* The message is u's: of the same account, or of the same user. */
bool rule_is_author(const struct user *u, const struct redaction *r);
/* Giving one's own message another text at that time: nobody puts words into the mouth of somebody else. */
enum refusal rule_edit(const struct network *net, const struct user *u, const struct redaction *r, int64_t time);
/* Taking back a message at that time. Whoever is not in its channel may not. */
enum refusal rule_redact(const struct network *net, const struct user *u, const struct redaction *r, int64_t time);

/* The channel shows itself to the viewer (NULL: a stranger): it is not secret, or the viewer is in it, or has
 * PRIV_SEE_SECRET. */
bool rule_sees_channel(const struct channel *c, const struct user *viewer);
/* In an auditorium, the viewer (in the channel or not) is told of those alone who are voiced, and of itself. */
bool rule_sees_member(const struct user *viewer, const struct member *m);
/* Both are in it, and a is told that b is. */
bool rule_share_channel(const struct user *a, const struct user *b);
/* A rank of at least that bit. */
static inline bool rule_has_rank(const struct member *m, uint8_t least)
{
	return m && m->rank >= least;
}
