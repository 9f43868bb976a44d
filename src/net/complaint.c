#include "net/complaint.h"

#include <stdarg.h>
#include <stdio.h>

int complain(const struct complaint *to, int error, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(to->why, to->size, fmt, ap);
	va_end(ap);
	return error;
}
