#pragma once

#include <stddef.h>

struct control_conn;

/*
 * "webhook add CHANNEL NAME [signed]", "webhook show|del NAME", "webhook format NAME [TEXT]", "webhook list": words[1]
 * is the rest of the line. add and show tell the path with its token, and the secret to sign with.
 */
void control_hook(struct control_conn *c, const char *const *words, size_t n);
/* The connection ends. */
void control_hook_forget(struct control_conn *c);
