#pragma once

#include <stdbool.h>

#include "base/str.h"

/* The services that people know from elsewhere: NickServ, ChanServ. They are no users, and do what the commands do. */

/* The nick is a service's: nobody else gets it. */
bool services_is_name(struct str nick);
