#include "proto/cidr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

enum { V4_BITS = 32, V4_FRONT = CIDR_BITS_MAX - V4_BITS, ADDRESS_MAX = INET6_ADDRSTRLEN };

static const uint8_t v4_front[V4_FRONT / 8] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_v4(const struct cidr *c)
{
	return c->bits >= V4_FRONT && memcmp(c->bytes, v4_front, sizeof(v4_front)) == 0;
}

void cidr_cut(struct cidr *c, unsigned bits)
{
	if (c->bits > bits)
		c->bits = (uint8_t)bits;
	for (unsigned i = c->bits / 8u; i < sizeof(c->bytes); i++) {
		unsigned kept = i == c->bits / 8u ? c->bits % 8u : 0;

		c->bytes[i] &= (uint8_t)(0xff00u >> kept);
	}
}

/* The address alone; *front: the bits in front of those that are counted where it was written. */
static bool parse_address(struct cidr *out, struct str text, unsigned *front)
{
	char copy[ADDRESS_MAX + 1];

	if (text.n == 0 || text.n > ADDRESS_MAX || memchr(text.p, '\0', text.n))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	*front = 0;
	if (inet_pton(AF_INET6, copy, out->bytes) == 1)
		return true;
	*front = V4_FRONT;
	memcpy(out->bytes, v4_front, sizeof(v4_front));
	return inet_pton(AF_INET, copy, out->bytes + sizeof(v4_front)) == 1;
}

bool cidr_parse(struct cidr *out, struct str text)
{
	const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
	unsigned long long bits = CIDR_BITS_MAX;
	struct str address = text;
	unsigned front;

	if (slash)
		address.n = (size_t)(slash - text.p);
	if (!parse_address(out, address, &front))
		return false;
	if (slash) {
		if (!str_u64((struct str){slash + 1, text.n - address.n - 1}, CIDR_BITS_MAX - front, &bits))
			return false;
		bits += front;
	}
	out->bits = CIDR_BITS_MAX;
	cidr_cut(out, (unsigned)bits);
	return true;
}

bool cidr_contains(const struct cidr *c, const struct cidr *other)
{
	struct cidr cut = *other;

	if (other->bits < c->bits)
		return false;
	cidr_cut(&cut, c->bits);
	return memcmp(cut.bytes, c->bytes, sizeof(c->bytes)) == 0;
}

void cidr_format(const struct cidr *c, char dst[CIDR_TEXT_MAX])
{
	bool v4 = is_v4(c);
	char address[ADDRESS_MAX];
	char bits[8] = "";

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? c->bytes + sizeof(v4_front) : c->bytes, address, sizeof(address));
	if (c->bits < CIDR_BITS_MAX)
		snprintf(bits, sizeof(bits), "/%u", v4 ? c->bits - (unsigned)V4_FRONT : c->bits);
	snprintf(dst, CIDR_TEXT_MAX, "%s%s%s", address[0] == ':' ? "0" : "", address, bits);
}

bool cidr_is_special(const struct cidr *address)
{
	static const struct str networks[] = {
		STR("0.0.0.0/8"),      STR("10.0.0.0/8"),    STR("100.64.0.0/10"),   STR("127.0.0.0/8"),
		STR("169.254.0.0/16"), STR("172.16.0.0/12"), STR("192.0.0.0/24"),    STR("192.0.2.0/24"),
		STR("192.168.0.0/16"), STR("198.18.0.0/15"), STR("198.51.100.0/24"), STR("203.0.113.0/24"),
		STR("240.0.0.0/4"),    STR("::/127"),        STR("100::/64"),        STR("2001:db8::/32"),
		STR("fc00::/7"),       STR("fe80::/10"),
	};
	struct cidr network;

	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
		if (cidr_parse(&network, networks[i]) && cidr_contains(&network, address))
			return true;
	return false;
}
