#include "base/wire.h"

#include <string.h>

#include "base/mem.h"

enum { FIRST_CAP = 4096, LENGTH_SIZE = 4 };

void wire_init(struct wire_out *out)
{
	*out = (struct wire_out){.grows = true};
}

void wire_init_fixed(struct wire_out *out, struct buf room)
{
	*out = (struct wire_out){.buf = room};
}

/* What is written may be secret: passwords of people who are about to register. */
static void wipe(struct buf *b)
{
	if (b->n)
		explicit_bzero(b->p, b->n);
	mem_free(b->p);
}

void wire_deinit(struct wire_out *out)
{
	if (out->grows)
		wipe(&out->buf);
	*out = (struct wire_out){.grows = out->grows};
}

/* Lengths have four bytes. */
static bool grow(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;
	struct buf fresh = {.n = b->n};

	if (n > UINT32_MAX - b->n)
		return false;
	while (cap - b->n < n)
		cap *= 2;
	fresh.p = mem_try_alloc(cap);
	fresh.cap = cap;
	if (!fresh.p)
		return false;
	if (b->n)
		memcpy(fresh.p, b->p, b->n);
	wipe(b);
	*b = fresh;
	return true;
}

void wire_put(struct wire_out *out, const void *p, size_t n)
{
	struct buf *b = &out->buf;

	if (b->full || (out->grows && n > b->cap - b->n && !grow(b, n)))
		b->full = true;
	else
		buf_add(b, p, n);
}

void wire_put_number(struct wire_out *out, uint64_t v, unsigned size)
{
	char bytes[8];

	for (unsigned i = 0; i < size; i++)
		bytes[i] = (char)(v >> 8 * i & 0xff);
	wire_put(out, bytes, size);
}

void wire_put_str(struct wire_out *out, struct str s)
{
	if (s.n > UINT32_MAX) {
		out->buf.full = true;
		return;
	}
	wire_put_u32(out, (uint32_t)s.n);
	wire_put(out, s.p, s.n);
}

void wire_put_text(struct wire_out *out, const char *s)
{
	wire_put_u8(out, s != NULL);
	if (s)
		wire_put_str(out, str_of(s));
}

size_t wire_begin(struct wire_out *out)
{
	wire_put_u32(out, 0);
	return out->buf.n;
}

void wire_end(struct wire_out *out, size_t begun)
{
	struct wire_out length;
	struct buf at;

	if (out->buf.full)
		return;
	buf_init(&at, out->buf.p + begun - LENGTH_SIZE, LENGTH_SIZE);
	wire_init_fixed(&length, at);
	wire_put_u32(&length, (uint32_t)(out->buf.n - begun));
}

void wire_fail(struct wire_in *in)
{
	*in = (struct wire_in){STR_NONE, true};
}

static struct str take(struct wire_in *in, size_t n)
{
	struct str taken = {in->rest.p, n};

	if (n > in->rest.n) {
		wire_fail(in);
		return STR_NONE;
	}
	if (n) {
		in->rest.p += n;
		in->rest.n -= n;
	}
	return taken;
}

uint64_t wire_number(struct wire_in *in, unsigned size)
{
	struct str bytes = take(in, size);
	uint64_t v = 0;

	for (size_t i = 0; i < bytes.n; i++)
		v |= (uint64_t)(unsigned char)bytes.p[i] << 8 * i;
	return v;
}

uint64_t wire_bounded(struct wire_in *in, unsigned size, uint64_t max)
{
	uint64_t v = wire_number(in, size);

	if (v <= max)
		return v;
	wire_fail(in);
	return 0;
}

struct str wire_str(struct wire_in *in)
{
	return take(in, wire_u32(in));
}

struct str wire_text(struct wire_in *in, size_t max)
{
	struct str s;

	if (!wire_bounded(in, 1, 1))
		return STR_NONE;
	s = wire_str(in);
	if (!in->bad && s.n <= max && !(s.n && memchr(s.p, '\0', s.n)))
		return s;
	wire_fail(in);
	return STR_NONE;
}

uint32_t wire_count(struct wire_in *in, size_t least)
{
	uint32_t count = wire_u32(in);

	if (count <= in->rest.n / least)
		return count;
	wire_fail(in);
	return 0;
}

struct wire_in wire_section(struct wire_in *in)
{
	struct str content = wire_str(in);

	return (struct wire_in){content, in->bad};
}
