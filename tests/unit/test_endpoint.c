#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/listener.h"

static void assert_doors(const char *text, unsigned doors)
{
	struct endpoint e;
	char why[256] = "";
	assert_int_equal(endpoint_parse(&e, text, why, sizeof(why)), 0);
	assert_int_equal(e.doors, doors);
}

static void assert_good(const char *text, const char *address, bool dual)
{
	struct endpoint e;
	char why[256] = "", got[ADDRESS_TEXT_MAX];
	int error = endpoint_parse(&e, text, why, sizeof(why));
	assert_string_equal(why, "");
	assert_int_equal(error, 0);
	address_format(&e.address, got);
	assert_string_equal(got, address);
	assert_int_equal(e.dual, dual);
}

static void assert_bad(const char *text, const char *sentence)
{
	struct endpoint e;
	char why[256] = "";
	assert_int_equal(endpoint_parse(&e, text, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, sentence);
}

static void test_addresses(void **state)
{
	(void)state;
	assert_good("127.0.0.1:6667", "127.0.0.1:6667", false);
	assert_good("0.0.0.0:1", "0.0.0.0:1", false);
	assert_good("[::1]:6667", "[::1]:6667", false);
	assert_good("[::]:6667", "[::]:6667", false);
	assert_good("*:6667", "[::]:6667", true);
	assert_good(":6667", "[::]:6667", true);
	assert_good("6667", "[::]:6667", true);
	assert_good("65535", "[::]:65535", true);
	assert_good("/run/chatd/sock", "unix:/run/chatd/sock", false);
	assert_good("/run/a://b", "unix:/run/a://b", false);
}

static void test_doors(void **state)
{
	(void)state;
	assert_good("irc://127.0.0.1:6667", "127.0.0.1:6667", false);
	assert_good("IRC://*:6667", "[::]:6667", true);
	assert_good("irc:///run/sock", "unix:/run/sock", false);
	assert_good("127.0.0.1:6667?accept=irc", "127.0.0.1:6667", false);
	assert_good("/run/sock?accept=irc", "unix:/run/sock", false);
	assert_good("6667?", "[::]:6667", true);
}

/* The port that everybody knows is for people without a client too, where nothing is said of doors. */
static void test_which_doors(void **state)
{
	(void)state;
	assert_doors("127.0.0.1:6667", DOOR_IRC | DOOR_LINE);
	assert_doors("irc://[::1]:6667", DOOR_IRC | DOOR_LINE);
	assert_doors("6667?", DOOR_IRC | DOOR_LINE);
	assert_doors("127.0.0.1:6667?proxy", DOOR_IRC | DOOR_LINE | DOOR_PROXY);
	assert_doors("127.0.0.1:6667?accept=irc", DOOR_IRC);
	assert_doors("irc://127.0.0.1:6667?accept=irc", DOOR_IRC);
	assert_doors("127.0.0.1:6668", DOOR_IRC);
	assert_doors("127.0.0.1:6668?accept=irc,line", DOOR_IRC | DOOR_LINE);
	assert_doors("127.0.0.1:23?accept=line", DOOR_LINE);
	assert_doors("ircs://127.0.0.1:6667", DOOR_TLS);
	assert_doors("/run/sock", DOOR_IRC);
	assert_doors("/run/sock?accept=irc&proxy", DOOR_IRC | DOOR_PROXY);
}

static void test_names_of_sockets(void **state)
{
	unsigned doors = DOOR_LINE;
	(void)state;
	assert_false(doors_parse(&doors, ""));
	assert_false(doors_parse(&doors, "chatd.socket"));
	assert_false(doors_parse(&doors, "irc,tls,other"));
	assert_int_equal(doors, DOOR_LINE);
	assert_true(doors_parse(&doors, "irc"));
	assert_int_equal(doors, DOOR_IRC);
	assert_true(doors_parse(&doors, "irc,tls"));
	assert_int_equal(doors, DOOR_IRC | DOOR_TLS);
}

static void test_sentences(void **state)
{
	(void)state;
	assert_bad("127.0.0.1:70000", "port 70000 is not 1..65535");
	assert_bad("127.0.0.1:0", "port 0 is not 1..65535");
	assert_bad("0", "port 0 is not 1..65535");
	assert_bad("127.0.0.1:", "no port in \"127.0.0.1:\"; write HOST:PORT or /path/of/socket");
	assert_bad(":", "no port in \":\"; write HOST:PORT or /path/of/socket");
	assert_bad("127.0.0.1:6667x", "port 6667x is not 1..65535");
	assert_bad("99999999999999999999999", "port 99999999999999999999999 is not 1..65535");
	assert_bad("foo://127.0.0.1:1", "unknown scheme foo://; known are irc, ircs, ws, wss");
	assert_bad("127.0.0.1", "no port in \"127.0.0.1\"; write HOST:PORT or /path/of/socket");
	assert_bad("[::1]", "no port in \"[::1]\"; write HOST:PORT or /path/of/socket");
	assert_bad("run/sock", "no port in \"run/sock\"; write HOST:PORT or /path/of/socket");
	assert_bad("::1:6667", "an IPv6 address needs brackets: [::1]:6667");
	assert_bad("localhost:6667", "\"localhost\" is not a numeric address");
	assert_bad("[*]:6667", "\"[*]\" is not a numeric address");
	assert_bad("[]:6667", "\"[]\" is not a numeric address");
	assert_bad("", "no address in \"\"");
	assert_bad("irc://", "no address in \"irc://\"");
	assert_bad("irc://?accept=irc", "no address in \"irc://?accept=irc\"");
	assert_bad("1?accept=irc,gopher", "unknown door \"gopher\"; known are irc, line, tls, websocket, proxy");
	assert_bad("1?accept=irc,,line", "unknown door \"\"; known are irc, line, tls, websocket, proxy");
	assert_bad("1?verbose", "unknown option \"verbose\"; known are accept=DOORS and proxy");
}

static void test_long_texts_fit_the_sentence(void **state)
{
	struct endpoint e;
	char text[5000], why[40];
	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memcpy(text + sizeof(text) - 3, ":1", 2);
	assert_int_equal(endpoint_parse(&e, text, why, sizeof(why)), -EINVAL);
	assert_int_equal(strnlen(why, sizeof(why)), sizeof(why) - 1);
	text[0] = '/';
	assert_int_equal(endpoint_parse(&e, text, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "the path of the socket is too long");
	text[115] = '\0';
	assert_int_equal(endpoint_parse(&e, text, why, sizeof(why)), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),   cmocka_unit_test(test_doors),
		cmocka_unit_test(test_which_doors), cmocka_unit_test(test_names_of_sockets),
		cmocka_unit_test(test_sentences),   cmocka_unit_test(test_long_texts_fit_the_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
