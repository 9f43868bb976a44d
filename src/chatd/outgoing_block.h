#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "proto/notices.h"

/* What an outgoing webhook can tell of. What is of the whole server has a kind of enum notice, behind those of channels. */
enum outgoing_kind {
	OUTGOING_MESSAGE,
	OUTGOING_NOTICE,
	OUTGOING_JOIN,
	OUTGOING_PART,
	OUTGOING_QUIT,
	OUTGOING_KICK,
	OUTGOING_NICK,
	OUTGOING_TOPIC,
	OUTGOING_MODE,
	OUTGOING_CHANNEL_KINDS,
	OUTGOING_SERVER = OUTGOING_CHANNEL_KINDS,
	OUTGOING_KINDS = OUTGOING_SERVER + NOTICE_COUNT,
};

#define OUTGOING_BIT(kind) (1u << (kind))
#define OUTGOING_OF_CHANNELS (OUTGOING_BIT(OUTGOING_CHANNEL_KINDS) - 1)

const char *outgoing_kind_name(enum outgoing_kind kind);
/* A list of such names with commas or blanks between them, as bits. False: *bad stands for nothing. */
bool outgoing_kinds_parse(struct str text, uint32_t *kinds, struct str *bad);

/* A section [hook NAME] of the configuration. */
struct outgoing_block {
	char *name;
	char *url;
	char *secret;     /* NULL: nothing is signed */
	uint32_t kinds;   /* OUTGOING_BIT */
	char *channels;   /* masks with blanks between them; NULL: none */
	char *from;       /* masks of nick!user@host, with blanks between them; NULL: anybody */
	char *words;      /* one of which must occur in what is said, with blanks between them; NULL: whatever it is */
	uint32_t waiting; /* events, the oldest of which give way */
};

/* All that the configuration says of them. */
struct outgoing_policy {
	struct outgoing_block *blocks;
	size_t count;
	int64_t retry_ms;  /* before the second attempt; the waits after it double */
	int64_t pause_ms;  /* how long one is left alone that failed so often */
	uint32_t attempts; /* in a row, before that */
};

void outgoing_policy_deinit(struct outgoing_policy *p);

enum { OUTGOING_KEY_MAX = 128 };
/*
 * The key that a secret stands for: what "whsec_" and base64 hold, else the bytes as they are.
 * https://github.com/standard-webhooks/standard-webhooks. False: behind whsec_ is nothing that can be read.
 */
bool outgoing_key(struct str secret, unsigned char key[OUTGOING_KEY_MAX], size_t *size);
