#include "command/skeleton.h"

#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include "base/buf.h"
#include "base/mem.h"
#include "proto/precis.h"

enum {
	NAME_UNITS = PRECIS_GROWTH * SKELETON_NAME_MAX,
	APART_UNITS = 4 * NAME_UNITS,
	LOOKS_UNITS = 32,
	LOOKS_MAX = 3 * LOOKS_UNITS,
	JOINED_MAX = SKELETON_MAX / PRECIS_GROWTH,
};

struct skeletons {
	USpoofChecker *checker;
	const UNormalizer2 *nfd;
};

struct skeletons *skeletons_new(void)
{
	UErrorCode err = U_ZERO_ERROR;
	struct skeletons *k = mem_alloc(sizeof(*k));

	k->checker = uspoof_open(&err);
	k->nfd = unorm2_getNFDInstance(&err);
	if (U_SUCCESS(err))
		return k;
	skeletons_free(k);
	return NULL;
}

void skeletons_free(struct skeletons *k)
{
	if (!k)
		return;
	uspoof_close(k->checker);
	mem_free(k);
}

/* What looks like what an ASCII character is replaced by looks like that one, which is left as it is. */
static struct str as_ascii(struct str looks)
{
	if (str_eq(looks, STR("rn")))
		return STR("m");
	return str_eq(looks, STR("'")) ? STR("`") : looks;
}

static bool add(struct buf *out, const struct skeletons *k, UChar32 c)
{
	UErrorCode err = U_ZERO_ERROR;
	UChar units[U16_MAX_LENGTH], looks[LOOKS_UNITS];
	char bytes[LOOKS_MAX];
	int32_t n = 0, nlooks, nbytes = 0;

	if (c < 0x80) {
		buf_chr(out, (char)c);
		return !out->full;
	}
	U16_APPEND_UNSAFE(units, n, c);
	nlooks = uspoof_getSkeleton(k->checker, 0, units, n, looks, LOOKS_UNITS, &err);
	(void)u_strToUTF8(bytes, LOOKS_MAX, &nbytes, looks, nlooks, &err);
	if (U_SUCCESS(err))
		buf_str(out, as_ascii((struct str){bytes, (size_t)nbytes}));
	return U_SUCCESS(err) && !out->full;
}

/* Letter by letter, each without its marks: those of ASCII stay. */
static bool join(struct buf *out, const struct skeletons *k, struct str name)
{
	UErrorCode err = U_ZERO_ERROR;
	BUF_MEMORY char memory[PRECIS_GROWTH * SKELETON_NAME_MAX];
	struct str prepared = precis_prepare(memory, name);
	BUF_MEMORY UChar units[NAME_UNITS], apart[APART_UNITS];
	int32_t n = 0, at = 0;
	bool fits = true;

	(void)u_strFromUTF8(units, NAME_UNITS, &n, prepared.p, (int32_t)prepared.n, &err);
	n = unorm2_normalize(k->nfd, units, n, apart, APART_UNITS, &err);
	while (U_SUCCESS(err) && fits && at < n) {
		UChar32 c;

		U16_NEXT(apart, at, n, c);
		fits = add(out, k, c);
	}
	return U_SUCCESS(err) && fits;
}

/* The capital letters first: it is they, and not the small ones, that look like others. */
struct str skeleton_of(const struct skeletons *k, char dst[SKELETON_MAX], struct str name)
{
	BUF_MEMORY char joined[JOINED_MAX];
	struct buf b;

	buf_init(&b, joined, sizeof(joined));
	if (name.n > SKELETON_NAME_MAX)
		return STR_NONE;
	return precis_fold(dst, k && join(&b, k, name) ? buf_view(&b) : name);
}
