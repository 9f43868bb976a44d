#include "account/bearer.h"

#include <string.h>

#include "account/jwt.h"
#include "proto/utf8.h"

/* RFC 7628, 3.1: between two pairs. */
static const char separator = '\1';

/* What RFC 6750 lets a token be made of is among it. */
static bool is_token(struct str token)
{
	for (size_t i = 0; i < token.n; i++)
		if (token.p[i] <= ' ' || token.p[i] > '~')
			return false;
	return token.n > 0 && token.n <= JWT_TOKEN_MAX;
}

/* "n,," or "n,a=name,": nothing is bound to the connection. */
static bool take_header(struct bearer *b, struct str header)
{
	struct str flag, identity;

	if (!str_split(&header, ',', &flag) || !str_split(&header, ',', &identity) || header.n)
		return false;
	if (!str_eq(flag, STR("n")) && !str_eq(flag, STR("y")))
		return false;
	if (!identity.n)
		return true;
	return str_starts(identity, STR("a=")) &&
	       scram_take_name(b->account, (struct str){identity.p + 2, identity.n - 2});
}

/* Pairs that are of no use to us, as host and port, are passed over. */
static bool take_pair(struct bearer *b, struct str pair)
{
	struct str name, scheme;

	if (!str_split(&pair, '=', &name) || !name.n)
		return false;
	if (!str_eq(name, STR("auth")))
		return true;
	if (b->token.n || !str_split(&pair, ' ', &scheme) || !str_eq_nocase(scheme, STR("Bearer")))
		return false;
	b->token = pair;
	return is_token(pair);
}

bool bearer_read_oauth(struct bearer *b, struct str message)
{
	struct str pair;

	*b = (struct bearer){.type = BEARER_ANY};
	if (!str_split(&message, separator, &pair) || !take_header(b, pair))
		return false;
	while (str_split(&message, separator, &pair)) {
		if (!pair.n)
			return !message.n && b->token.n;
		if (!take_pair(b, pair))
			return false;
	}
	return false;
}

static bool take_type(struct bearer *b, struct str name)
{
	static const struct {
		struct str name;
		enum bearer_type type;
	} types[] = {{STR("jwt"), BEARER_JWT}, {STR("oauth2"), BEARER_ANY}, {STR("opaque"), BEARER_OPAQUE}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (str_eq(name, types[i].name)) {
			b->type = types[i].type;
			return true;
		}
	}
	return false;
}

/* authzid NUL type NUL token */
bool bearer_read_ircv3(struct bearer *b, struct str message)
{
	struct str account, type;

	*b = (struct bearer){0};
	if (!str_split(&message, '\0', &account) || !str_split(&message, '\0', &type) || !take_type(b, type))
		return false;
	if (account.n >= sizeof(b->account) || !utf8_valid(account))
		return false;
	if (account.n)
		memcpy(b->account, account.p, account.n);
	b->token = message;
	return is_token(message);
}
