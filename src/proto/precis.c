#include "proto/precis.h"

#include <stdint.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include "base/buf.h"

enum {
	UNICODE_FROZEN = 14,
	CLUSTER_UNITS = 48, /* in UTF-16; a character with more marks than fit is taken in parts */
	CLUSTER_ROOM = 4 * CLUSTER_UNITS,
	NICK_BYTES_MAX = 256,
	CAPITAL_I_WITH_DOT = 0x130,
	LIGATURE_LONG_ST = 0xfb05,
	LIGATURE_ST = 0xfb06,
	GREEK_WITH_MARKS = 0x1f80,
	GREEK_WITH_MARKS_END = 0x1fff,
	MARKS_MAX = 4, /* behind each other: Unicode Technical Standard 39, 5.4 */
};

/* A character and what combines with it. */
struct cluster {
	UChar units[CLUSTER_UNITS];
	int32_t n;
	struct str bytes; /* that it was read from */
};

struct folder {
	const UNormalizer2 *nfc, *nfd;
	bool case_too;
	char *at;
};

/* One that is not is left as it is, whether or not this ICU knows it. */
static bool is_frozen(UChar32 c)
{
	UVersionInfo age;

	u_charAge(c, age);
	return age[0] > 0 && age[0] <= UNICODE_FROZEN;
}

/*
 * As ICU has it, and as Unicode 15.1 does, whose only new foldings of old characters are this one and two of Greek ones,
 * which are taken apart before they are folded.
 */
static UChar32 fold_case(UChar32 c)
{
	return c == LIGATURE_LONG_ST ? LIGATURE_ST : u_foldCase(c, U_FOLD_CASE_DEFAULT);
}

/* RFC 8265, 3.3: by their decomposition. All of them are here. */
static UChar32 width_mapped(UChar32 c)
{
	UErrorCode err = U_ZERO_ERROR;
	const UNormalizer2 *nfkc;
	UChar to[4];
	int32_t n, at = 0;

	if (c == 0x3000)
		return ' ';
	if (c < 0xff01 || c > 0xffee)
		return c;
	nfkc = unorm2_getNFKCInstance(&err);
	n = U_SUCCESS(err) ? unorm2_getRawDecomposition(nfkc, c, to, 4, &err) : 0;
	if (U_FAILURE(err) || n < 1)
		return c;
	U16_NEXT(to, at, n, c);
	return c;
}

/* In UTF-16. False: it does not fit, or ICU has a trouble of its own. */
static bool normalise(const struct folder *f, const struct cluster *c, UChar out[CLUSTER_ROOM], int32_t *n)
{
	UErrorCode err = U_ZERO_ERROR;
	BUF_MEMORY UChar apart[CLUSTER_ROOM], folded[CLUSTER_ROOM];
	int32_t nfolded = 0, at = 0;
	int32_t napart = unorm2_normalize(f->nfd, c->units, c->n, apart, CLUSTER_ROOM, &err);
	UBool over = false;

	while (U_SUCCESS(err) && at < napart && !over) {
		UChar32 cp;

		U16_NEXT(apart, at, napart, cp);
		if (f->case_too)
			cp = fold_case(cp);
		U16_APPEND(folded, nfolded, CLUSTER_ROOM, cp, over);
	}
	*n = unorm2_normalize(f->nfc, folded, nfolded, out, CLUSTER_ROOM, &err);
	return U_SUCCESS(err) && !over;
}

static void put_bytes(struct folder *f, struct str bytes)
{
	if (bytes.n)
		memcpy(f->at, bytes.p, bytes.n);
	f->at += bytes.n;
}

static bool is_composed(UChar32 c)
{
	return u_getIntPropertyValue(c, UCHAR_NFC_QUICK_CHECK) == UNORM_YES;
}

/*
 * Most characters stand alone, and are folded in one step: taking them apart and putting them together again changes
 * nothing. Those excepted are the Greek ones with a mark that is folded to a letter, and the capital I with a dot, whose
 * parts are folded while it is not. False: it needs the long way.
 */
static bool put_alone(struct folder *f, const struct cluster *c)
{
	UChar32 cp, folded;
	int32_t at = 0, written = 0;

	U16_NEXT(c->units, at, c->n, cp);
	folded = f->case_too ? fold_case(cp) : cp;
	if (at < c->n || cp == CAPITAL_I_WITH_DOT || (cp >= GREEK_WITH_MARKS && cp <= GREEK_WITH_MARKS_END) ||
	    !is_composed(cp) || !is_composed(folded))
		return false;
	U8_APPEND_UNSAFE((uint8_t *)f->at, written, folded);
	f->at += written;
	return true;
}

static void put_cluster(struct folder *f, struct cluster *c)
{
	BUF_MEMORY UChar out[CLUSTER_ROOM];
	int32_t n = 0, at = 0, written = 0, room = (int32_t)(PRECIS_GROWTH * c->bytes.n);
	UBool over = false;

	if (c->bytes.n && !put_alone(f, c) && !normalise(f, c, out, &n)) {
		put_bytes(f, c->bytes);
		n = 0;
	}
	while (at < n && !over) {
		UChar32 cp;

		U16_NEXT(out, at, n, cp);
		U8_APPEND((uint8_t *)f->at, written, room, cp, over);
	}
	f->at += written;
	c->n = 0;
	c->bytes = STR_NONE;
}

static void add_to_cluster(struct cluster *c, UChar32 cp, struct str bytes)
{
	UBool over = false;

	U16_APPEND(c->units, c->n, CLUSTER_UNITS, cp, over);
	c->bytes = c->bytes.n ? (struct str){c->bytes.p, c->bytes.n + bytes.n} : bytes;
	(void)over;
}

static char lower(const struct folder *f, char c)
{
	return f->case_too && c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool folder_init(struct folder *f, bool case_too, char *dst)
{
	UErrorCode err = U_ZERO_ERROR;

	*f = (struct folder){unorm2_getNFCInstance(&err), unorm2_getNFDInstance(&err), case_too, dst};
	return U_SUCCESS(err);
}

/* The data of ICU is a part of the library, so not even a want of memory makes it fail. */
static struct str prepare(char *dst, struct str src, bool case_too)
{
	struct cluster c = {.n = 0};
	struct folder f;
	bool usable = folder_init(&f, case_too, dst);

	while (src.n) {
		uint32_t code = 0;
		size_t n = str_code_point(src, &code);
		UChar32 cp = (UChar32)code;
		struct str bytes = {src.p, n ? n : 1};

		if (n)
			cp = width_mapped(cp);
		if (!n || !usable || !is_frozen(cp)) {
			put_cluster(&f, &c);
			put_bytes(&f, bytes);
		} else if (cp < 0x80 && (src.n == 1 || (unsigned char)src.p[1] < 0x80) && n == 1) {
			put_cluster(&f, &c);
			*f.at++ = lower(&f, (char)cp);
		} else {
			if (c.n > CLUSTER_UNITS - 2 || unorm2_hasBoundaryBefore(f.nfc, cp))
				put_cluster(&f, &c);
			add_to_cluster(&c, cp, bytes);
		}
		src.p += bytes.n;
		src.n -= bytes.n;
	}
	put_cluster(&f, &c);
	return (struct str){dst, (size_t)(f.at - dst)};
}

struct str precis_fold(char *dst, struct str src)
{
	return prepare(dst, src, true);
}

struct str precis_prepare(char *dst, struct str src)
{
	return prepare(dst, src, false);
}

static bool is_one_of(UChar32 c, const UChar32 *set, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (set[i] == c)
			return true;
	return false;
}

static bool is_mark(UChar32 c)
{
	return U_GET_GC_MASK(c) & (U_GC_MN_MASK | U_GC_MC_MASK);
}

/* RFC 5892, 2.9: Hangul in pieces, of which NFC has left what makes no syllable. */
static bool is_jamo(UChar32 c)
{
	int32_t type = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);

	return type == U_HST_LEADING_JAMO || type == U_HST_VOWEL_JAMO || type == U_HST_TRAILING_JAMO;
}

/* RFC 8264, 4.2 and 9.6 (RFC 5892, 2.6): without what needs its surroundings to be right. */
static bool is_identifier(UChar32 c)
{
	static const UChar32 allowed[] = {0x6fd, 0x6fe, 0xf0b, 0x3007};
	/* The first is a mark that becomes a letter when it is folded. */
	static const UChar32 refused[] = {0x345, 0x640, 0x7fa, 0x302e, 0x302f, 0x3031, 0x3032, 0x3033, 0x3034, 0x3035, 0x303b};
	const uint32_t usual = U_GC_LL_MASK | U_GC_LU_MASK | U_GC_LO_MASK | U_GC_LM_MASK | U_GC_ND_MASK | U_GC_MN_MASK |
			       U_GC_MC_MASK;

	if (is_one_of(c, allowed, sizeof(allowed) / sizeof(allowed[0])))
		return true;
	if (!is_frozen(c) || is_one_of(c, refused, sizeof(refused) / sizeof(refused[0])) || is_jamo(c))
		return false;
	if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
		return false;
	return (U_GET_GC_MASK(c) & usual) && u_getIntPropertyValue(c, UCHAR_NFKC_QUICK_CHECK) != UNORM_NO;
}

#define DIR(d) (1u << (d))
enum {
	DIR_RTL = DIR(U_RIGHT_TO_LEFT) | DIR(U_RIGHT_TO_LEFT_ARABIC),
	DIR_ANY = DIR(U_EUROPEAN_NUMBER) | DIR(U_EUROPEAN_NUMBER_SEPARATOR) | DIR(U_COMMON_NUMBER_SEPARATOR) |
		  DIR(U_EUROPEAN_NUMBER_TERMINATOR) | DIR(U_OTHER_NEUTRAL) | DIR(U_BOUNDARY_NEUTRAL) |
		  DIR(U_DIR_NON_SPACING_MARK),
	DIR_IN_LTR = DIR_ANY | DIR(U_LEFT_TO_RIGHT),
	DIR_IN_RTL = DIR_ANY | DIR_RTL | DIR(U_ARABIC_NUMBER),
	DIR_LTR_END = DIR(U_LEFT_TO_RIGHT) | DIR(U_EUROPEAN_NUMBER),
	DIR_RTL_END = DIR_RTL | DIR(U_EUROPEAN_NUMBER) | DIR(U_ARABIC_NUMBER),
	DIR_NUMBERS = DIR(U_EUROPEAN_NUMBER) | DIR(U_ARABIC_NUMBER),
};

/* What has been seen of a nick. */
struct look {
	unsigned first, last, all; /* DIR(): of the first, of the last that is no mark and no '_', of all together */
	unsigned marks;            /* in a row, up to here */
	UChar32 zero;              /* of the script that its digits are of; 0: it has had none */
};

/* RFC 5893, 2; the conditions hold where there is something from right to left. */
static bool bidi_holds(const struct look *l)
{
	if (!(l->all & (DIR_RTL | DIR(U_ARABIC_NUMBER))))
		return true;
	if (l->first & DIR(U_LEFT_TO_RIGHT))
		return !(l->all & ~(unsigned)DIR_IN_LTR) && (l->last & DIR_LTR_END);
	if (!(l->first & DIR_RTL) || (l->all & DIR_NUMBERS) == DIR_NUMBERS)
		return false;
	return !(l->all & ~(unsigned)DIR_IN_RTL) && (l->last & DIR_RTL_END);
}

/* Neither a digit nor a hyphen comes first, as in ASCII. */
static bool look_at_digit(struct look *l, UChar32 c)
{
	int32_t value = u_charDigitValue(c);
	UChar32 zero = c - value;

	if (!l->all && c == '-')
		return false;
	if (value < 0 || u_charType(c) != U_DECIMAL_DIGIT_NUMBER)
		return true;
	if (!l->all || (l->zero && l->zero != zero))
		return false;
	l->zero = zero;
	return true;
}

static bool look_at(struct look *l, UChar32 c)
{
	unsigned dir = DIR(u_charDirection(c));

	l->marks = is_mark(c) ? l->marks + 1 : 0;
	if (l->marks > MARKS_MAX || (l->marks && !l->all) || !look_at_digit(l, c))
		return false;
	if (!l->all)
		l->first = dir;
	l->all |= dir;
	if (c != '_' && dir != DIR(U_DIR_NON_SPACING_MARK))
		l->last = dir;
	return true;
}

bool precis_nick_valid(struct str nick, bool (*is_ascii)(char c))
{
	char memory[PRECIS_GROWTH * NICK_BYTES_MAX];
	struct look look = {0};
	struct str rest;

	if (nick.n > NICK_BYTES_MAX)
		return false;
	rest = prepare(memory, nick, false);
	while (rest.n) {
		uint32_t cp = 0;
		size_t n = str_code_point(rest, &cp);

		if (n == 0 || !(cp < 0x80 ? is_ascii((char)cp) : is_identifier((UChar32)cp)))
			return false;
		if (!look_at(&look, (UChar32)cp))
			return false;
		rest.p += n;
		rest.n -= n;
	}
	return look.all && bidi_holds(&look);
}
