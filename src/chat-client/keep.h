#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Small files of the user, readable by nobody else: one line "key value" for each thing that is remembered. They are
 * replaced as a whole, so that a crash never leaves half of one.
 */
enum { KEEP_FOLDER_MAX = 4000, KEEP_KEY_MAX = 320, KEEP_VALUE_MAX = 160 };

/* $XDG_STATE_HOME/chat-client, or ~/.local/state/chat-client. False: the environment names no home. Nothing is made. */
bool keep_folder(char dst[KEEP_FOLDER_MAX]);

/* The value that is kept for the key. False: none is, or there is no such file. */
bool keep_get(const char *folder, const char *name, const char *key, char value[KEEP_VALUE_MAX]);

/* Keeps it in place of what was there; NULL forgets the key. Makes the folder. 0 or -errno. */
int keep_put(const char *folder, const char *name, const char *key, const char *value);
