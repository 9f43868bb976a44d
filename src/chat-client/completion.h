#pragma once

#include <stddef.h>

#include "base/buf.h"

/* What the Tab key asks for: the end of what was typed, made longer. */
struct completion {
	unsigned skip;   /* so many that fit were seen already; counted down */
	struct buf out;  /* gets the new word */
	size_t replaced; /* bytes at the end of what was typed that it stands for */
};
