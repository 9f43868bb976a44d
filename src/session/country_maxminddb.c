#include "session/country.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include <maxminddb.h>

#include "base/mem.h"

struct countries {
	MMDB_s db;
};

struct countries *countries_open(const char *path, const char **why)
{
	struct countries *c = mem_zalloc(sizeof(*c));
	int status = MMDB_open(path, MMDB_MODE_MMAP, &c->db);

	if (status == MMDB_SUCCESS)
		return c;
	*why = MMDB_strerror(status);
	mem_free(c);
	return NULL;
}

void countries_free(struct countries *c)
{
	if (!c)
		return;
	MMDB_close(&c->db);
	mem_free(c);
}

static bool parse(const char *text, struct sockaddr_storage *a)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)a;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)a;

	*a = (struct sockaddr_storage){.ss_family = AF_INET};
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
		return true;
	a->ss_family = AF_INET6;
	return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

/* Where the address is, or else where the network is registered, as that of a satellite is. */
static bool read_code(MMDB_entry_s *entry, const char *of, char code[COUNTRY_SIZE])
{
	const char *const path[] = {of, "iso_code", NULL};
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
	    data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size != COUNTRY_SIZE - 1)
		return false;
	for (int i = 0; i < COUNTRY_SIZE - 1; i++) {
		if (!isalpha((unsigned char)data.utf8_string[i]))
			return false;
		code[i] = (char)toupper((unsigned char)data.utf8_string[i]);
	}
	code[COUNTRY_SIZE - 1] = '\0';
	return true;
}

bool countries_find(const struct countries *c, const char *address, char code[COUNTRY_SIZE])
{
	struct sockaddr_storage at;
	MMDB_lookup_result_s found;
	int status;

	if (!c || !parse(address, &at))
		return false;
	found = MMDB_lookup_sockaddr(&c->db, (const struct sockaddr *)&at, &status);
	return status == MMDB_SUCCESS && found.found_entry &&
	       (read_code(&found.entry, "country", code) || read_code(&found.entry, "registered_country", code));
}
