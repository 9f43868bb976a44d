#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values as people write them. False: the text is none. */

/* "90", "90s" (both seconds), "250ms", "2m", "1h", "1d", and several together: "1m30s". Gives milliseconds. */
bool config_value_duration(const char *text, uint64_t *ms);
/* "1024", "64k", "1M", "1G": bytes, in steps of 1,024. */
bool config_value_size(const char *text, uint64_t *bytes);
/* yes, true, on; no, false, off. */
bool config_value_bool(const char *text, bool *out);

/* Numeric addresses of servers, each as it is or with a port, with commas between them: "192.0.2.53,[2001:db8::53]:5353". */
bool config_value_servers(const char *text);

/* The word of the list that was probably meant; NULL: none is near. */
const char *config_value_near(const char *word, const char *const *words, size_t count);
