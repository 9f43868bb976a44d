#include <malloc.h>

#include "base/mem.h"

void mem_trim(void)
{
	malloc_trim(0);
}
