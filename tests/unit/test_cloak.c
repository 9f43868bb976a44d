#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "session/cloak.h"

static struct cloak cloak_of(char fill)
{
	struct cloak c = {.on = true};

	memset(c.key, fill, sizeof(c.key));
	return c;
}

static const char *shown(const struct cloak *c, const char *address, const char *name)
{
	static char dst[4][NAME_HOST_MAX + 1];
	static int at;

	at = (at + 1) % 4;
	cloak_host(c, str_of(address), str_of(name), dst[at]);
	return dst[at];
}

static const char *part(const char *host, int nth)
{
	while (nth-- > 0)
		host = strchr(host, '.') + 1;
	return host;
}

static void same_network_same_end(void **state)
{
	struct cloak c = cloak_of(1);
	const char *a = shown(&c, "192.0.2.1", ""), *b = shown(&c, "192.0.2.2", ""), *d = shown(&c, "192.0.3.1", "");

	(void)state;
	assert_int_equal(strlen(a), 3 * 9 + 2);
	assert_string_not_equal(a, b);
	assert_string_equal(part(a, 1), part(b, 1));
	assert_string_not_equal(part(a, 1), part(d, 1));
	assert_string_equal(part(a, 2), part(d, 2));
	assert_string_equal(part(a, 3), "ip");
}

static void a_64_is_one_place(void **state)
{
	struct cloak c = cloak_of(1);
	const char *a = shown(&c, "2001:db8:1:2::1", ""), *b = shown(&c, "2001:db8:1:2:ffff::9", "");
	const char *d = shown(&c, "2001:db8:1:3::1", ""), *e = shown(&c, "2001:db8:2:3::1", "");

	(void)state;
	assert_string_equal(a, b);
	assert_string_not_equal(a, d);
	assert_string_equal(part(a, 1), part(d, 1));
	assert_string_not_equal(part(d, 1), part(e, 1));
	assert_string_equal(part(d, 2), part(e, 2));
}

static void names_keep_their_end(void **state)
{
	struct cloak c = cloak_of(1);

	(void)state;
	assert_string_equal(part(shown(&c, "192.0.2.1", "p7.pool.isp.example"), 1), "isp.example");
	assert_string_equal(part(shown(&c, "192.0.2.1", "a.b.shop.co.uk"), 1), "shop.co.uk");
	assert_string_equal(part(shown(&c, "192.0.2.1", "a.dialin.t-online.de"), 1), "t-online.de");
	assert_string_equal(part(shown(&c, "192.0.2.1", "gate"), 1), "gate");
	assert_string_not_equal(shown(&c, "192.0.2.1", "a.isp.example"), shown(&c, "192.0.2.1", "b.isp.example"));
	/* An end that leaves no room is no use. */
	assert_string_equal(part(shown(&c, "192.0.2.1",
				       "x.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example"),
				 3),
			    "ip");
}

static void keys_differ(void **state)
{
	struct cloak a = cloak_of(1), b = cloak_of(2);

	(void)state;
	assert_string_equal(shown(&a, "192.0.2.1", ""), shown(&a, "192.0.2.1", ""));
	assert_string_not_equal(shown(&a, "192.0.2.1", ""), shown(&b, "192.0.2.1", ""));
	assert_string_not_equal(part(shown(&a, "192.0.2.1", ""), 2), part(shown(&b, "192.0.2.1", ""), 2));
}

static void nothing_to_hide(void **state)
{
	struct cloak c = cloak_of(1);

	(void)state;
	assert_string_equal(shown(&c, "localhost", ""), "localhost");
	assert_string_equal(shown(&c, "127.0.0.1", ""), "127.0.0.1");
	assert_string_equal(shown(&c, "0::1", ""), "0::1");
	c.local = true;
	assert_string_equal(part(shown(&c, "127.0.0.1", ""), 3), "ip");
	assert_string_equal(shown(&c, "localhost", ""), "localhost");
	c.on = false;
	assert_string_equal(shown(&c, "192.0.2.1", ""), "192.0.2.1");
	assert_string_equal(shown(&c, "192.0.2.1", "a.example"), "a.example");
}

static void valid_hosts(void **state)
{
	(void)state;
	assert_true(cloak_host_valid(STR("staff/alice.example")));
	assert_false(cloak_host_valid(STR("")));
	assert_false(cloak_host_valid(STR("a b")));
	assert_false(cloak_host_valid(STR(":a")));
	assert_false(cloak_host_valid(STR("a@b")));
	assert_false(cloak_host_valid(STR("a*")));
	assert_false(cloak_host_valid(STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")));
}

static void key_is_kept(void **state)
{
	char dir[] = "/tmp/test-cloak-XXXXXX", path[64];
	struct cloak a = {.on = true}, b = {.on = true};
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/cloak.key", dir);
	assert_int_equal(cloak_open(&a, dir), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(cloak_open(&b, dir), 0);
	assert_memory_equal(a.key, b.key, sizeof(a.key));
	assert_int_equal(truncate(path, 5), 0);
	assert_true(cloak_open(&b, dir) < 0);
	a.secret = b.secret = (char[]){"a secret of the network"};
	assert_int_equal(cloak_open(&a, dir), 0);
	assert_int_equal(cloak_open(&b, NULL), 0);
	assert_memory_equal(a.key, b.key, sizeof(a.key));
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_network_same_end), cmocka_unit_test(a_64_is_one_place),
		cmocka_unit_test(names_keep_their_end),  cmocka_unit_test(keys_differ),
		cmocka_unit_test(nothing_to_hide),       cmocka_unit_test(valid_hosts),
		cmocka_unit_test(key_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
