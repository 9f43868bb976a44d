#include "base/mem.h"

void mem_trim(void)
{
}
