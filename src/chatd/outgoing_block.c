#include "chatd/outgoing_block.h"

#include <string.h>

#include "base/mem.h"
#include "proto/base64.h"

static const char *const names[OUTGOING_KINDS] = {
	[OUTGOING_MESSAGE] = "message",
	[OUTGOING_NOTICE] = "notice",
	[OUTGOING_JOIN] = "join",
	[OUTGOING_PART] = "part",
	[OUTGOING_QUIT] = "quit",
	[OUTGOING_KICK] = "kick",
	[OUTGOING_NICK] = "nick",
	[OUTGOING_TOPIC] = "topic",
	[OUTGOING_MODE] = "mode",
	[OUTGOING_SERVER + NOTICE_CONNECTS] = "connects",
	[OUTGOING_SERVER + NOTICE_KILLS] = "kills",
	[OUTGOING_SERVER + NOTICE_BANS] = "bans",
	[OUTGOING_SERVER + NOTICE_OPERS] = "opers",
	[OUTGOING_SERVER + NOTICE_FLOODS] = "floods",
	[OUTGOING_SERVER + NOTICE_NICKS] = "nicks",
	[OUTGOING_SERVER + NOTICE_ERRORS] = "errors",
	[OUTGOING_SERVER + NOTICE_SERVER] = "server",
	[OUTGOING_SERVER + NOTICE_REGISTRY] = "registrations",
};

const char *outgoing_kind_name(enum outgoing_kind kind)
{
	return names[kind];
}

static uint32_t bit_of(struct str name)
{
	for (int i = 0; i < OUTGOING_KINDS; i++)
		if (str_eq(str_of(names[i]), name))
			return OUTGOING_BIT(i);
	return 0;
}

bool outgoing_kinds_parse(struct str text, uint32_t *kinds, struct str *bad)
{
	struct str part, name;
	uint32_t all = 0, bit;

	while (str_split(&text, ',', &part)) {
		while (str_split(&part, ' ', &name)) {
			bit = name.n ? bit_of(name) : 0;
			if (name.n && !bit) {
				*bad = name;
				return false;
			}
			all |= bit;
		}
	}
	*kinds = all;
	return true;
}

void outgoing_policy_deinit(struct outgoing_policy *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct outgoing_block *b = &p->blocks[i];

		if (b->secret)
			explicit_bzero(b->secret, strlen(b->secret));
		mem_free(b->name);
		mem_free(b->url);
		mem_free(b->secret);
		mem_free(b->channels);
		mem_free(b->from);
		mem_free(b->words);
	}
	mem_free(p->blocks);
	*p = (struct outgoing_policy){0};
}

bool outgoing_key(struct str secret, unsigned char key[OUTGOING_KEY_MAX], size_t *size)
{
	static const struct str front = STR("whsec_");
	struct buf b;

	buf_init(&b, key, OUTGOING_KEY_MAX);
	if (!str_starts(secret, front))
		buf_str(&b, secret);
	else if (!base64_decode(&b, (struct str){secret.p + front.n, secret.n - front.n}))
		return false;
	*size = b.n;
	return b.n && !b.full;
}
