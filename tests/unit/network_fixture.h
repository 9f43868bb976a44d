#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "network/change.h"
#include "network/network.h"
#include "network/record.h"

/*
 * A network to try records on. What a record leads to comes back as one line of words, so that a test reads like a
 * table: "kind[:refusal] by user channel 'text' was='old' +modes", parts that are not there left out or "-".
 */
struct fixture {
	struct network *net;
	struct change_sink sink;
	int64_t time; /* of the record applied last; each gets the next second */
	struct mode_op ops[RECORD_MODE_OPS_MAX];
	struct list_item items[RECORD_LIST_ITEMS_MAX];
	struct account_item account_items[RECORD_ACCOUNT_ITEMS_MAX];
	char said[4096];
	size_t nsaid;
};

void fixture_init(struct fixture *f, uint64_t seed);
void fixture_deinit(struct fixture *f);

/* Applies it and returns what was told, changes separated by "; "; "" for nothing. */
const char *fixture_apply(struct fixture *f, struct record r);
/* One change in those words, appended to out. */
void fixture_describe(char *out, size_t size, const struct change *c);

/* All that must be true of a network at any time between two records. */
void fixture_check(const struct network *net);

/* Users 1.. of these nicks, all in "#a", the first one its operator. */
void fixture_people(struct fixture *f, const char *const *nicks);

struct record rec_user(uint64_t id, const char *nick);
struct record rec_nick(uint64_t id, const char *nick);
struct record rec_quit(uint64_t id, const char *reason);
struct record rec_kill(uint64_t id, uint64_t target, const char *reason);
struct record rec_away(uint64_t id, const char *text);
struct record rec_realname(uint64_t id, const char *text);
struct record rec_host(uint64_t id, const char *username, const char *host);
struct record rec_oper(uint64_t id, const char *class_name, priv_set privileges); /* by the server */
struct record rec_umodes(uint64_t id, uint32_t set, uint32_t clear);
struct record rec_account(uint64_t id, const char *account);
struct record rec_join(uint64_t id, const char *channel, const char *key);
struct record rec_part(uint64_t id, const char *channel, const char *reason);
struct record rec_kick(uint64_t id, const char *channel, uint64_t target, const char *reason);
struct record rec_topic(uint64_t id, const char *channel, const char *text);
/* steps: "+o2 -bnick!*@* +l5": sign, letter, parameter; for a rank the user's id. At most RECORD_MODE_OPS_MAX. */
struct record rec_modes(struct fixture *f, uint64_t id, const char *channel, const char *steps);
struct record rec_invite(uint64_t id, const char *channel, uint64_t target);
struct record rec_say(uint64_t id, const char *channel, const char *text);
struct record rec_tell(uint64_t id, uint64_t target, const char *text);
struct record rec_wallops(uint64_t id, const char *text);
/* A registered channel with these flags beside, by the server; items: as rec_modes has steps, of lists alone, set at
 * 1, 2.. */
struct record rec_channel(struct fixture *f, const char *name, uint32_t flags, const char *items);
/* An account of that revision, by the server; nicks: of it beside its name, separated by spaces. */
struct record rec_kept_account(struct fixture *f, const char *name, uint64_t revision, const char *nicks);
/* With the server's power. */
struct record rec_override(struct record r);
