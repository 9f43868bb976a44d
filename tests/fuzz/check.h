#pragma once

#include <stdio.h>
#include <stdlib.h>

/* An assertion that no build switches off. */
#define CHECK(what)                                                                                                    \
	do {                                                                                                           \
		if (!(what)) {                                                                                         \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #what);                           \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)
