#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view of bytes that somebody else owns. Not NUL-terminated; may hold any byte. */
struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})

/* For "%.*s". */
#define STR_ARG(s) (int)(s).n, (s).n ? (s).p : ""

/* The view of a C string; NULL gives the empty view. */
static inline struct str str_of(const char *s)
{
	return (struct str){s, s ? strlen(s) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Equal when ASCII letters are taken without their case. */
bool str_eq_nocase(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);

/*
 * Takes the part of *rest before the first sep off its front into *part, and the separator with it.
 * False when *rest is used up; an empty part between two separators is a part.
 */
bool str_split(struct str *rest, char sep, struct str *part);

/* Without the bytes of set at both ends. */
struct str str_trim(struct str s, const char *set);

/* Reads a whole string of decimal digits. False when it holds anything else or exceeds max. */
bool str_u64(struct str s, unsigned long long max, unsigned long long *out);

/*
 * Decodes the code point at the front of s (RFC 3629: no surrogate, nothing overlong, nothing past U+10FFFF).
 * Returns how many bytes it has; 0 when s is empty or its front is not well-formed.
 */
size_t str_code_point(struct str s, uint32_t *cp);

/* Each byte as two lower-case hexadecimal digits, and a NUL: 2 n + 1 bytes. */
void str_hex(char *dst, const unsigned char *bytes, size_t n);
