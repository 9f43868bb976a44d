#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Reads JSON that others wrote (RFC 8259): small objects, looked at in place. Strict: what is not whole, is nested too
 * deep, or names a member twice, is none.
 */
enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
	enum json_kind kind;
	struct str text; /* as it stands there; of a string: without its quotes */
};

/* The text is one object and nothing else. */
bool json_object_valid(struct str text);

/* Of an object that is valid. False: it has no such member. */
bool json_member(struct str object, const char *name, struct json_value *out);

/* The bytes of a string, with a NUL. False: it is none, holds a NUL itself, is not UTF-8, or does not fit. */
bool json_string(const struct json_value *v, char *dst, size_t size);
/* A number without its fraction. False: it is none, has an exponent, or is too large. */
bool json_integer(const struct json_value *v, int64_t *out);
bool json_true(const struct json_value *v);

/* The nth of an array. False: it is none, or has no such one. */
bool json_nth(const struct json_value *v, size_t nth, struct json_value *out);

/* It is that string, or an array that holds it. */
bool json_names(const struct json_value *v, const char *wanted);

/* Appends the text as a string in quotes. */
void json_put(struct buf *out, struct str text);
