#pragma once

#include <stdint.h>

struct loop;
struct watchdog;

/*
 * Shows the service manager that the loop turns, twice in the time that it allows: a loop that hangs is killed by it.
 * NULL where it does not ask for that.
 */
struct watchdog *watchdog_new(struct loop *loop);

/* Between the loop that ends here and that of the successor in this process, it may take so long. */
void watchdog_pause(int64_t ms);
void watchdog_free(struct watchdog *w);
