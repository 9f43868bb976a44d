#include "chatd/service.h"

#include <errno.h>

bool service_is_heard(void)
{
	return false;
}

void service_ready(const char *status)
{
	(void)status;
}

void service_reloading(void)
{
}

void service_status(const char *status)
{
	(void)status;
}

void service_stopping(const char *status)
{
	(void)status;
}

void service_extend_timeout(int64_t ms)
{
	(void)ms;
}

int64_t service_watchdog_ms(void)
{
	return 0;
}

void service_alive(void)
{
}

void service_watchdog_set(int64_t ms)
{
	(void)ms;
}

unsigned service_memory_mb(void)
{
	return 0;
}

bool service_has_journal(void)
{
	return false;
}

bool service_is_managed(void)
{
	return false;
}

bool service_can_store(void)
{
	return false;
}

int service_store(const char *name, const int *fds, size_t count)
{
	(void)name;
	(void)fds;
	(void)count;
	return -ENOTSUP;
}

void service_unstore(const char *name)
{
	(void)name;
}
