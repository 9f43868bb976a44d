#include "session/country.h"

#include <stddef.h>

/* Built without libmaxminddb. */

struct countries *countries_open(const char *path, const char **why)
{
	(void)path;
	*why = "this chatd was built without libmaxminddb";
	return NULL;
}

void countries_free(struct countries *c)
{
	(void)c;
}

bool countries_find(const struct countries *c, const char *address, char code[COUNTRY_SIZE])
{
	(void)c;
	(void)address;
	(void)code;
	return false;
}
