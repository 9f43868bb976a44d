#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What becomes of those whom lists of the DNS name; the later ones are the stricter ones. */
enum dnsbl_action {
	DNSBL_MARK,    /* operators hear of it */
	DNSBL_ACCOUNT, /* nobody without an account */
	DNSBL_REFUSE,  /* nobody */
};

/* A list of addresses in the DNS: RFC 5782. */
struct dnsbl_zone {
	char *name;
	char *replies; /* masks of the answers that count, with a blank between them */
	char *reason;  /* for the client; NULL: the name is said */
	uint32_t score;
	enum dnsbl_action action;
};

/* What is looked up of addresses that clients come from. */
struct lookup_policy {
	bool hosts;            /* their names */
	bool ident;            /* whose connection it is, from the other machine */
	bool special;          /* of addresses too that nobody on the Internet has, loopback included */
	int64_t timeout_ms;    /* from a client's coming; what is not known then is not waited for */
	char *servers;         /* to be asked, see resolver.h; NULL: those of the system */
	uint32_t ident_port;
	struct dnsbl_zone *zones;
	size_t nzones;
	struct countries *countries; /* of addresses; NULL: nobody knows */
	uint32_t threshold; /* of the sum of scores, for anything to come of it */
};

void lookup_policy_init(struct lookup_policy *p);
void lookup_policy_deinit(struct lookup_policy *p);
