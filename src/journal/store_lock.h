#pragma once

#include <stddef.h>

/*
 * One process holds a state directory, by a lock on its file "lock", which also says who. Returns the descriptor that
 * holds it, or -errno with a sentence in why. It ends with the descriptor, or with the process.
 */
int store_lock(const char *directory, char *why, size_t size);
