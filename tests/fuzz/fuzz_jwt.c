/*
 * Tokens, and the messages that bring them. The first byte says what the rest is: 'o' and 'i': a message of OAUTHBEARER
 * or IRCV3BEARER; 't': a token; 'k': a public key; 's': a header and, in the next line, claims, which are signed with a key that is known. What is
 * taken then is what SQLite reads there too.
 */

#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>

#include "account/bearer.h"
#include "account/jwt.h"
#include "base/mem.h"
#include "check.h"
#include "proto/base64.h"
#include "proto/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1700000000, INPUT_MAX = 12000 };

#define SECRET "a secret of two and thirty bytes"
#define READS                                                                                                          \
	"SELECT json_extract(?1, '$.alg') = 'HS256' AND coalesce(json_extract(?1, '$.kid'), 'k') = 'k'"                 \
	" AND json_type(?1, '$.crit') IS NULL AND json_extract(?2, '$.iss') = 'i'"                                      \
	" AND (json_extract(?2, '$.aud') = 'a' OR 'a' IN (SELECT atom FROM json_each(?2, '$.aud')))"                    \
	" AND json_extract(?2, '$.sub') = ?3 AND json_extract(?2, '$.exp') > 1700000000 - 60"                           \
	" AND coalesce(json_extract(?2, '$.nbf'), 0) < 1700000000 + 61"

static void policy_new(struct jwt_policy *p)
{
	jwt_policy_init(p);
	p->issuer = mem_strdup("i");
	p->audience = mem_strdup("a");
	p->keys = mem_zalloc(sizeof(*p->keys));
	p->keys[p->count++] = (struct jwt_key){.kid = mem_strdup("k"), .algorithm = jwt_algorithm_find("HS256")};
	CHECK(jwt_key_set_secret(&p->keys[0], STR(SECRET)) && !jwt_key_fault(&p->keys[0]));
}

static void check_bearer(bool good, const struct bearer *b, struct str message)
{
	if (!good)
		return;
	CHECK(b->token.n > 0 && b->token.n <= JWT_TOKEN_MAX);
	CHECK(b->token.p >= message.p && b->token.p + b->token.n <= message.p + message.n);
	CHECK(utf8_valid(b->token) && utf8_valid(str_of(b->account)));
}

static void bind(sqlite3_stmt *s, int nth, struct str text)
{
	CHECK(sqlite3_bind_text(s, nth, text.n ? text.p : "", (int)text.n, SQLITE_STATIC) == SQLITE_OK);
}

static void check_reading(struct str header, struct str claims, const char *account)
{
	sqlite3_stmt *s;
	sqlite3 *db;

	CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
	CHECK(sqlite3_prepare_v2(db, READS, -1, &s, NULL) == SQLITE_OK);
	bind(s, 1, header);
	bind(s, 2, claims);
	bind(s, 3, str_of(account));
	CHECK(sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int(s, 0) == 1);
	sqlite3_finalize(s);
	sqlite3_close(db);
}

static void add_signature(struct buf *b)
{
	unsigned char made[EVP_MAX_MD_SIZE];
	size_t n = 0;

	CHECK(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, SECRET, 32, (const unsigned char *)b->p, b->n, made,
			sizeof(made), &n));
	buf_chr(b, '.');
	base64url_encode(b, (struct str){(const char *)made, n});
}

static void check_signed(const struct jwt_policy *p, struct str text)
{
	char memory[INPUT_MAX * 2], account[JWT_ACCOUNT_MAX];
	struct str header;
	struct buf b;

	if (!str_split(&text, '\n', &header))
		return;
	buf_init(&b, memory, sizeof(memory));
	base64url_encode(&b, header);
	buf_chr(&b, '.');
	base64url_encode(&b, text);
	add_signature(&b);
	if (jwt_check(p, buf_view(&b), NOW, account) == JWT_GOOD)
		check_reading(header, text, account);
	else
		CHECK(!account[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data + 1, size - 1};
	char account[JWT_ACCOUNT_MAX];
	struct jwt_policy p;
	struct bearer b;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	policy_new(&p);
	switch (data[0]) {
	case 'o':
		check_bearer(bearer_read_oauth(&b, text), &b, text);
		break;
	case 'i':
		check_bearer(bearer_read_ircv3(&b, text), &b, text);
		break;
	case 't':
		/* Nobody has signed anything. */
		CHECK(jwt_check(&p, text, NOW, account) != JWT_GOOD);
		break;
	case 'k':
		(void)(jwt_key_set_public(&p.keys[0], text) && jwt_key_fault(&p.keys[0]));
		break;
	default:
		check_signed(&p, text);
	}
	jwt_policy_deinit(&p);
	return 0;
}
