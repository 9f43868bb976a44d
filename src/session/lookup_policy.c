#include "session/lookup_policy.h"

#include "base/mem.h"
#include "session/country.h"

void lookup_policy_init(struct lookup_policy *p)
{
	*p = (struct lookup_policy){.hosts = true, .timeout_ms = 3000, .ident_port = 113, .threshold = 1};
}

void lookup_policy_deinit(struct lookup_policy *p)
{
	for (size_t i = 0; i < p->nzones; i++) {
		mem_free(p->zones[i].name);
		mem_free(p->zones[i].replies);
		mem_free(p->zones[i].reason);
	}
	mem_free(p->zones);
	mem_free(p->servers);
	countries_free(p->countries);
	*p = (struct lookup_policy){0};
}
