#include <string.h>

#include "net/websocket.h"
#include "proto/line.h"

enum { FIN = 0x80, RESERVED = 0x70, OPCODE = 0x0f, MASKED = 0x80, LENGTH = 0x7f };
enum { CONTINUATION, TEXT, BINARY, CLOSE = 8, PING, PONG };

/* Frames in a row that say nothing: more of them are an attack on the processor. */
enum { IDLE_MAX = 256 };

static bool fail(struct websocket_in *in, uint16_t code)
{
	in->code = code;
	return false;
}

static bool is_control(uint8_t opcode)
{
	return opcode & 8;
}

/* Well-formed so far: RFC 3629, a byte at a time. */
static bool utf8_byte(struct websocket_in *in, uint8_t b)
{
	if (in->more) {
		bool fits = b >= in->low && b <= in->high;

		in->more--;
		in->low = 0x80;
		in->high = 0xbf;
		return fits;
	}
	if (b < 0x80)
		return true;
	if (b < 0xc2 || b > 0xf4)
		return false;
	in->more = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
	in->low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
	in->high = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
	return true;
}

/* The head of a frame */

static unsigned head_size(const struct websocket_in *in)
{
	unsigned length = in->head[1] & LENGTH;

	if (in->head_count < 2)
		return 2;
	return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + 4;
}

/* False: not written in the shortest way, or nothing that could be. */
static bool read_length(const struct websocket_in *in, uint64_t *length)
{
	unsigned size = head_size(in) - 6;
	uint64_t n = in->head[1] & LENGTH;

	if (size == 0) {
		*length = n;
		return true;
	}
	n = 0;
	for (unsigned i = 0; i < size; i++)
		n = n << 8 | in->head[2 + i];
	*length = n;
	return size == 2 ? n >= 126 : n > UINT16_MAX && !(n >> 63);
}

/* As soon as its two first bytes are there. */
static bool check_head(struct websocket_in *in)
{
	uint8_t opcode = in->head[0] & OPCODE;
	bool fin = in->head[0] & FIN;

	if ((in->head[0] & RESERVED) || !(in->head[1] & MASKED))
		return fail(in, WEBSOCKET_PROTOCOL);
	if (is_control(opcode)) {
		if (opcode > PONG || !fin || (in->head[1] & LENGTH) > WEBSOCKET_CONTROL_MAX)
			return fail(in, WEBSOCKET_PROTOCOL);
		return true;
	}
	if (opcode > BINARY || (opcode == CONTINUATION) != (in->message != 0))
		return fail(in, WEBSOCKET_PROTOCOL);
	if (opcode == TEXT && in->kind == WEBSOCKET_BINARY)
		return fail(in, WEBSOCKET_WRONG_TYPE);
	return true;
}

static bool begin_frame(struct websocket_in *in)
{
	uint64_t length;

	if (!read_length(in, &length))
		return fail(in, WEBSOCKET_PROTOCOL);
	in->opcode = in->head[0] & OPCODE;
	in->fin = in->head[0] & FIN;
	if (!is_control(in->opcode)) {
		if (length > LINE_MAX_BYTES - in->size)
			return fail(in, WEBSOCKET_TOO_BIG);
		in->size += (uint32_t)length;
		in->message = in->opcode ? in->opcode : in->message;
	} else {
		in->pong = false;
		in->control_count = 0;
	}
	if (++in->idle > IDLE_MAX)
		return fail(in, WEBSOCKET_POLICY);
	in->left = (uint32_t)length;
	in->turn = 0;
	in->in_frame = true;
	return true;
}

/* The end of a frame */

static bool end_message(struct websocket_in *in, struct buf *out)
{
	if (in->more)
		return fail(in, WEBSOCKET_BAD_UTF8);
	buf_chr(out, '\n');
	in->message = 0;
	in->size = 0;
	in->newline = false;
	in->idle = 0;
	return true;
}

/* RFC 6455 section 7.4: those that may stand in a frame. */
static bool is_code(unsigned code)
{
	if (code >= 3000)
		return code < 5000;
	return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

static bool is_reason(const uint8_t *p, size_t n)
{
	struct websocket_in text = {.more = 0};

	for (size_t i = 0; i < n; i++)
		if (!utf8_byte(&text, p[i]))
			return false;
	return text.more == 0;
}

static bool end_close(struct websocket_in *in)
{
	unsigned code = (unsigned)in->control[0] << 8 | in->control[1];

	if (in->control_count == 0) {
		code = WEBSOCKET_NORMAL;
	} else if (in->control_count == 1 || !is_code(code)) {
		return fail(in, WEBSOCKET_PROTOCOL);
	} else if (!is_reason(in->control + 2, in->control_count - 2u)) {
		return fail(in, WEBSOCKET_BAD_UTF8);
	}
	in->ended = true;
	in->code = (uint16_t)code;
	return true;
}

static bool end_frame(struct websocket_in *in, struct buf *out)
{
	in->in_frame = false;
	in->head_count = 0;
	if (in->opcode == CLOSE)
		return end_close(in);
	if (in->opcode == PING)
		in->pong = true;
	if (is_control(in->opcode))
		return true;
	return in->fin ? end_message(in, out) : true;
}

/* Payload */

/* An LF inside of a line becomes a CR, which makes the line one that is refused: nothing smuggles in a second one. */
static bool data_byte(struct websocket_in *in, uint8_t b, struct buf *out)
{
	if (in->message == TEXT && !utf8_byte(in, b))
		return fail(in, WEBSOCKET_BAD_UTF8);
	if (in->newline)
		buf_chr(out, '\r');
	in->newline = b == '\n';
	if (!in->newline)
		buf_chr(out, (char)b);
	in->idle = 0;
	return true;
}

static bool payload_byte(struct websocket_in *in, uint8_t b, struct buf *out)
{
	b ^= in->head[in->head_count - 4u + (in->turn++ & 3u)];
	in->left--;
	if (!is_control(in->opcode))
		return data_byte(in, b, out);
	in->control[in->control_count++] = b;
	return true;
}

static bool head_byte(struct websocket_in *in, uint8_t b)
{
	in->head[in->head_count++] = b;
	if (in->head_count == 2 && !check_head(in))
		return false;
	return in->head_count < 2 || in->head_count < head_size(in) || begin_frame(in);
}

bool websocket_decode(struct websocket_in *in, struct str bytes, struct buf *out)
{
	for (size_t i = 0; i < bytes.n && !in->ended; i++) {
		uint8_t b = (uint8_t)bytes.p[i];

		if (!(in->in_frame ? payload_byte(in, b, out) : head_byte(in, b)))
			return false;
		if (in->in_frame && in->left == 0 && !end_frame(in, out))
			return false;
	}
	return true;
}
