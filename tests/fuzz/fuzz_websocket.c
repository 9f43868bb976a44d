#include <stdint.h>

#include "check.h"
#include "net/websocket.h"
#include "proto/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 16 };

static bool decode(struct websocket_in *in, struct str bytes, struct buf *out, size_t step)
{
	for (size_t at = 0; at < bytes.n && !in->ended; at += step) {
		size_t n = bytes.n - at < step ? bytes.n - at : step;

		if (!websocket_decode(in, (struct str){bytes.p + at, n}, out))
			return false;
	}
	return true;
}

/* No line is longer than it may be. */
static void check_lines(struct str lines)
{
	while (lines.n) {
		const char *end = memchr(lines.p, '\n', lines.n);
		struct str line = {lines.p, end ? (size_t)(end - lines.p) : lines.n};

		CHECK(line.n <= LINE_MAX_BYTES);
		if (!end)
			break;
		lines = (struct str){end + 1, lines.n - line.n - 1};
	}
}

/* What is heard does not depend on how the bytes were cut, and is less than they were. The first byte chooses the kind.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char whole[ROOM], parts[ROOM];
	struct websocket_in a = {.head_count = 0}, b = {.head_count = 0};
	struct str bytes;
	struct buf all, some;
	bool good;

	if (size < 2 || size > ROOM)
		return 0;
	a.kind = b.kind = data[0] % 3;
	bytes = (struct str){(const char *)data + 1, size - 1};
	buf_init(&all, whole, sizeof(whole));
	buf_init(&some, parts, sizeof(parts));
	good = decode(&a, bytes, &all, bytes.n);
	CHECK(decode(&b, bytes, &some, 1 + data[0] / 3 % 7) == good);
	CHECK(!all.full && all.n < size && str_eq(buf_view(&all), buf_view(&some)));
	CHECK(a.code == b.code && a.ended == b.ended && a.left == b.left && a.pong == b.pong);
	CHECK(good ? a.ended == (a.code != 0) : a.code >= 1000);
	CHECK(a.control_count <= WEBSOCKET_CONTROL_MAX && a.head_count <= WEBSOCKET_HEAD_MAX);
	check_lines(buf_view(&all));
	return 0;
}
