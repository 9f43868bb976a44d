#pragma once

struct loop;
struct watchdog;

/*
 * Shows the service manager that the loop turns, twice in the time that it allows: a loop that hangs is killed by it.
 * NULL where it does not ask for that.
 */
struct watchdog *watchdog_new(struct loop *loop);
void watchdog_free(struct watchdog *w);
