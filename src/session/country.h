#pragma once

#include <stdbool.h>

/*
 * The country of an address, out of a database in the MaxMind DB format (https://maxmind.github.io/MaxMind-DB/), which is mapped into
 * memory: a question costs less than a microsecond and no system call.
 */
enum { COUNTRY_SIZE = 3 };

struct countries;

/* NULL: it cannot be used, and *why is a text of the program that says why not. */
struct countries *countries_open(const char *path, const char **why);
void countries_free(struct countries *c);

/* The two letters of ISO 3166-1, upper case, and a NUL. False: the address (numeric) is not known, or c is NULL. */
bool countries_find(const struct countries *c, const char *address, char code[COUNTRY_SIZE]);
