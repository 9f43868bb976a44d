#include "command/services.h"

#include <stddef.h>

static const struct str names[] = {STR("NickServ"), STR("ChanServ"), STR("HostServ"), STR("MemoServ")};

bool services_is_name(struct str nick)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_nocase(nick, names[i]))
			return true;
	return false;
}
