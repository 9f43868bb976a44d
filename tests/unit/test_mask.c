#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/mask.h"

static void test_match(void **state)
{
	static const struct {
		struct str mask, text;
		bool match;
	} rows[] = {
		{STR(""), STR(""), true},
		{STR(""), STR("a"), false},
		{STR("a"), STR(""), false},
		{STR("*"), STR(""), true},
		{STR("**"), STR("abc"), true},
		{STR("?"), STR(""), false},
		{STR("?"), STR("a"), true},
		{STR("?"), STR("ab"), false},
		{STR("*?"), STR("a"), true},
		{STR("?*"), STR("a"), true},
		{STR("*?*?*"), STR("a"), false},
		{STR("*!*@*.example"), STR("nick!user@host.example"), true},
		{STR("*!*@*.example"), STR("nick!user@host.example.org"), false},
		{STR("NICK!*@*"), STR("nick!u@h"), true},
		{STR("a*b*c"), STR("aXbXbXc"), true},
		{STR("a*b*c"), STR("aXbXbX"), false},
		{STR("*ab"), STR("aab"), true},
		{STR("*aab"), STR("aaab"), true},
		{STR("*a?b"), STR("aaxab"), false},
		{STR("*a?b"), STR("abaxb"), true},
		{STR("a*"), STR("a"), true},
		{STR("*a"), STR("ba"), true},
		{STR("*a"), STR("ab"), false},
		{STR("\\*"), STR("\\x"), true},
		{STR("a\0*"), STR("a\0b"), true},
		{STR("caf?"), STR("caf\xc3\xa9"), true},
		{STR("caf??"), STR("caf\xc3\xa9"), false},
		{STR("*?z"), STR("\xf0\x9f\x98\x80z"), true},
		{STR("??z"), STR("\xf0\x9f\x98\x80z"), false},
		{STR("?"), STR("\xff"), true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(mask_match(CASEMAP_ASCII, rows[i].mask, rows[i].text), rows[i].match);
	assert_false(mask_match(CASEMAP_ASCII, STR("a[*"), STR("a{b")));
	assert_true(mask_match(CASEMAP_RFC1459, STR("a[*"), STR("a{b")));
}

static bool match_naive(struct str mask, struct str text)
{
	if (mask.n == 0)
		return text.n == 0;
	if (mask.p[0] == '*' && match_naive((struct str){mask.p + 1, mask.n - 1}, text))
		return true;
	if (text.n == 0)
		return false;
	if (mask.p[0] == '*')
		return match_naive(mask, (struct str){text.p + 1, text.n - 1});
	return (mask.p[0] == '?' || mask.p[0] == text.p[0]) &&
	       match_naive((struct str){mask.p + 1, mask.n - 1}, (struct str){text.p + 1, text.n - 1});
}

/* The number n written with the letters, least digit first. */
static size_t spell(char *dst, unsigned int n, const char *letters, unsigned int base)
{
	size_t len = 0;

	for (; n; n /= base)
		dst[len++] = letters[n % base];
	return len;
}

/* All short masks against all short texts. */
static void test_match_like_the_naive_one(void **state)
{
	char mask[8], text[8];

	(void)state;
	for (unsigned int m = 0; m < 4 * 4 * 4 * 4 * 4; m++) {
		for (unsigned int t = 0; t < 2 * 2 * 2 * 2 * 2 * 2; t++) {
			struct str ms = {mask, spell(mask, m, "ab*?", 4)};
			struct str ts = {text, spell(text, t, "ab", 2)};

			assert_int_equal(mask_match(CASEMAP_ASCII, ms, ts), match_naive(ms, ts));
		}
	}
}

/* Quadratic is some hundred million steps here; anything worse would take longer than the sun has. */
static void test_worst_case_time(void **state)
{
	static char mask[2001], text[60000];

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		mask[i] = i % 2 ? 'a' : '*';
	mask[2000] = 'b';
	memset(text, 'a', sizeof(text));
	assert_false(mask_match(CASEMAP_ASCII, (struct str){mask, 2001}, (struct str){text, sizeof(text)}));
	assert_false(mask_match(CASEMAP_ASCII, STR("*a*a*a*a*b"), (struct str){text, sizeof(text)}));
	memset(mask + 1, 'a', 1999);
	assert_false(mask_match(CASEMAP_ASCII, (struct str){mask, 2001}, (struct str){text, sizeof(text)}));
}

static void check_normalise(struct str mask, struct str want)
{
	char memory[128], again[128];
	struct buf b, c;

	buf_init(&b, memory, sizeof(memory));
	mask_normalise(&b, mask);
	assert_true(str_eq(buf_view(&b), want));
	assert_false(b.full);
	buf_init(&c, again, sizeof(again));
	mask_normalise(&c, buf_view(&b));
	assert_true(str_eq(buf_view(&c), want));
}

static void test_normalise(void **state)
{
	static const struct {
		struct str mask, want;
	} rows[] = {
		{STR("nick"), STR("nick!*@*")},
		{STR("user@host"), STR("*!user@host")},
		{STR("*.example"), STR("*!*@*.example")},
		{STR("::1"), STR("*!*@::1")},
		{STR("10.0.0.*"), STR("*!*@10.0.0.*")},
		{STR("nick!user@host"), STR("nick!user@host")},
		{STR("nick!user"), STR("nick!user@*")},
		{STR("nick!"), STR("nick!*@*")},
		{STR("nick!@"), STR("nick!*@*")},
		{STR("!user@"), STR("*!user@*")},
		{STR("@host"), STR("*!*@host")},
		{STR("@"), STR("")},
		{STR("!"), STR("")},
		{STR("*"), STR("*!*@*")},
		{STR("***!***@***"), STR("*!*@*")},
		{STR("a**b***c"), STR("a*b*c!*@*")},
		{STR("a*?*b"), STR("a*?*b!*@*")},
		{STR("a!b!c@d@e"), STR("a!bc@de")},
		{STR("a b\x1b\x7f"
		     "c"),
		 STR("abc!*@*")},
		{STR(":a!b@c"), STR("a!b@c")},
		{STR("*\x01*"), STR("*!*@*")},
		{STR(""), STR("")},
		/* Rubbish does not become a ban on everybody. */
		{STR("\x01"), STR("")},
		{STR(" "), STR("")},
		{STR("a!\x02@c"), STR("")},
		{STR("a!b@ "), STR("")},
		{STR("caf\xc3\xa9!*@*"), STR("caf\xc3\xa9!*@*")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_normalise(rows[i].mask, rows[i].want);
}

static void test_normalise_cuts(void **state)
{
	char x[512];

	(void)state;
	memset(x, 'x', sizeof(x));
	x[100] = '!';
	x[200] = '@';
	check_normalise((struct str){x, sizeof(x)},
			STR("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx!xxxxxxxxxxxxxxxx@"
			    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
	/* A run of stars counts once, and a character is not cut in two. */
	check_normalise(STR("*****************************************abc"), STR("*abc!*@*"));
	check_normalise(STR("012345678901234567890123456\xf0\x9f\x98\x80"), STR("012345678901234567890123456!*@*"));
	check_normalise(STR("01234567890123456789012345\xf0\x9f\x98\x80z"),
			STR("01234567890123456789012345\xf0\x9f\x98\x80!*@*"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),           cmocka_unit_test(test_match_like_the_naive_one),
		cmocka_unit_test(test_worst_case_time), cmocka_unit_test(test_normalise),
		cmocka_unit_test(test_normalise_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
