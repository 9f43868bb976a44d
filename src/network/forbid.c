#include "base/mark.h"
#include "network/state.h"
#include "proto/mask.h"

/* What nobody gets: nicks, channels, addresses of e-mail, and channels that are suspended. */

/* A name that is forbidden as it is costs one look; the others are globs. */
const struct ban *network_forbidden(const struct network *net, enum ban_kind kind, struct str name)
{
	const struct vec *bans = &net->bans[kind];
	const struct ban *b = bans->count ? state_ban_find(net, kind, name) : NULL;

	for (uint32_t i = 0; !b && kind != BAN_SUSPENDED && i < bans->count; i++) {
		const struct ban *each = bans->items[i];

		if (mask_match(net->config.casemap, str_of(each->mask), name))
			b = each;
	}
	return b && b->action == BAN_REFUSE ? b : NULL;
}

const struct ban *network_channel_shut(const struct network *net, struct str channel)
{
	const struct ban *b = network_forbidden(net, BAN_SUSPENDED, channel);

	return b ? b : network_forbidden(net, BAN_CHANNEL, channel);
}

const char *forbid_words(enum ban_kind kind)
{
	static const char *const words[BAN_KIND_COUNT] = {
		[BAN_NICK] = N_("This nick is forbidden: "),
		[BAN_CHANNEL] = N_("This channel is forbidden: "),
		[BAN_EMAIL] = N_("This e-mail address is not accepted: "),
		[BAN_SUSPENDED] = N_("This channel is suspended: "),
	};

	return words[kind] ? words[kind] : "";
}

void forbid_explain(struct buf *out, const struct ban *b)
{
	buf_cstr(out, forbid_words(b->kind));
	ban_reason(out, b);
}
