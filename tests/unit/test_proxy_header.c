#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/proxy_header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define IPV4 "\xc0\x00\x02\x07\xc6\x33\x64\x01\x12\x34\x1a\x0b"
#define BYTES(literal) ((struct str){(literal), sizeof(literal) - 1})

static void assert_bad(struct str bytes)
{
	struct proxy_header h;

	assert_int_equal(proxy_header_parse(&h, bytes), PROXY_BAD);
}

/* Every front of a header is the front of a header, and what follows it is left alone. */
static struct proxy_header parse(struct str bytes)
{
	char more[PROXY_HEADER_MAX + 4];
	struct proxy_header h;

	for (size_t n = 0; n < bytes.n; n++)
		assert_int_equal(proxy_header_parse(&h, (struct str){bytes.p, n}), PROXY_MORE);
	memcpy(more, bytes.p, bytes.n);
	memcpy(more + bytes.n, "NICK", 4);
	assert_int_equal(proxy_header_parse(&h, (struct str){more, bytes.n + 4}), PROXY_OK);
	assert_int_equal(h.size, bytes.n);
	assert_int_equal(proxy_header_parse(&h, bytes), PROXY_OK);
	assert_int_equal(h.size, bytes.n);
	return h;
}

static void assert_peer(struct str bytes, const char *peer)
{
	struct proxy_header h = parse(bytes);
	char text[ADDRESS_TEXT_MAX];

	assert_false(h.own);
	address_format(&h.peer, text);
	assert_string_equal(text, peer);
}

static void lines(void **state)
{
	(void)state;
	assert_peer(STR("PROXY TCP4 192.0.2.7 198.51.100.1 4660 6667\r\n"), "192.0.2.7:4660");
	assert_peer(STR("PROXY TCP6 2001:db8::7 2001:db8::1 65535 0\r\n"), "[2001:db8::7]:65535");
	assert_peer(STR("PROXY TCP6 ffff:f:f:f:f:f:f:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
		    "[ffff:f:f:f:f:f:f:ffff]:65535");
}

static void lines_of_nobody(void **state)
{
	(void)state;
	assert_true(parse(STR("PROXY UNKNOWN\r\n")).own);
	assert_true(parse(STR("PROXY UNKNOWN ffff:f:f:f:f:f:f:ffff whatever 1 2\r\n")).own);
}

static void bad_lines(void **state)
{
	static const struct str wrong[] = {
		STR("NICK joe\r\n"),
		STR("proxy TCP4 192.0.2.7 198.51.100.1 4660 6667\r\n"),
		STR("PROXY\r\n"),
		STR("PROXY \r\n"),
		STR("PROXY TCP4\r\n"),
		STR("PROXY TCP5 192.0.2.7 198.51.100.1 4660 6667\r\n"),
		STR("PROXY TCP4 192.0.2.7 198.51.100.1 4660\r\n"),
		STR("PROXY TCP4 192.0.2.7 198.51.100.1 4660 6667 1\r\n"),
		STR("PROXY TCP4 192.0.2.7 198.51.100.1 4660 6667 \r\n"),
		STR("PROXY TCP4  192.0.2.7 198.51.100.1 4660 6667\r\n"),
		STR("PROXY TCP4 192.0.2.7 198.51.100.1 4660 6667\n"),
		STR("PROXY TCP4 192.0.2.7 198.51.100.1 4660 6667\rX"),
		STR("PROXY TCP4 192.0.2.256 198.51.100.1 4660 6667\r\n"),
		STR("PROXY TCP4 2001:db8::7 2001:db8::1 4660 6667\r\n"),
		STR("PROXY TCP6 192.0.2.7 198.51.100.1 4660 6667\r\n"),
		STR("PROXY TCP4 192.0.2.7 host.example 4660 6667\r\n"),
		STR("PROXY TCP4 192.0.2.7 198.51.100.1 65536 6667\r\n"),
		STR("PROXY TCP4 192.0.2.7 198.51.100.1 04660 6667\r\n"),
		STR("PROXY TCP4 192.0.2.7 198.51.100.1 -1 6667\r\n"),
		STR("PROXY TCP4 192.0.2.7 198.51.100.1  6667\r\n"),
		STR("PROXYX"),
		STR("P\r"),
		STR("\n"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_bad(wrong[i]);
	assert_bad(BYTES("PROXY TCP4 192.0.2.7\0 198.51.100.1 4660 6667\r\n"));
}

/* 107 bytes with CR LF are the longest; of one more it is known before its end. */
static void the_length_of_a_line(void **state)
{
	char line[120] = "PROXY UNKNOWN ";
	struct proxy_header h;

	(void)state;
	memset(line + 14, 'x', sizeof(line) - 14);
	assert_int_equal(proxy_header_parse(&h, (struct str){line, 105}), PROXY_MORE);
	assert_bad((struct str){line, 106});
	memcpy(line + 105, "\r\n", 2);
	assert_int_equal(proxy_header_parse(&h, (struct str){line, 107}), PROXY_OK);
}

static void binary(void **state)
{
	struct proxy_header h;

	(void)state;
	assert_peer(BYTES(SIGNATURE "\x21\x11\0\x0c" IPV4), "192.0.2.7:4660");
	assert_peer(BYTES(SIGNATURE "\x21\x21\0\x24"
				    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
				    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x34\x1a\x0b"),
		    "[2001:db8::7]:4660");
	h = parse(BYTES(SIGNATURE "\x21\x11\0\x0c" IPV4));
	assert_false(h.secure);
}

static void binary_of_nobody(void **state)
{
	(void)state;
	assert_true(parse(BYTES(SIGNATURE "\x20\x00\0\0")).own);
	assert_true(parse(BYTES(SIGNATURE "\x20\x11\0\x0c" IPV4)).own);
	assert_true(parse(BYTES(SIGNATURE "\x20\x77\0\x03xyz")).own);
	assert_true(parse(BYTES(SIGNATURE "\x21\x00\0\0")).own);
	assert_true(parse(BYTES(SIGNATURE "\x21\x00\0\x05"
					  "12345"))
			    .own);
}

static void over_a_unix_socket(void **state)
{
	char bytes[16 + 216] = SIGNATURE "\x21\x31\0\xd8/a/path";

	struct proxy_header h = parse((struct str){bytes, sizeof(bytes)});

	(void)state;
	assert_true(address_is_unix(&h.peer));
}

static void bad_binary(void **state)
{
	(void)state;
	assert_bad(BYTES(SIGNATURE "\x11\x11\0\x0c" IPV4)); /* version 1 */
	assert_bad(BYTES(SIGNATURE "\x22\x11\0\x0c" IPV4)); /* no such command */
	assert_bad(BYTES(SIGNATURE "\x21\x12\0\x0c" IPV4)); /* UDP */
	assert_bad(BYTES(SIGNATURE "\x21\x41\0\x0c" IPV4)); /* no such family */
	assert_bad(BYTES(SIGNATURE "\x21\x01\0\x0c" IPV4)); /* a stream of no family */
	assert_bad(BYTES(SIGNATURE "\x21\x11\0\x0b\xc0\x00\x02\x07\xc6\x33\x64\x01\x12\x34\x1a"));
	assert_bad(BYTES(SIGNATURE "\x21\x21\0\x0c" IPV4));
	assert_bad(BYTES(SIGNATURE "\x21\x11\xff\xff"));
	assert_bad(BYTES("\r\n\r\n\0\r\nQUIX"));
}

/* What is not known is passed over, but must be well-formed. */
static void more_in_binary(void **state)
{
	struct proxy_header h;

	(void)state;
	h = parse(BYTES(SIGNATURE "\x21\x11\0\x14" IPV4 "\x01\0\x02h2\x04\0\0"));
	assert_false(h.secure);
	h = parse(BYTES(SIGNATURE "\x21\x11\0\x14" IPV4 "\x20\0\x05\x01\0\0\0\0"));
	assert_true(h.secure);
	h = parse(BYTES(SIGNATURE "\x21\x11\0\x14" IPV4 "\x20\0\x05\x06\0\0\0\0"));
	assert_false(h.secure);
	h = parse(BYTES(SIGNATURE "\x21\x11\0\x1c" IPV4 "\x20\0\x0d\x07\0\0\0\0\x21\0\x05TLSv1"));
	assert_true(h.secure);
	assert_bad(BYTES(SIGNATURE "\x21\x11\0\x0d" IPV4 "\x01"));
	assert_bad(BYTES(SIGNATURE "\x21\x11\0\x0e" IPV4 "\x01\0"));
	assert_bad(BYTES(SIGNATURE "\x21\x11\0\x0f" IPV4 "\x01\0\x01"));
	assert_bad(BYTES(SIGNATURE "\x21\x11\0\x11" IPV4 "\x01\xff\xff\x61\x61"));
	assert_bad(BYTES(SIGNATURE "\x21\x11\0\x13" IPV4 "\x20\0\x04\x01\0\0\0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(lines_of_nobody),
		cmocka_unit_test(bad_lines),
		cmocka_unit_test(the_length_of_a_line),
		cmocka_unit_test(binary),
		cmocka_unit_test(binary_of_nobody),
		cmocka_unit_test(over_a_unix_socket),
		cmocka_unit_test(bad_binary),
		cmocka_unit_test(more_in_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
