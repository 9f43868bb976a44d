#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

/*
 * Bytes of a terminal gathered to whole keys: a character, a control, or Escape and a character; the sequences of
 * cursor keys and their like become one of these. Pure. The editor gets a key only when all of it is there, so it never
 * waits in the middle of one.
 */
enum { KEYS_MAX = 32, KEYS_OUT_MAX = 2 };

struct keys {
	unsigned char bytes[KEYS_MAX];
	size_t n;
};

enum keys_result {
	KEYS_MORE,  /* it is not whole yet; what stays so for KEYS_WAIT_MS is to be dropped with keys_drop */
	KEYS_WHOLE, /* it is in out, count characters; the next byte starts another */
	KEYS_NONE,  /* nothing that a line could hold, nor a key that is known: dropped */
};

/* A key that no keyboard has: what follows is pasted. */
enum { KEYS_PASTE = 0xF0000 };

enum { KEYS_WAIT_MS = 100 };

enum keys_result keys_put(struct keys *k, unsigned char byte, wchar_t out[KEYS_OUT_MAX], size_t *count);

/* A lone Escape, or a sequence that was never finished. */
static inline void keys_drop(struct keys *k)
{
	k->n = 0;
}

static inline bool keys_pending(const struct keys *k)
{
	return k->n > 0;
}
