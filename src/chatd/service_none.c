#include "chatd/service.h"

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

void service_stopping(void)
{
}

bool service_has_journal(void)
{
	return false;
}

bool service_is_managed(void)
{
	return false;
}
