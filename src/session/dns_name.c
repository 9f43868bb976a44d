#include "session/dns_name.h"

#include <string.h>

#include "base/buf.h"
#include "proto/mask.h"

enum { IPV4_BITS = 96, IPV4_AT = 12, BYTES = 16 };

static bool is_ipv4(const struct cidr *c)
{
	static const uint8_t mapped[IPV4_AT] = {[10] = 0xff, [11] = 0xff};

	return c->bits >= IPV4_BITS && memcmp(c->bytes, mapped, sizeof(mapped)) == 0;
}

bool dns_reverse(const struct cidr *address, const char *zone, char dst[DNS_NAME_MAX])
{
	bool ipv4 = is_ipv4(address);
	struct buf b;

	buf_init(&b, dst, DNS_NAME_MAX - 1);
	for (int i = BYTES - 1; i >= (ipv4 ? IPV4_AT : 0); i--) {
		if (ipv4)
			buf_fmt(&b, "%u.", (unsigned)address->bytes[i]);
		else
			buf_fmt(&b, "%x.%x.", address->bytes[i] & 15u, address->bytes[i] >> 4u);
	}
	buf_cstr(&b, zone ? zone : ipv4 ? "in-addr.arpa" : "ip6.arpa");
	dst[b.n] = '\0';
	return !b.full;
}

static bool one_matches(struct str masks, struct str word)
{
	struct str mask;

	while (str_split(&masks, ' ', &mask))
		if (mask.n && mask_match(CASEMAP_ASCII, mask, word))
			return true;
	return false;
}

bool dns_words_match(const char *masks, struct str words)
{
	struct str word;

	while (str_split(&words, ' ', &word))
		if (word.n && one_matches(str_of(masks), word))
			return true;
	return false;
}
