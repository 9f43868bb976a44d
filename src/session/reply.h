#pragma once

#include "base/str.h"
#include "proto/numerics.h"
#include "session/language.h"
#include "session/session.h"

/*
 * Answers to the client whose command is running. With labeled-response all lines between answer_begin and answer_end
 * go out as one labelled line, one batch, or ACK: https://ircv3.net/specs/extensions/labeled-response
 */

/* ":server NNN nick ..." with a format of proto/numerics.h: reply(s, ERR_NOSUCHNICK, nick). Cut at 512 bytes, on a code
 * point. */
#define reply(s, ...) reply_numeric((s), __VA_ARGS__)
void reply_numeric(struct session *s, const char *digits, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* ":server ..." */
void reply_server(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A line without a source, as AUTHENTICATE is. */
void reply_bare(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * The English words in the language of the client. reply_notice and reply_standard look up what they are given by
 * themselves: there it need not be called.
 */
const char *reply_words(const struct session *s, const char *english) __attribute__((format_arg(2)));

/* FAIL, WARN, NOTE: https://ircv3.net/specs/extensions/standard-replies */
struct standard_reply {
	const char *kind; /* "FAIL", "WARN", "NOTE" */
	const char *command;
	const char *code;
	const char *context; /* parameters; NULL: none */
	const char *description;
};
void reply_standard(struct session *s, const struct standard_reply *r);
static inline void reply_fail(struct session *s, const char *command, const char *code, const char *context,
			      const char *description)
{
	reply_standard(s, &(struct standard_reply){"FAIL", command, code, context, description});
}

/* NOTICE from the server. */
void reply_notice(struct session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A notice of the server that is part of no answer, for operators. */
void reply_server_notice(struct session *s, const char *text);

/* A whole line without CR LF that is part of the answer; tags without '@', may be empty ("time" is added here). */
void reply_line(struct session *s, struct str tags, struct str body);

/*
 * https://ircv3.net/specs/extensions/batch: what is replied between begin and end is a batch of the answer, where the
 * client knows batches; else it comes plain. Batches nest. A stream that makes one over several steps leaves it before
 * each of them returns, and enters it with the next. what: its type, with parameters. The memory is the caller's, until
 * end.
 */
struct reply_batch {
	struct reply_batch *outer;
	char name[17]; /* empty: the client has no batches */
};
void reply_batch_begin(struct session *s, struct reply_batch *b, const char *what);
void reply_batch_end(struct session *s, struct reply_batch *b);
void reply_batch_leave(struct session *s, const struct reply_batch *b);
void reply_batch_enter(struct session *s, struct reply_batch *b);
/* The same, and what belongs to it and follows it at once: whole lines with their CR LF. */
void reply_lines(struct session *s, struct str tags, struct str body, struct str rest);

/* A line that is no part of any answer ("time" is added here). */
void reply_unasked(struct session *s, struct str body);

/* The same with one more tag in front of the others; empty: none. */
void reply_direct(struct session *s, struct str tag, struct str body);

/* Brackets a command. label: as sent, still escaped; empty: none. */
void answer_begin(struct session *s, struct str label);
void answer_end(struct session *s);
/* Its end now, although something of it may be missing still. */
void answer_close(struct session *s);
/* The running command answers under another label, of an earlier line; empty: under none. Nothing was said yet. */
void answer_instead(struct session *s, struct str label);
/* Makes a labelled answer a batch now, as a stream needs it. */
void answer_open(struct session *s);
/* Forgets it unsaid. */
void answer_drop(struct session *s);
