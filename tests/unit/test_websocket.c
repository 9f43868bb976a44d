#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wire.h"
#include "net/websocket.h"
#include "proto/line.h"

enum { ROOM = 80000, FIN = 0x80, CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};

/* A masked frame, behind what is in b. */
static void frame(struct buf *b, unsigned first, const void *p, size_t n)
{
	buf_chr(b, (char)first);
	if (n < 126) {
		buf_chr(b, (char)(0x80 | n));
	} else if (n <= UINT16_MAX) {
		buf_chr(b, (char)(0x80 | 126));
		buf_chr(b, (char)(n >> 8));
		buf_chr(b, (char)n);
	} else {
		buf_chr(b, (char)(0x80 | 127));
		for (int shift = 56; shift >= 0; shift -= 8)
			buf_chr(b, (char)((uint64_t)n >> shift));
	}
	buf_add(b, mask, 4);
	for (size_t i = 0; i < n; i++)
		buf_chr(b, (char)(((const unsigned char *)p)[i] ^ mask[i & 3]));
}

#define FRAME(b, first, literal) frame((b), (first), (literal), sizeof(literal) - 1)

/* The same bytes in steps of one size: the result is the same. Returns the code, 0 while all is well. */
static unsigned decode(enum websocket_kind kind, struct str bytes, struct buf *out, size_t step)
{
	struct websocket_in in = {.kind = (uint8_t)kind};

	for (size_t at = 0; at < bytes.n; at += step) {
		size_t n = bytes.n - at < step ? bytes.n - at : step;

		if (!websocket_decode(&in, (struct str){bytes.p + at, n}, out))
			return in.code;
	}
	return in.code;
}

static void expect(enum websocket_kind kind, const struct buf *bytes, unsigned code, const char *lines)
{
	static char memory[ROOM];
	static const size_t steps[] = {1, 2, 3, 7, 64, ROOM};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct buf out;

		buf_init(&out, memory, sizeof(memory));
		assert_int_equal(decode(kind, buf_view(bytes), &out, steps[i]), code);
		assert_int_equal(out.n, strlen(lines));
		assert_memory_equal(out.p, lines, out.n);
	}
}

struct frame_case {
	const char *name;
	struct str parts[4]; /* each the first byte of a frame, and its payload */
	unsigned code;
	const char *lines;
};

#define PART(literal) ((struct str){(literal), sizeof(literal) - 1})

/* kind ANY unless the name says otherwise */
static const struct frame_case cases[] = {
	{"a line", {PART("\x81NICK a")}, 0, "NICK a\n"},
	{"two lines", {PART("\x81NICK a"), PART("\x82USER b")}, 0, "NICK a\nUSER b\n"},
	{"nothing", {PART("\x81")}, 0, "\n"},
	{"its own end", {PART("\x81NICK a\r\n")}, 0, "NICK a\r\n"},
	{"a second line", {PART("\x81NICK a\nQUIT")}, 0, "NICK a\rQUIT\n"},
	{"fragments",
	 {PART("\x01NI"),
	  PART("\x00"
	       "CK"),
	  PART("\x80 a")},
	 0,
	 "NICK a\n"},
	{"empty fragments", {PART("\x01"), PART("\x00"), PART("\x00"), PART("\x80x")}, 0, "x\n"},
	{"control between",
	 {PART("\x01NI"), PART("\x89ping"), PART("\x8a"),
	  PART("\x80"
	       "CK")},
	 0,
	 "NICK\n"},
	{"pongs nobody asked for", {PART("\x8ahello"), PART("\x81x")}, 0, "x\n"},
	{"a code point in two", {PART("\x01\xc3"), PART("\x80\xb1")}, 0, "\xc3\xb1\n"},
	{"a goodbye",
	 {PART("\x88\x03\xe8"
	       "bye"),
	  PART("\x81x")},
	 1000,
	 ""},
	{"a goodbye without a word", {PART("\x88")}, 1000, ""},
	{"a goodbye of one byte", {PART("\x88\x03")}, 1002, ""},
	{"code 999", {PART("\x88\x03\xe7")}, 1002, ""},
	{"code 1004", {PART("\x88\x03\xec")}, 1002, ""},
	{"code 1005", {PART("\x88\x03\xed")}, 1002, ""},
	{"code 1006", {PART("\x88\x03\xee")}, 1002, ""},
	{"code 1011", {PART("\x88\x03\xf3")}, 1011, ""},
	{"code 1015", {PART("\x88\x03\xf7")}, 1002, ""},
	{"code 2999", {PART("\x88\x0b\xb7")}, 1002, ""},
	{"code 3000", {PART("\x88\x0b\xb8")}, 3000, ""},
	{"code 5000", {PART("\x88\x13\x88")}, 1002, ""},
	{"a reason that is not UTF-8", {PART("\x88\x03\xe8\xff")}, 1007, ""},
	{"reserved bit 1", {PART("\xc1x")}, 1002, ""},
	{"reserved bit 2", {PART("\xa1x")}, 1002, ""},
	{"reserved bit 3", {PART("\x91x")}, 1002, ""},
	{"opcode 3", {PART("\x83x")}, 1002, ""},
	{"opcode 7", {PART("\x87x")}, 1002, ""},
	{"opcode 11", {PART("\x8bx")}, 1002, ""},
	{"opcode 15", {PART("\x8fx")}, 1002, ""},
	{"a ping in fragments", {PART("\x09x")}, 1002, ""},
	{"a goodbye in fragments", {PART("\x08")}, 1002, ""},
	{"goes on with nothing", {PART("\x80x")}, 1002, ""},
	{"a message in a message", {PART("\x01x"), PART("\x81y")}, 1002, "x"},
	{"byte ff", {PART("\x81\xff")}, 1007, ""},
	{"an overlong slash", {PART("\x81\xc0\xaf")}, 1007, ""},
	{"a surrogate", {PART("\x81\xed\xa0\x80")}, 1007, "\xed"},
	{"past the last", {PART("\x81\xf4\x90\x80\x80")}, 1007, "\xf4"},
	{"half a code point", {PART("\x81\xe2\x82")}, 1007, "\xe2\x82"},
	{"half at the end of fragments", {PART("\x01\xe2"), PART("\x80\x82")}, 1007, "\xe2\x82"},
	{"any bytes in binary", {PART("\x82\xff\xfe")}, 0, "\xff\xfe\n"},
	{"the highest", {PART("\x81\xf4\x8f\xbf\xbf")}, 0, "\xf4\x8f\xbf\xbf\n"},
};

static void frames_of_a_table(void **state)
{
	static char memory[ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct frame_case *c = &cases[i];
		struct buf b;

		print_message("%s\n", c->name);
		buf_init(&b, memory, sizeof(memory));
		for (size_t j = 0; j < 4 && c->parts[j].n; j++)
			frame(&b, (unsigned char)c->parts[j].p[0], c->parts[j].p + 1, c->parts[j].n - 1);
		expect(WEBSOCKET_ANY, &b, c->code, c->lines);
	}
}

static void types_that_were_not_agreed_on(void **state)
{
	char memory[64];
	struct buf b;

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	FRAME(&b, FIN | BINARY, "x");
	expect(WEBSOCKET_TEXT, &b, 0, "x\n");
	expect(WEBSOCKET_BINARY, &b, 0, "x\n");
	buf_init(&b, memory, sizeof(memory));
	FRAME(&b, FIN | TEXT, "x");
	expect(WEBSOCKET_BINARY, &b, 1003, "");
	expect(WEBSOCKET_TEXT, &b, 0, "x\n");
}

static void lengths(void **state)
{
	static const size_t sizes[] = {0, 1, 124, 125, 126, 127, 512, LINE_MAX_BYTES - 1, LINE_MAX_BYTES};
	static const size_t too_big[] = {LINE_MAX_BYTES + 1, 65535, 65536, 70000};
	static char memory[ROOM], text[ROOM], want[ROOM];
	struct buf b;

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		buf_init(&b, memory, sizeof(memory));
		frame(&b, FIN | TEXT, text, sizes[i]);
		memcpy(want, text, sizes[i]);
		memcpy(want + sizes[i], "\n", 2);
		expect(WEBSOCKET_ANY, &b, 0, want);
	}
	for (size_t i = 0; i < sizeof(too_big) / sizeof(too_big[0]); i++) {
		buf_init(&b, memory, sizeof(memory));
		frame(&b, FIN | TEXT, text, too_big[i]);
		expect(WEBSOCKET_ANY, &b, 1009, "");
	}
	buf_init(&b, memory, sizeof(memory));
	frame(&b, FIN | PING, text, 126);
	expect(WEBSOCKET_ANY, &b, 1002, "");
}

static void a_message_of_many_parts_is_bounded(void **state)
{
	static char memory[ROOM], text[ROOM];
	struct websocket_in in = {.kind = WEBSOCKET_ANY};
	struct buf b, out;

	(void)state;
	memset(text, 'a', sizeof(text));
	buf_init(&b, memory, sizeof(memory));
	frame(&b, TEXT, text, LINE_MAX_BYTES);
	frame(&b, FIN | CONTINUATION, text, 1);
	buf_init(&out, text, sizeof(text));
	assert_false(websocket_decode(&in, buf_view(&b), &out));
	assert_int_equal(in.code, WEBSOCKET_TOO_BIG);
}

static void lengths_that_lie(void **state)
{
	static const struct {
		struct str bytes;
		unsigned code;
	} wrong[] = {
		{PART("\x81\xfe\x00\x7d"
		      "mask"),
		 1002},
		{PART("\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff"
		      "mask"),
		 1002},
		{PART("\x81\xff\x80\x00\x00\x00\x00\x01\x00\x00"
		      "mask"),
		 1002},
		{PART("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff"
		      "mask"),
		 1009},
		{PART("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		      "mask"),
		 1002},
		{PART("\x81\x01x"), 1002}, /* not masked */
		{PART("\x89\x00"), 1002},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct buf b = {.p = (char *)wrong[i].bytes.p, .n = wrong[i].bytes.n};

		expect(WEBSOCKET_ANY, &b, wrong[i].code, "");
	}
}

static void frames_that_say_nothing(void **state)
{
	static char memory[ROOM], text[64];
	struct websocket_in in = {.kind = WEBSOCKET_ANY};
	struct buf b, out;

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	frame(&b, TEXT, "", 0);
	for (int i = 0; i < 300; i++)
		frame(&b, CONTINUATION, "", 0);
	buf_init(&out, text, sizeof(text));
	assert_false(websocket_decode(&in, buf_view(&b), &out));
	assert_int_equal(in.code, WEBSOCKET_POLICY);
	assert_int_equal(out.n, 0);
}

/* The transport, over a pair of sockets */

struct pair {
	struct transport t;
	int peer;
};

static void open_pair(struct pair *p, enum websocket_kind kind)
{
	int fds[2], size = 4096;
	struct buf none;
	char memory[4];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	transport_plain_init(&p->t, fds[0]);
	p->peer = fds[1];
	buf_init(&none, memory, sizeof(memory));
	assert_true(transport_websocket_accept(&p->t, kind, STR_NONE, &none));
}

static void close_pair(struct pair *p)
{
	p->t.ops->free(&p->t);
	close(p->peer);
}

/* Unmasked frames to lines again. Returns how many frames there were; the last one's head is in *first. */
static unsigned read_frames(int fd, struct buf *lines, unsigned char *first)
{
	static unsigned char bytes[1 << 20];
	ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
	size_t n = got > 0 ? (size_t)got : 0, at = 0;
	unsigned count = 0;

	while (at < n) {
		size_t size = bytes[at + 1], head = 2;

		*first = bytes[at];
		if (size == 126) {
			size = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
			head = 4;
		}
		buf_add(lines, bytes + at + head, size);
		buf_chr(lines, '\n');
		at += head + size;
		count++;
	}
	assert_int_equal(at, n);
	return count;
}

static void a_frame_for_each_line(void **state)
{
	struct pair p;
	char ring[] = "PING a\r\n:b NOTICE * :c\r\nlong";
	struct iovec iov[2] = {{ring, 10}, {ring + 10, sizeof(ring) - 5 - 10}};
	char memory[128];
	struct buf lines;
	unsigned char first = 0;

	(void)state;
	open_pair(&p, WEBSOCKET_BINARY);
	assert_int_equal(p.t.ops->write(&p.t, iov, 2), sizeof(ring) - 5);
	buf_init(&lines, memory, sizeof(memory));
	assert_int_equal(read_frames(p.peer, &lines, &first), 2);
	assert_int_equal(first, 0x82);
	assert_int_equal(lines.n, strlen("PING a\n:b NOTICE * :c\n"));
	assert_memory_equal(lines.p, "PING a\n:b NOTICE * :c\n", lines.n);
	close_pair(&p);
}

/* Save and load in the middle of whatever is going on. */
static void hand_over(struct transport *t)
{
	struct transport next;
	struct wire_out out;
	struct wire_in in;
	int fd = dup(t->fd);

	wire_init(&out);
	assert_true(t->ops->save(t, &out));
	t->ops->free(t);
	transport_plain_init(&next, fd);
	in = wire_read(buf_view(&out.buf));
	assert_true(transport_load(&next, &in));
	assert_false(wire_more(&in));
	wire_deinit(&out);
	*t = next;
}

/* However little the socket takes at a time, and even when each step is another process's. */
static void what_does_not_fit_is_sent_later(void **state)
{
	static char ring[200000], memory[400000], want[200000];
	unsigned char bytes[1500];
	struct buf raw, lines, expected;
	size_t sent = 0, n = 0;
	struct pair p;

	(void)state;
	buf_init(&expected, want, sizeof(want));
	for (unsigned i = 0; n < 150000; i++) {
		size_t size = i * 37 % 700;

		memset(ring + n, 'a' + (int)(i % 26), size);
		buf_add(&expected, ring + n, size);
		buf_chr(&expected, '\n');
		memcpy(ring + n + size, "\r\n", 2);
		n += size + 2;
	}
	open_pair(&p, WEBSOCKET_TEXT);
	buf_init(&raw, memory, sizeof(memory));
	for (unsigned turn = 0; sent < n || raw.n == 0; turn++) {
		size_t split = (n - sent) / 3;
		struct iovec iov[2] = {{ring + sent, split}, {ring + sent + split, n - sent - split}};
		ssize_t got = p.t.ops->write(&p.t, iov, 2);

		assert_true(got >= 0 || got == -EAGAIN);
		sent += got > 0 ? (size_t)got : 0;
		if (turn % 2)
			hand_over(&p.t);
		got = recv(p.peer, bytes, 1 + turn % sizeof(bytes), 0);
		buf_add(&raw, bytes, got > 0 ? (size_t)got : 0);
	}
	for (ssize_t got; (got = recv(p.peer, bytes, sizeof(bytes), 0)) > 0;)
		buf_add(&raw, bytes, (size_t)got);
	assert_false(raw.full);
	/* Walk the frames. */
	static char decoded[200000];
	buf_init(&lines, decoded, sizeof(decoded));
	for (size_t at = 0; at < raw.n;) {
		const unsigned char *f = (const unsigned char *)raw.p + at;
		size_t size = f[1] == 126 ? (size_t)f[2] << 8 | f[3] : f[1], head = f[1] == 126 ? 4 : 2;

		assert_int_equal(f[0], 0x81);
		buf_add(&lines, f + head, size);
		buf_chr(&lines, '\n');
		at += head + size;
	}
	assert_int_equal(lines.n, expected.n);
	assert_memory_equal(lines.p, expected.p, lines.n);
	close_pair(&p);
}

static ssize_t read_some(struct pair *p, char *dst, size_t n)
{
	struct iovec iov = {dst, n};

	return p->t.ops->read(&p->t, &iov, 1);
}

static void a_ping_is_answered(void **state)
{
	struct pair p;
	char memory[64], dst[64];
	unsigned char got[64];
	struct buf b;

	(void)state;
	open_pair(&p, WEBSOCKET_ANY);
	buf_init(&b, memory, sizeof(memory));
	FRAME(&b, FIN | PING, "hello");
	assert_int_equal(send(p.peer, b.p, b.n, 0), b.n);
	assert_int_equal(read_some(&p, dst, sizeof(dst)), -EAGAIN);
	assert_int_equal(recv(p.peer, got, sizeof(got), 0), 7);
	assert_memory_equal(got, "\x8a\x05hello", 7);
	close_pair(&p);
}

/* Nor does the answer take the place of what is left of a line that was cut where the socket was full. */
static void a_ping_waits_for_the_rest_of_a_line(void **state)
{
	static char line[60000], got[200000];
	size_t have = 0, sent = 0;
	struct iovec iov;
	struct pair p;
	char dst[64], memory[64];
	struct buf b;
	ssize_t n;

	(void)state;
	memset(line, 'x', sizeof(line));
	for (size_t i = 4999; i < sizeof(line); i += 5000)
		memcpy(line + i - 1, "\r\n", 2);
	open_pair(&p, WEBSOCKET_TEXT);
	assert_int_equal(setsockopt(p.t.fd, SOL_SOCKET, SO_SNDBUF, &(int){6000}, sizeof(int)), 0);
	buf_init(&b, memory, sizeof(memory));
	FRAME(&b, FIN | PING, "one");
	while (sent < sizeof(line)) {
		iov = (struct iovec){line + sent, sizeof(line) - sent};
		n = p.t.ops->write(&p.t, &iov, 1);
		sent += n > 0 ? (size_t)n : 0;
		assert_int_equal(send(p.peer, b.p, b.n, 0), b.n);
		/* There is room again before the ping is seen. */
		while ((n = recv(p.peer, got + have, sizeof(got) - have, 0)) > 0)
			have += (size_t)n;
		assert_int_equal(read_some(&p, dst, sizeof(dst)), -EAGAIN);
	}
	while ((n = recv(p.peer, got + have, sizeof(got) - have, 0)) > 0)
		have += (size_t)n;
	sent = 0;
	for (size_t at = 0; at < have;) {
		size_t size = (unsigned char)got[at + 1], head = size == 126 ? 4 : 2;

		if (size == 126)
			size = (size_t)(unsigned char)got[at + 2] << 8 | (unsigned char)got[at + 3];
		if (((unsigned char)got[at] & 15) == PONG) {
			assert_memory_equal(got + at + head, "one", 3);
		} else {
			assert_int_equal(size, 4998);
			assert_memory_equal(got + at + head, line, 4998);
			sent++;
		}
		at += head + size;
	}
	assert_int_equal(sent, sizeof(line) / 5000);
	close_pair(&p);
}

/* While no byte leaves, pings are many and one is answered; the answer comes without anything else that is to be sent.
 */
static void a_ping_is_answered_when_there_is_room(void **state)
{
	static char ring[100000], memory[200000];
	struct iovec iov = {ring, sizeof(ring)};
	struct pair p;
	char dst[64];
	size_t sent = 0;
	ssize_t n;
	struct buf b;

	(void)state;
	memset(ring, 'x', sizeof(ring));
	for (size_t i = 99; i < sizeof(ring); i += 100)
		memcpy(ring + i - 1, "\r\n", 2);
	open_pair(&p, WEBSOCKET_TEXT);
	buf_init(&b, memory, sizeof(memory));
	FRAME(&b, FIN | PING, "one");
	FRAME(&b, FIN | PING, "two");
	while ((n = p.t.ops->write(&p.t, &iov, 1)) > 0) {
		sent += (size_t)n;
		iov = (struct iovec){ring + sent, sizeof(ring) - sent};
	}
	assert_int_equal(n, -EAGAIN);
	assert_int_equal(send(p.peer, b.p, b.n, 0), b.n);
	assert_int_equal(read_some(&p, dst, sizeof(dst)), -EAGAIN);
	b.n = 0;
	while (sent < sizeof(ring)) {
		n = recv(p.peer, memory + b.n, sizeof(memory) - b.n, 0);
		b.n += n > 0 ? (size_t)n : 0;
		n = p.t.ops->write(&p.t, &iov, 1);
		sent += n > 0 ? (size_t)n : 0;
		iov = (struct iovec){ring + sent, sizeof(ring) - sent};
	}
	while ((n = recv(p.peer, memory + b.n, sizeof(memory) - b.n, 0)) > 0)
		b.n += (size_t)n;
	assert_memory_equal(memory + b.n - 5, "\x8a\x03two", 5);
	assert_int_equal(p.t.ops->wants(&p.t), 0);
	close_pair(&p);
}

/* Byte by byte, each heard by another process. */
static void heard_across_a_hand_over(void **state)
{
	struct pair p;
	char memory[128], dst[128];
	struct buf b;
	size_t n = 0;

	(void)state;
	open_pair(&p, WEBSOCKET_TEXT);
	buf_init(&b, memory, sizeof(memory));
	FRAME(&b, TEXT, "NICK \xc3");
	FRAME(&b, FIN | PING, "ping");
	FRAME(&b, FIN | CONTINUATION, "\xb1\r\n");
	for (size_t i = 0; i < b.n; i++) {
		ssize_t got;

		assert_int_equal(send(p.peer, b.p + i, 1, 0), 1);
		got = read_some(&p, dst + n, sizeof(dst) - n);
		assert_true(got > 0 || got == -EAGAIN);
		n += got > 0 ? (size_t)got : 0;
		hand_over(&p.t);
	}
	assert_int_equal(n, strlen("NICK \xc3\xb1\r\n"));
	assert_memory_equal(dst, "NICK \xc3\xb1\r\n", n);
	close_pair(&p);
}

/* The lines in front of it are heard, the end is told once, and the peer hears the code. */
static void what_is_wrong_ends_it(void **state)
{
	struct pair p;
	char memory[64], dst[64];
	unsigned char got[64];
	struct buf b;

	(void)state;
	open_pair(&p, WEBSOCKET_ANY);
	buf_init(&b, memory, sizeof(memory));
	FRAME(&b, FIN | TEXT, "x");
	FRAME(&b, FIN | TEXT, "\xff");
	assert_int_equal(send(p.peer, b.p, b.n, 0), b.n);
	assert_int_equal(read_some(&p, dst, sizeof(dst)), 2);
	assert_int_equal(read_some(&p, dst, sizeof(dst)), -EILSEQ);
	assert_false(p.t.ops->save(&p.t, NULL));
	assert_int_equal(p.t.ops->shutdown(&p.t), 0);
	assert_int_equal(recv(p.peer, got, sizeof(got), 0), 4);
	assert_memory_equal(got, "\x88\x02\x03\xef", 4);
	assert_int_equal(recv(p.peer, got, sizeof(got), 0), 0);
	close_pair(&p);
}

static void damaged_states_are_refused(void **state)
{
	struct pair p;
	struct wire_out out;

	(void)state;
	open_pair(&p, WEBSOCKET_TEXT);
	wire_init(&out);
	assert_true(p.t.ops->save(&p.t, &out));
	for (size_t n = 0; n < out.buf.n; n++) {
		struct transport t;
		struct wire_in in = wire_read((struct str){out.buf.p, n});

		transport_plain_init(&t, dup(p.t.fd));
		assert_false(transport_load(&t, &in) && !in.bad);
		t.ops->free(&t);
	}
	wire_deinit(&out);
	close_pair(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_a_table),
		cmocka_unit_test(types_that_were_not_agreed_on),
		cmocka_unit_test(lengths),
		cmocka_unit_test(a_message_of_many_parts_is_bounded),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(frames_that_say_nothing),
		cmocka_unit_test(a_frame_for_each_line),
		cmocka_unit_test(what_does_not_fit_is_sent_later),
		cmocka_unit_test(a_ping_is_answered),
		cmocka_unit_test(a_ping_waits_for_the_rest_of_a_line),
		cmocka_unit_test(a_ping_is_answered_when_there_is_room),
		cmocka_unit_test(heard_across_a_hand_over),
		cmocka_unit_test(what_is_wrong_ends_it),
		cmocka_unit_test(damaged_states_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
