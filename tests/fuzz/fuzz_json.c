/* JSON that others wrote, beside what SQLite makes of it: what we take it takes too, and it reads the same in it. */

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "proto/json_read.h"
#include "proto/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 20000 };

/* Of what we have as a string, SQLite has the same bytes. */
static void check_member(sqlite3_stmt *each, struct str object)
{
	const char *name = (const char *)sqlite3_column_text(each, 0);
	const char *text = (const char *)sqlite3_column_text(each, 1);
	char memory[INPUT_MAX + 1];
	struct json_value v;
	int64_t n;

	CHECK(json_member(object, name, &v));
	CHECK(v.text.p >= object.p && v.text.p + v.text.n <= object.p + object.n);
	(void)json_names(&v, "x");
	if (json_string(&v, memory, sizeof(memory))) {
		CHECK(utf8_valid(str_of(memory)));
		CHECK(strcmp(memory, text) == 0);
		CHECK(json_names(&v, memory) || strlen(memory) > 500);
	}
	/* It rounds a fraction, which we cut off. */
	if (json_integer(&v, &n) && sqlite3_column_type(each, 1) == SQLITE_INTEGER)
		CHECK(n == sqlite3_column_int64(each, 1));
	if (json_true(&v))
		CHECK(sqlite3_column_int(each, 1) == 1);
}

static void ask(sqlite3 *db, const char *query, struct str text, void (*hear)(sqlite3_stmt *s, struct str object))
{
	sqlite3_stmt *s;

	CHECK(sqlite3_prepare_v2(db, query, -1, &s, NULL) == SQLITE_OK);
	CHECK(sqlite3_bind_text(s, 1, text.p, (int)text.n, SQLITE_STATIC) == SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW)
		hear(s, text);
	CHECK(sqlite3_finalize(s) == SQLITE_OK);
}

static void check_valid(sqlite3_stmt *s, struct str object)
{
	(void)object;
	CHECK(sqlite3_column_int(s, 0) == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	char memory[INPUT_MAX * 6 + 16];
	struct json_value v;
	struct buf b;
	sqlite3 *db;

	if (!size || size > INPUT_MAX)
		return 0;
	if (json_object_valid(text)) {
		CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
		ask(db, "SELECT json_valid(?1)", text, check_valid);
		ask(db, "SELECT key, atom FROM json_each(?1)", text, check_member);
		sqlite3_close(db);
	}
	/* Whatever is written can be read. */
	buf_init(&b, memory, sizeof(memory));
	buf_cstr(&b, "{\"a\":");
	json_put(&b, text);
	buf_chr(&b, '}');
	CHECK(!b.full);
	CHECK(json_object_valid(buf_view(&b)) == utf8_valid(text));
	if (utf8_valid(text))
		CHECK(json_member(buf_view(&b), "a", &v) && v.kind == JSON_STRING);
	return 0;
}
