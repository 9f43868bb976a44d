#include "post/post_address.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static bool is_in(const struct cidr *address, const struct cidr *networks, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (cidr_contains(&networks[i], address))
			return true;
	return false;
}

/*
 * Beside what is special anyway: groups, the relays of 6to4, and the ways in which an address of IPv6 stands for one of IPv4,
 * for what that one is cannot be known here. https://www.iana.org/assignments/iana-ipv6-special-registry
 */
static bool leads_elsewhere(const struct cidr *address)
{
	static const struct str networks[] = {
		STR("224.0.0.0/4"),    STR("192.88.99.0/24"), STR("::/96"),     STR("64:ff9b::/96"),
		STR("64:ff9b:1::/48"), STR("2001::/23"),      STR("2002::/16"), STR("3fff::/20"),
		STR("5f00::/16"),      STR("fec0::/10"),      STR("ff00::/8"),
	};
	struct cidr network;

	for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++)
		if (cidr_parse(&network, networks[i]) && cidr_contains(&network, address))
			return true;
	return false;
}

bool post_address_allowed(const struct post_policy *policy, const struct cidr *address)
{
	return is_in(address, policy->allowed, policy->nallowed) ||
	       (!cidr_is_special(address) && !leads_elsewhere(address));
}

bool post_sockaddr_allowed(const struct post_policy *policy, const struct sockaddr *address)
{
	struct cidr c = {.bytes = {[10] = 0xff, [11] = 0xff}, .bits = CIDR_BITS_MAX};
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (address->sa_family == AF_INET) {
		memcpy(&four, address, sizeof(four));
		memcpy(c.bytes + 12, &four.sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&six, address, sizeof(six));
		memcpy(c.bytes, &six.sin6_addr, 16);
	} else {
		return false;
	}
	return post_address_allowed(policy, &c);
}
