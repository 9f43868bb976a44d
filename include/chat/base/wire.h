#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Values as bytes, little-endian, the same on every machine: for what is stored, or handed to another version of the
 * program. Whoever writes adds new values at the end of a section; whoever reads an older one sees with wire_more that
 * they are not there, and who reads a newer one passes over what is left of it.
 */

/* What does not fit, or finds no memory, is left out, and buf.full says so. */
struct wire_out {
	struct buf buf;
	bool grows;
};

void wire_init(struct wire_out *out);                        /* empty, growing */
void wire_init_fixed(struct wire_out *out, struct buf room); /* behind what is in the caller's memory already */
void wire_deinit(struct wire_out *out);                      /* wipes and frees what grew */

void wire_put(struct wire_out *out, const void *p, size_t n);
void wire_put_number(struct wire_out *out, uint64_t v, unsigned size); /* the lowest size bytes of v */
void wire_put_str(struct wire_out *out, struct str s);                 /* its length (4) and its bytes */
void wire_put_text(struct wire_out *out, const char *s);               /* NULL and "" differ */

static inline void wire_put_u8(struct wire_out *out, uint8_t v)
{
	wire_put_number(out, v, 1);
}

static inline void wire_put_u32(struct wire_out *out, uint32_t v)
{
	wire_put_number(out, v, 4);
}

static inline void wire_put_u64(struct wire_out *out, uint64_t v)
{
	wire_put_number(out, v, 8);
}

static inline void wire_put_i64(struct wire_out *out, int64_t v)
{
	wire_put_number(out, (uint64_t)v, 8);
}

/* Opens a section: its length (4), written by wire_end, and its content. They nest. */
size_t wire_begin(struct wire_out *out);
void wire_end(struct wire_out *out, size_t begun);

/* What is still to be read. One value that is not there or not allowed makes all that follows 0 and empty. */
struct wire_in {
	struct str rest;
	bool bad;
};

static inline struct wire_in wire_read(struct str bytes)
{
	return (struct wire_in){bytes, false};
}

void wire_fail(struct wire_in *in);
uint64_t wire_number(struct wire_in *in, unsigned size);
uint64_t wire_bounded(struct wire_in *in, unsigned size, uint64_t max); /* more than max is bad */

static inline uint8_t wire_u8(struct wire_in *in)
{
	return (uint8_t)wire_number(in, 1);
}

static inline uint32_t wire_u32(struct wire_in *in)
{
	return (uint32_t)wire_number(in, 4);
}

static inline uint64_t wire_u64(struct wire_in *in)
{
	return wire_number(in, 8);
}

static inline int64_t wire_i64(struct wire_in *in)
{
	return (int64_t)wire_number(in, 8);
}

/* Views into the bytes. wire_str: any bytes. wire_text: up to max of them, no NUL; .p is NULL only where NULL was put.
 */
struct str wire_str(struct wire_in *in);
struct str wire_text(struct wire_in *in, size_t max);

/* A number (4) of things that take at least `least` bytes each; more than there can be is bad. */
uint32_t wire_count(struct wire_in *in, size_t least);

/* The content of the next section, which is passed over as a whole. */
struct wire_in wire_section(struct wire_in *in);

/* There is something left to read. */
static inline bool wire_more(const struct wire_in *in)
{
	return !in->bad && in->rest.n > 0;
}
