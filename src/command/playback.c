#include "command/playback.h"

#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/past.h"

#define PLAYBACK "*playback"

enum { WORDS_MAX = 4, BUFFERS_MAX = 32, SECONDS_DIGITS = 11 };

static void say(struct session *s, const char *text)
{
	reply_server(s, "NOTICE %s :" PLAYBACK ": %s", session_nick(s), reply_words(s, text));
}

/* "1764069600.123", ms, to the nearest: clients reckon in binary fractions. */
static bool take_time(struct str word, int64_t *ms)
{
	struct str rest = word, whole, part;
	unsigned long long n;
	int64_t unit = 100000;
	int64_t us = 0;

	if (!str_split(&rest, '.', &whole) || whole.n > SECONDS_DIGITS || !str_u64(whole, INT64_MAX / 2000, &n))
		return false;
	part = rest;
	for (size_t i = 0; i < part.n; i++, unit /= 10) {
		if (part.p[i] < '0' || part.p[i] > '9')
			return false;
		us += (part.p[i] - '0') * unit;
	}
	*ms = (int64_t)n * 1000 + (us + 500) / 1000;
	return true;
}

static void play_one(const struct call *call, struct str buffer, const struct past_span *span)
{
	char name[LINE_BODY_MAX];

	if (str_eq(buffer, STR("*"))) {
		past_replay(call->env, call->session, span);
		return;
	}
	if (!buffer.n || buffer.n >= sizeof(name) || buffer.p[0] == ':')
		return;
	memcpy(name, buffer.p, buffer.n);
	name[buffer.n] = '\0';
	past_replay_one(call->env, call->session, name, span);
}

static void play(const struct call *call, const struct str *words, size_t n)
{
	struct past_span span = {.limit = call->env->server->history.limit};
	struct str buffers = words[1], buffer;

	if (n < 2 || (n > 2 && !take_time(words[2], &span.after)) || (n > 3 && !take_time(words[3], &span.before))) {
		say(call->session, N_("PLAY <channel|nick|*>{,...} [<from> [<to>]], in seconds since 1970"));
		return;
	}
	/* What is of that very time is wanted too. */
	if (span.after)
		span.after--;
	for (int i = 0; i < BUFFERS_MAX && str_split(&buffers, ',', &buffer); i++)
		play_one(call, buffer, &span);
}

bool playback_takes(const struct call *call, const char *nick, struct str text)
{
	struct str words[WORDS_MAX] = {{0}}, word;
	size_t n = 0;

	if (strcasecmp(nick, PLAYBACK) != 0)
		return false;
	while (n < WORDS_MAX && str_split(&text, ' ', &word))
		if (word.n)
			words[n++] = word;
	if (n && str_eq_nocase(words[0], STR("PLAY")))
		play(call, words, n);
	else
		say(call->session, N_("There is PLAY <channel|nick|*>{,...} [<from> [<to>]]"));
	return true;
}
