#pragma once

#include <stdint.h>

/*
 * How many are inside from each address and each network, and how fast they come. An address is what address_place
 * makes of it: an IPv6 /64 is one. Who is inside is counted in tables that grow with them; how fast they come, in a table of
 * one size, which under a flood from everywhere forgets those first who have most left.
 */
struct places;

struct places_limits {
	uint32_t per_address, per_network;   /* inside at once; 0: no limit */
	uint32_t address_rate, network_rate; /* newcomers a minute, all of which may come at once; 0: no limit */
};

enum places_result { PLACES_OK, PLACES_ADDRESS_FULL, PLACES_NETWORK_FULL, PLACES_TOO_FAST };

/* The bits that addresses of a network have in common: of IPv4, of IPv6. */
struct places *places_new(unsigned bits4, unsigned bits6);
void places_free(struct places *p);

/* host: as address_host writes it. Counted where it is PLACES_OK. */
enum places_result places_enter(struct places *p, const char *host, const struct places_limits *limits, int64_t now);
/* Without a look at limits. */
void places_add(struct places *p, const char *host);
void places_remove(struct places *p, const char *host);
