#include "net/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

enum {
	LINE_MAX_V1 = 107, /* with CR LF */
	FIXED = 16,        /* bytes of a version 2 in front of its addresses */
	IPV4_SIZE = 12,
	IPV6_SIZE = 36,
	UNIX_SIZE = 216,
	UNIX_PATH = 108, /* in the header, on whatever system */
	TLV_HEAD = 3,
	TLV_SSL = 0x20,
	TLV_SSL_HEAD = 5,
	SSL_CLIENT = 0x01, /* the client connected over TLS */
};

static const char signature[12] = {'\r', '\n', '\r', '\n', '\0', '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

static void set_ipv4(struct address *a, const void *ip, const void *port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&a->ss;

	*a = (struct address){.len = sizeof(*in)};
	in->sin_family = AF_INET;
	memcpy(&in->sin_addr, ip, 4);
	memcpy(&in->sin_port, port, 2);
}

static void set_ipv6(struct address *a, const void *ip, const void *port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a->ss;

	*a = (struct address){.len = sizeof(*in6)};
	in6->sin6_family = AF_INET6;
	memcpy(&in6->sin6_addr, ip, 16);
	memcpy(&in6->sin6_port, port, 2);
}

/* Version 1 */

/* One way to write a port: digits alone, without a zero in front. */
static bool parse_port(struct str text, uint16_t *port)
{
	unsigned long long number;

	if (!str_u64(text, UINT16_MAX, &number) || (text.n > 1 && text.p[0] == '0'))
		return false;
	*port = htons((uint16_t)number);
	return true;
}

static bool parse_host(int family, struct str text, unsigned char ip[16])
{
	char host[INET6_ADDRSTRLEN];

	if (text.n == 0 || text.n >= sizeof(host) || memchr(text.p, '\0', text.n))
		return false;
	memcpy(host, text.p, text.n);
	host[text.n] = '\0';
	return inet_pton(family, host, ip) == 1;
}

/* "SOURCE DESTINATION PORT PORT" */
static bool parse_pair(struct proxy_header *h, int family, struct str rest)
{
	unsigned char from[16], to[16];
	uint16_t from_port, to_port;
	struct str word[4];

	for (int i = 0; i < 4; i++)
		if (!str_split(&rest, ' ', &word[i]))
			return false;
	if (rest.n || !parse_host(family, word[0], from) || !parse_host(family, word[1], to) ||
	    !parse_port(word[2], &from_port) || !parse_port(word[3], &to_port))
		return false;
	if (family == AF_INET)
		set_ipv4(&h->peer, from, &from_port);
	else
		set_ipv6(&h->peer, from, &from_port);
	return true;
}

/* line: without "PROXY " and CR LF. Behind UNKNOWN anything may stand. */
static bool parse_words(struct proxy_header *h, struct str line)
{
	struct str protocol, rest = line;

	if (line.n == 0 || line.p[line.n - 1] == ' ' || !str_split(&rest, ' ', &protocol))
		return false;
	h->own = str_eq(protocol, STR("UNKNOWN"));
	if (h->own)
		return true;
	if (str_eq(protocol, STR("TCP4")))
		return parse_pair(h, AF_INET, rest);
	return str_eq(protocol, STR("TCP6")) && parse_pair(h, AF_INET6, rest);
}

static enum proxy_result parse_line(struct proxy_header *h, struct str bytes)
{
	static const struct str word = STR("PROXY ");
	const char *end = memchr(bytes.p, '\r', bytes.n);
	size_t n = end ? (size_t)(end - bytes.p) : bytes.n;

	if (n > LINE_MAX_V1 - 2 || memchr(bytes.p, '\n', n))
		return PROXY_BAD;
	if (!end || n + 1 == bytes.n)
		return PROXY_MORE;
	if (end[1] != '\n' || n < word.n || !parse_words(h, (struct str){bytes.p + word.n, n - word.n}))
		return PROXY_BAD;
	h->size = n + 2;
	return PROXY_OK;
}

/* Version 2 */

static size_t number16(const char *p)
{
	return (size_t)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

/* All of them must fit, those that are not known too. */
static bool parse_tlvs(struct proxy_header *h, struct str tlvs)
{
	while (tlvs.n) {
		size_t n;

		if (tlvs.n < TLV_HEAD)
			return false;
		n = number16(tlvs.p + 1);
		if (n > tlvs.n - TLV_HEAD)
			return false;
		if ((unsigned char)tlvs.p[0] == TLV_SSL) {
			if (n < TLV_SSL_HEAD)
				return false;
			h->secure = tlvs.p[TLV_HEAD] & SSL_CLIENT;
		}
		tlvs = (struct str){tlvs.p + TLV_HEAD + n, tlvs.n - TLV_HEAD - n};
	}
	return true;
}

/* The addresses of a family, which stand in front of the rest. */
static bool parse_addresses(struct proxy_header *h, unsigned char family, struct str *rest)
{
	size_t size;

	switch (family) {
	case 0x11: /* TCP over IPv4 */
		size = IPV4_SIZE;
		if (rest->n >= size)
			set_ipv4(&h->peer, rest->p, rest->p + 8);
		break;
	case 0x21: /* TCP over IPv6 */
		size = IPV6_SIZE;
		if (rest->n >= size)
			set_ipv6(&h->peer, rest->p, rest->p + 32);
		break;
	case 0x31: /* a stream over a Unix socket: who that is is the proxy's affair */
		size = UNIX_SIZE;
		h->peer = (struct address){.len = sizeof(sa_family_t), .ss.ss_family = AF_UNIX};
		break;
	case 0x00: /* UNSPEC: whatever follows is passed over */
		h->own = true;
		return true;
	default:
		return false;
	}
	if (rest->n < size)
		return false;
	*rest = (struct str){rest->p + size, rest->n - size};
	return true;
}

static enum proxy_result parse_binary(struct proxy_header *h, struct str bytes)
{
	unsigned char command;
	struct str rest;

	if (bytes.n < FIXED)
		return PROXY_MORE;
	command = (unsigned char)bytes.p[12];
	h->size = FIXED + number16(bytes.p + 14);
	if ((command != 0x20 && command != 0x21) || h->size > PROXY_HEADER_MAX)
		return PROXY_BAD;
	if (bytes.n < h->size)
		return PROXY_MORE;
	h->own = command == 0x20; /* LOCAL: whatever follows is passed over */
	rest = (struct str){bytes.p + FIXED, h->size - FIXED};
	if (h->own)
		return PROXY_OK;
	if (!parse_addresses(h, (unsigned char)bytes.p[13], &rest))
		return PROXY_BAD;
	return h->own || parse_tlvs(h, rest) ? PROXY_OK : PROXY_BAD;
}

/* The front of bytes and of what is known are the same, as far as both go. */
static bool could_be(struct str bytes, const char *known, size_t n)
{
	return memcmp(bytes.p, known, bytes.n < n ? bytes.n : n) == 0;
}

enum proxy_result proxy_header_parse(struct proxy_header *h, struct str bytes)
{
	*h = (struct proxy_header){.size = 0};
	if (bytes.n == 0)
		return PROXY_MORE;
	if (could_be(bytes, "PROXY ", 6))
		return parse_line(h, bytes);
	if (could_be(bytes, signature, sizeof(signature)))
		return parse_binary(h, bytes);
	return PROXY_BAD;
}
