#pragma once

#include <stdbool.h>
#include <stddef.h>

/* syslog's levels, and the prefixes <3> .. <7> that the service manager understands. */
enum log_level { LOG_LEVEL_ERR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_NOTICE = 5, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* A field of an entry: CHATD_NICK, CHATD_PEER ... The value may hold bytes from strangers: sinks show them escaped. */
struct log_field {
	const char *name;
	const char *value; /* NULL: the field is left out */
};

struct log_entry {
	enum log_level level;
	const char *message_id; /* 32 hex digits, NULL for none */
	const char *text;       /* escaped already */
	const struct log_field *fields;
	size_t nfields;
};

typedef void (*log_sink_fn)(void *ctx, const struct log_entry *entry);

/* NULL is the built-in sink: one line on stderr, "<level>text NAME=value ...", which never blocks and never fails. */
void log_set_sink(log_sink_fn sink, void *ctx);
void log_set_level(enum log_level max);
bool log_wants(enum log_level level);

/* level prefix "<6>" on stderr lines (for a service manager) or a word ("info: ") for people */
void log_set_prefix(bool numeric);

void log_text(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_event(enum log_level level, const char *message_id, const struct log_field *fields, size_t nfields,
               const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Escapes control, C1 and non-UTF-8 bytes of src visibly (vis(3) style \033) into dst, always NUL-terminated. */
void log_escape(char *dst, size_t size, const char *src, size_t n);
