#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <unicode/utf8.h>

#include "proto/precis.h"
#include "proto/utf8.h"

enum { CODE_POINTS = 0x110000, TEXT_MAX = 128 };

static bool is_ascii_nick(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '|' ||
	       c == '-';
}

static void assert_folds(const char *text, const char *expected)
{
	char out[PRECIS_GROWTH * TEXT_MAX], again[PRECIS_GROWTH * PRECIS_GROWTH * TEXT_MAX];
	struct str folded = precis_fold(out, str_of(text));

	if (!str_eq(folded, str_of(expected)))
		fail_msg("%s gives %.*s, not %s", text, STR_ARG(folded), expected);
	assert_true(str_eq(precis_fold(again, folded), folded));
}

static void test_fold(void **state)
{
	(void)state;
	assert_folds("", "");
	assert_folds("Ann[]\\^~", "ann[]\\^~");
	assert_folds("ÄNNE", "änne");
	assert_folds("A\u0308nne", "änne");
	assert_folds("Ａｎｎ", "ann");
	assert_folds("ﾊﾟ", "パ");
	assert_folds("ＧＵＥＳＴ１２", "guest12");
	assert_folds("ЕЛЕНА", "елена");
	assert_folds("ΟΔΥΣΣΕΥΣ", "οδυσσευσ");
	assert_folds("οδυσσευς", "οδυσσευσ");
	assert_folds("Straße", "straße");
	assert_folds("STRAẞE", "straße");
	assert_folds("İ", "i\u0307");
	assert_folds("\u212a\u212b", "kå");
	assert_folds("한글", "한글");
	assert_folds("\u1112\u1161\u11ab", "한");
	/* Composed and apart are the same, though both stay apart. */
	assert_folds("\u09df", "\u09af\u09bc");
	assert_folds("\u09af\u09bc", "\u09af\u09bc");
	/* The order of marks that do not touch each other. */
	assert_folds("a\u0307\u0323", "\u1ea1\u0307");
	assert_folds("q\u0307\u0323", "q\u0323\u0307");
	assert_folds("😀☕ A", "😀☕ a");
	/* Compatibility characters are others, but for their width. */
	assert_folds("ﬁ①", "ﬁ①");
}

/* What is no UTF-8 stays where it is, and what is around it is folded. */
static void test_fold_hostile(void **state)
{
	char many[3 * 4096], out[PRECIS_GROWTH * sizeof(many)];
	struct str folded;

	(void)state;
	assert_folds("\xff", "\xff");
	assert_folds("Ä\xc3Ä", "ä\xc3ä");
	assert_folds("A\xed\xa0\x80Z", "a\xed\xa0\x80z");
	assert_folds("\xf4\x90\x80\x80", "\xf4\x90\x80\x80");
	assert_folds("\xc0\x80", "\xc0\x80");
	/* One letter under thousands of marks. */
	many[0] = 'Z';
	for (size_t i = 1; i + 1 < sizeof(many); i += 2)
		memcpy(many + i, i % 4 == 1 ? "\xcc\x81" : "\xcc\xa3", 2);
	folded = precis_fold(out, (struct str){many, sizeof(many) - 1});
	assert_true(utf8_valid(folded) && folded.n >= 1 && folded.n <= PRECIS_GROWTH * sizeof(many));
}

/*
 * Every character there is: it grows no further than said, and folding again changes nothing. Those who came after
 * Unicode 14 stay, and stand for what a later ICU will know and this one does not: U+1E4F0 is a digit of 15, U+10D50 a
 * capital of 16, U+1C89 another.
 */
static void test_fold_each(void **state)
{
	(void)state;
	for (uint32_t cp = 1; cp < CODE_POINTS; cp++) {
		char text[8], out[PRECIS_GROWTH * sizeof(text)], again[PRECIS_GROWTH * sizeof(out)];
		struct str folded;
		int n = 0;

		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		U8_APPEND_UNSAFE(text, n, cp);
		folded = precis_fold(out, (struct str){text, (size_t)n});
		assert_true(folded.n > 0 && folded.n <= PRECIS_GROWTH * (size_t)n && utf8_valid(folded));
		if (!str_eq(precis_fold(again, folded), folded))
			fail_msg("U+%04X folds again", cp);
	}
	assert_folds("\U00010d50\u1c89\U0001e4f0", "\U00010d50\u1c89\U0001e4f0");
}

/* The same for every ICU and for ever: a sum over all of Unicode 14, made once. */
static void test_fold_frozen(void **state)
{
	uint64_t sum = 14695981039346656037u;

	(void)state;
	for (uint32_t cp = 1; cp < CODE_POINTS; cp++) {
		char text[8], out[PRECIS_GROWTH * sizeof(text)];
		struct str folded;
		int n = 0;

		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		U8_APPEND_UNSAFE(text, n, cp);
		folded = precis_fold(out, (struct str){text, (size_t)n});
		for (size_t i = 0; i < folded.n; i++)
			sum = (sum ^ (unsigned char)folded.p[i]) * 1099511628211u;
	}
	if (sum != UINT64_C(0x48b28b3d539794dc))
		fail_msg("the sum is 0x%016llx", (unsigned long long)sum);
}

static void test_nick(void **state)
{
	static const struct {
		const char *nick;
		bool valid;
	} rows[] = {
		{"ann", true},
		{"änne", true},
		{"A\u0308nne", true},
		{"елена", true},
		{"Ελένη", true},
		{"佐藤_花子", true},
		{"ﾊﾅｺ", true},
		{"Ａｎｎ", true},
		{"한글", true},
		{"\u1112\u1161\u11ab", true},
		{"ক\u09df", true},
		{"প্রিয়া", true},
		{"नमस्ते", true},
		{"བསྒྲུབས", true},
		{"สวัสดี", true},
		{"Nguyễn", true},
		{"〇", true},
		{"राम३", true},
		{"\u067a\u03453", false}, /* its mark is folded to a Greek letter */
		/* No letter, mark or digit. */
		{"", false},
		{"😀", false},
		{"ann☕", false},
		{"a\u00a0b", false},
		{"a\u3000b", false},
		{"a\u200bb", false},
		{"a\u200db", false},
		{"a\u200cb", false},
		{"a\u00adb", false},
		{"a\u202eb", false},
		{"a\u2066b", false},
		{"a\ufeffb", false},
		{"a\ufe0f", false},
		{"a\u034fb", false},
		{"\u3164", false},
		{"\u115f\u1160", false},
		{"a\u00b7b", false},
		{"a\u2028b", false},
		{"a\xc2\x85" "b", false},
		{"a\ue000b", false},
		{"a\uffffb", false},
		/* Wide ones of what no nick has. */
		{"ann！", false},
		{"a＠b", false},
		{"＃a", false},
		{"a，b", false},
		{"a：b", false},
		/* Other forms of usual letters, and pieces. */
		{"ﬁn", false},
		{"①", false},
		{"𝐚nn", false},
		{"ⅷ", false},
		{"\u1112\u1161\u11ab\u1161", false},
		{"ـann", false},
		/* Later than Unicode 14, whether or not this ICU knows it. */
		{"\U00010d50", false},
		{"\U0001e4f0", false},
		{"\U0002fff0", false},
		/* What comes first. */
		{"٣ann", false},
		{"１ann", false},
		{"－ann", false},
		{"\u0301ann", false},
		{"\u0903ann", false},
		/* Marks upon marks. */
		{"a\u0323\u0331\u0302\u0306", true},
		{"q\u0323\u0331\u0302\u0306\u0301", false},
		/* Digits of two scripts. */
		{"ann1٣", false},
		{"ann٣۳", false},
		{"ann１2", true},
		/* From right to left. */
		{"שלום", true},
		{"שלום_", true},
		{"שלום__", true},
		{"_שלום", false},
		{"שלום|", false},
		{"שלום1", true},
		{"سلام٣", true},
		{"سلام۳", true},
		{"annשלום", false},
		{"ann٣", false},
		{"שלוםann", false},
		{"ann|שלום", false},
		{"\xff", false},
		{"ä\xc3", false},
		{"ä\xed\xa0\x80", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (precis_nick_valid(str_of(rows[i].nick), is_ascii_nick) != rows[i].valid)
			fail_msg("row %zu: %s is%s valid", i, rows[i].nick, rows[i].valid ? " not" : "");
}

static void test_nick_long(void **state)
{
	char nick[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(nick); i += 2)
		memcpy(nick + i, "ä", 2);
	assert_true(precis_nick_valid((struct str){nick, 256}, is_ascii_nick));
	assert_false(precis_nick_valid((struct str){nick, 258}, is_ascii_nick));
	assert_false(precis_nick_valid((struct str){nick, sizeof(nick)}, is_ascii_nick));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold),        cmocka_unit_test(test_fold_hostile),
		cmocka_unit_test(test_fold_each),   cmocka_unit_test(test_fold_frozen),
		cmocka_unit_test(test_nick),        cmocka_unit_test(test_nick_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
