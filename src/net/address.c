#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

enum { PATH_SIZE = sizeof(((struct sockaddr_un *)NULL)->sun_path) };

static int parse_unix(struct address *a, const char *path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&a->ss;
	size_t n = strlen(path);
	if (n >= PATH_SIZE)
		return -EINVAL;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n + 1);
	a->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
	return 0;
}

static int parse_inet(struct address *a, const char *host, in_port_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&a->ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a->ss;
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = port;
		a->len = sizeof(*in);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = port;
		a->len = sizeof(*in6);
		return 0;
	}
	return -EINVAL;
}

int address_parse(struct address *a, const char *host, const char *port)
{
	unsigned long long number;
	*a = (struct address){.len = 0};
	if (host[0] == '/')
		return parse_unix(a, host);
	if (!str_u64(str_of(port), 65535, &number))
		return -EINVAL;
	if (host[0] == '\0' || strcmp(host, "*") == 0)
		host = "::";
	return parse_inet(a, host, htons((uint16_t)number));
}

/* The IPv4 address of a v4-mapped IPv6 one, or of an IPv4 one; NULL for all others. */
static const void *as_ipv4(const struct address *a)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&a->ss;
	if (a->ss.ss_family == AF_INET)
		return &((const struct sockaddr_in *)&a->ss)->sin_addr;
	if (a->ss.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return &in6->sin6_addr.s6_addr[12];
	return NULL;
}

/* The number alone. "?" for what is neither IPv4 nor IPv6. */
static void format_host(const struct address *a, char *dst, socklen_t size)
{
	const void *ipv4 = as_ipv4(a);
	if (ipv4)
		inet_ntop(AF_INET, ipv4, dst, size);
	else if (a->ss.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)&a->ss)->sin6_addr, dst, size);
	else
		snprintf(dst, size, "?");
}

static unsigned port_of(const struct address *a)
{
	if (a->ss.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&a->ss)->sin_port);
	if (a->ss.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&a->ss)->sin6_port);
	return 0;
}

/* A path need not end with NUL; one that begins with NUL is a name of the abstract kind, an empty one has none. */
static void format_unix(const struct address *a, char dst[ADDRESS_TEXT_MAX])
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&a->ss;
	size_t head = offsetof(struct sockaddr_un, sun_path);
	size_t n = a->len > head ? a->len - head : 0;
	const char *path = un->sun_path;
	bool abstract = n > 1 && path[0] == '\0';
	if (n > PATH_SIZE)
		n = PATH_SIZE;
	if (abstract) {
		path++;
		n--;
	}
	snprintf(dst, ADDRESS_TEXT_MAX, "unix:%s%.*s", abstract ? "@" : "", (int)strnlen(path, n), path);
}

void address_format(const struct address *a, char dst[ADDRESS_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN];
	if (address_is_unix(a)) {
		format_unix(a, dst);
		return;
	}
	format_host(a, host, sizeof(host));
	bool bracket = strchr(host, ':') != NULL;
	snprintf(dst, ADDRESS_TEXT_MAX, "%s%s%s:%u", bracket ? "[" : "", host, bracket ? "]" : "", port_of(a));
}

void address_host(const struct address *a, char dst[ADDRESS_TEXT_MAX])
{
	char host[INET6_ADDRSTRLEN];
	if (address_is_unix(a)) {
		snprintf(dst, ADDRESS_TEXT_MAX, "localhost");
		return;
	}
	format_host(a, host, sizeof(host));
	snprintf(dst, ADDRESS_TEXT_MAX, "%s%s", host[0] == ':' ? "0" : "", host);
}

void address_place(const char *host, char dst[ADDRESS_TEXT_MAX])
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	if (inet_pton(AF_INET6, host, &in6) != 1 || IN6_IS_ADDR_LOOPBACK(&in6)) {
		snprintf(dst, ADDRESS_TEXT_MAX, "%s", host);
		return;
	}
	memset(&in6.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &in6, text, sizeof(text));
	snprintf(dst, ADDRESS_TEXT_MAX, "%s/64", text);
}

bool address_is_local(const struct address *a)
{
	const unsigned char *ipv4 = as_ipv4(a);
	if (ipv4)
		return ipv4[0] == 127;
	if (a->ss.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)&a->ss)->sin6_addr);
	return address_is_unix(a);
}

bool address_is_unix(const struct address *a)
{
	return a->ss.ss_family == AF_UNIX;
}
