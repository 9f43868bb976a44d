#include <stdint.h>

#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Several clients say whatever they like to an engine; see world.h. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;

	if (size > INPUT_MAX)
		return 0;
	world_init(&w, NULL);
	world_open(&w);
	world_run(&w, (struct str){(const char *)data, size});
	world_deinit(&w);
	return 0;
}
