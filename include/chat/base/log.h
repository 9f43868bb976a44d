#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log_events.h"

/*
 * The log as data: an entry has a level, a text, and fields; one of an event also has the event's id. Legal from every
 * thread. Nothing here blocks or fails: what cannot be written is lost.
 */

/* syslog's levels, and the prefixes <3> .. <7> that the service manager understands. */
enum log_level {
	LOG_LEVEL_ERR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/* A field of an entry: CHATD_NICK, CHATD_PEER ... The value may hold bytes from strangers: sinks show them escaped. */
struct log_field {
	const char *name;
	const char *value; /* NULL: the field is left out */
};

enum { LOG_ABOUT_FIELDS_MAX = 8 };

/* All about an event. */
struct log_about {
	const char *name;       /* what CHATD_EVENT says */
	const char *message_id; /* 32 hex digits; never changes, never stands for something else */
	enum log_level level;
	uint16_t burst;                           /* so many entries are written ... */
	uint16_t seconds;                         /* ... in a time of this length; of more, only the number is told */
	const char *fields[LOG_ABOUT_FIELDS_MAX]; /* those that it has, where there is something to say */
};
const struct log_about *log_about(enum log_event event);

struct log_entry {
	enum log_level level;
	const char *message_id; /* 32 hex digits, NULL for none */
	const char *text;       /* escaped already */
	const struct log_field *fields;
	size_t nfields;
};

/* Must not log. */
typedef void (*log_sink_fn)(void *ctx, const struct log_entry *entry);

/* NULL is the built-in sink: one line on stderr, "<level>text NAME=value ...", which never blocks and never fails. */
void log_set_sink(log_sink_fn sink, void *ctx);
/*
 * Hears the text of each event that its rate lets through, whatever the level that is logged: for those who want to be told
 * elsewhere. It may be called in any thread, and must not log. NULL: nobody does.
 */
typedef void (*log_tap_fn)(void *ctx, enum log_event event, const char *text);
void log_set_tap(log_tap_fn tap, void *ctx);
void log_set_level(enum log_level max);
bool log_wants(enum log_level level);

/* level prefix "<6>" on stderr lines (for a service manager) or a word ("info: ") for people */
void log_set_prefix(bool numeric);

/* What rates are measured with, in ms. NULL is the built-in one, the monotonic clock. */
void log_set_clock(int64_t (*now_ms)(void));

void log_text(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * An entry of an event, of which there are as many as its rate allows. In front of the given fields stands CHATD_EVENT;
 * behind them CHATD_SUPPRESSED, when entries of this event were left out since the one before.
 */
void log_event(enum log_event event, const struct log_field *fields, size_t nfields, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The two arguments in the middle: LOG_FIELDS({"CHATD_NICK", nick}, {"CHATD_PEER", peer}) */
#define LOG_FIELDS(...)                                                                                                \
	(const struct log_field[]){__VA_ARGS__},                                                                       \
		sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field)
#define LOG_NO_FIELDS NULL, 0

/* Escapes control, C1 and non-UTF-8 bytes of src visibly (vis(3) style \033) into dst, always NUL-terminated. */
void log_escape(char *dst, size_t size, const char *src, size_t n);
