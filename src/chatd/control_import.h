#pragma once

#include <stddef.h>

struct control_conn;

/* "import WHAT ...": one thing that another server had. chatctl/import.c says what there is. */
void control_import(struct control_conn *c, const char *const *words, size_t n);
