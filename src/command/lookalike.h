#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "command/skeleton.h"

struct network;

/*
 * Which names that somebody has look like another one. It is the node's own knowledge and no part of the state, for what looks
 * like what is another with each release of Unicode; it is found out anew at each start. Names in ASCII are not kept
 * here: the network finds them, and they do not look like each other. Without others it costs nothing.
 */
struct lookalikes;

struct lookalikes *lookalikes_new(const struct network *net, const struct hash_key *seed);
void lookalikes_free(struct lookalikes *l);

/* Somebody has that name now. When nobody has it any more, that is noticed here. */
void lookalikes_note(struct lookalikes *l, struct str name);
/* An account was altered: its name and its nicks. */
void lookalikes_note_account(struct lookalikes *l, struct str name);
/* The names of all users and accounts. */
void lookalikes_note_all(struct lookalikes *l);
/* How many names are kept. */
uint32_t lookalikes_count(const struct lookalikes *l);

/* The names that look like one, and are not the same: folded, and perhaps nobody's. Nothing may be noted meanwhile. */
struct lookalike_walk {
	const struct vec *names; /* of the skeleton; NULL: none */
	uint32_t at;
	bool plain; /* the skeleton is a name itself, which comes first */
	struct str skeleton, folded;
	char skeleton_memory[SKELETON_MAX];
	char folded_memory[3 * SKELETON_NAME_MAX];
};

void lookalike_walk_init(struct lookalike_walk *w, struct lookalikes *l, struct str name);
/* False: there is no more. */
bool lookalike_walk_next(struct lookalike_walk *w, struct str *name);
