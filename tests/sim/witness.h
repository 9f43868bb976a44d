#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network/network.h"

/*
 * A client that believes what it hears: who is where, as its lines say, and nothing else. Nicks are n0, n1 .. and
 * channels #c0, #c1 ..
 */
enum { NICKS = 24, CHANNELS = 5, WITNESS_BYTES = 96 << 10, SPEAKERS = 4096 };

struct witness {
	int fd;        /* -1: none */
	int nick;      /* -1: not registered */
	bool slow;     /* reads nothing for now */
	uint32_t id;   /* of this connection, for what it says */
	uint32_t said; /* how much it has said */
	bool in[CHANNELS][NICKS];
	uint32_t heard[SPEAKERS]; /* of each connection, the last number */
	char bytes[WITNESS_BYTES];
	size_t nbytes;
};

/* What all of them have heard. */
struct witnessed {
	uint64_t joins, leavings, nicks, quits, messages, ends;
};
struct witnessed witnessed(void);

void witness_begin(struct witness *w, int fd, uint32_t id);
void witness_end(struct witness *w);
void witness_say(struct witness *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Reads all there is, unless it is slow. */
void witness_read(struct witness *w);
/* What it believes is what is so. Of one who has read everything. */
void witness_check(const struct witness *w, const struct network *net);
