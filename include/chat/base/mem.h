#pragma once

#include <stddef.h>

#include "base/str.h"

/*
 * Memory. Small objects come from the functions that cannot fail: when the system has nothing left, they log one
 * line and end the process with EX_OSERR, so that no caller is ever left half done. What a stranger can make large
 * (rings, tables of results) comes from mem_try_alloc, whose caller answers for NULL.
 * Everything is released with mem_free; mem_free(NULL) is legal.
 */
void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
void *mem_realloc(void *p, size_t size);
char *mem_strdup(const char *s);          /* NULL gives NULL */
char *mem_strndup(const char *s, size_t n); /* NUL-terminated copy of n bytes */
void *mem_try_alloc(size_t size);         /* NULL when there is none */
void mem_free(void *p);

/* Gives memory that is free back to the system, where it can be asked to. */
void mem_trim(void);

/*
 * Tests only: the nth mem_try_alloc from now returns NULL once (0: none will).
 */
void mem_fail_nth(unsigned long n);
