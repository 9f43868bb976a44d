#include "command/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/credential.h"
#include "command/secret.h"
#include "proto/base32.h"

enum { RANDOM_SIZE = CODE_SIZE * 5 / 8, HASH_TEXT = 2 * CREDENTIAL_KEY_SIZE, START_MAX = 32 };

void code_make(char code[CODE_SIZE + 1])
{
	unsigned char random[RANDOM_SIZE];
	struct buf b;

	arc4random_buf(random, sizeof(random));
	buf_init(&b, code, CODE_SIZE);
	base32_encode(&b, (struct str){(const char *)random, sizeof(random)});
	code[CODE_SIZE] = '\0';
	explicit_bzero(random, sizeof(random));
}

/* Of a code as people type it: letters of either case. */
static bool hash_of(char hash[HASH_TEXT + 1], const char *code)
{
	unsigned char bytes[CREDENTIAL_KEY_SIZE];
	char capitals[CODE_SIZE + 1];
	size_t n = strlen(code);

	if (n != CODE_SIZE)
		return false;
	for (size_t i = 0; i <= n; i++)
		capitals[i] = (char)(code[i] >= 'a' && code[i] <= 'z' ? code[i] - 'a' + 'A' : code[i]);
	if (!credential_hash(bytes, str_of(capitals)))
		return false;
	str_hex(hash, bytes, sizeof(bytes));
	explicit_bzero(capitals, sizeof(capitals));
	return true;
}

static struct str start_of(char start[START_MAX], const char *purpose)
{
	int n = snprintf(start, START_MAX, "%s ", purpose);

	return (struct str){start, (size_t)n};
}

void code_drop(struct account_edit *e, const char *purpose)
{
	char start[START_MAX];

	account_edit_drop(e, ACCOUNT_CODE, start_of(start, purpose));
}

bool code_put(struct account_edit *e, const struct code_wanted *w, char memory[CODE_ITEM_MAX])
{
	char hash[HASH_TEXT + 1];
	int n;

	code_drop(e, w->purpose);
	if (!hash_of(hash, w->code))
		return false;
	n = snprintf(memory, CODE_ITEM_MAX, "%s %s%s%s", w->purpose, hash, *w->more ? " " : "", w->more);
	return n > 0 && n < CODE_ITEM_MAX && account_edit_add(e, ACCOUNT_CODE, str_of(memory), w->until);
}

/* What stands behind the purpose; NULL: another. */
static const char *of_purpose(const struct account_kept *item, const char *purpose)
{
	char start[START_MAX];
	struct str wanted = start_of(start, purpose);

	return item->kind == ACCOUNT_CODE && str_starts(str_of(item->text), wanted) ? item->text + wanted.n : NULL;
}

const char *code_find(const struct account *a, const char *purpose, const char *code, int64_t now)
{
	char hash[HASH_TEXT + 1], kept[HASH_TEXT + 1];

	if (!hash_of(hash, code))
		return NULL;
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];
		const char *text = of_purpose(item, purpose);

		if (!text || strlen(text) < HASH_TEXT || now >= item->time)
			continue;
		(void)strlcpy(kept, text, sizeof(kept));
		if (secret_equal(kept, hash))
			return text[HASH_TEXT] ? text + HASH_TEXT + 1 : "";
	}
	return NULL;
}

int64_t code_until(const struct account *a, const char *purpose)
{
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (of_purpose(item, purpose))
			return item->time;
	}
	return 0;
}
