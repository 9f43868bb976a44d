#include "chat-client/view.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "chat-client/client.h"
#include "chat-client/codepoint.h"
#include "chat-client/completion.h"
#include "chat-client/events.h"
#include "chat-client/json.h"
#include "chat-client/options.h"
#include "chat-client/prompt.h"
#include "chat-client/render.h"
#include "chat-client/stamp.h"
#include "chat-client/words.h"
#include "proto/mask.h"
#include "proto/tags.h"

enum { LABEL_NAME_MAX = 24 };

static int64_t now_ms(const struct view *v)
{
	return loop_clock(v->client->loop)->real_ms;
}

static void show(void *ctx, enum screen_stream stream, int64_t ms, struct str text)
{
	struct view *v = ctx;

	screen_line(v->screen, stream, ms, text);
}

/* The prompt is to be shown anew. */
static void refresh(struct view *v)
{
	if (v->screen->prompt)
		prompt_hide(v->screen->prompt);
}

static void stop_typing(struct view *v)
{
	if (!v->typing[0])
		return;
	v->typing[0] = '\0';
	loop_timer_stop(v->client->loop, &v->untyping);
	refresh(v);
}

static void on_untyping(struct timer *timer)
{
	stop_typing((struct view *)((char *)timer - offsetof(struct view, untyping)));
}

void view_init(struct view *v)
{
	v->history = (struct missed){v->client, &v->windows, show, v, 0};
	v->bell = VIEW_BELL_MENTION;
	v->client->recall = &v->recall;
	v->untyping.due = on_untyping;
}

static void free_names(struct vec *names)
{
	for (uint32_t i = 0; i < names->count; i++)
		mem_free(names->items[i]);
	vec_deinit(names);
}

void view_deinit(struct view *v)
{
	stop_typing(v);
	recall_deinit(&v->recall);
	mem_free(v->away);
	windows_deinit(&v->windows);
	free_names(&v->nicks);
	free_names(&v->ignored);
}

void view_tell(struct view *v, struct str text)
{
	screen_line(v->screen, text.n && text.p[0] == '!' ? SCREEN_ERRORS : SCREEN_REST, now_ms(v), text);
}

static int find_nick(const struct view *v, struct str nick)
{
	for (uint32_t i = v->nicks.count; i-- > 0;) {
		if (client_same_name(v->client, str_of(v->nicks.items[i]), nick))
			return (int)i;
	}
	return -1;
}

static void forget_nick(struct view *v, struct str nick)
{
	int at = find_nick(v, nick);

	if (at < 0)
		return;
	mem_free(v->nicks.items[at]);
	memmove(&v->nicks.items[at], &v->nicks.items[at + 1], (v->nicks.count - (uint32_t)at - 1) * sizeof(void *));
	v->nicks.count--;
}

static void note_nick(struct view *v, struct str nick)
{
	if (!nick.n || client_is_me(v->client, nick))
		return;
	forget_nick(v, nick);
	if (v->nicks.count == VIEW_NICKS_MAX)
		forget_nick(v, str_of(v->nicks.items[0]));
	vec_push(&v->nicks, mem_strndup(nick.p, nick.n));
}

/* "@ana +bea" of NAMES. */
static void note_names(struct view *v, struct str list)
{
	struct str word;

	while (str_split(&list, ' ', &word)) {
		while (word.n && strchr("~&@%+", word.p[0])) {
			word.p++;
			word.n--;
		}
		if (word.n && find_nick(v, client_source_nick(word)) < 0)
			note_nick(v, client_source_nick(word));
	}
}

static struct str param(const struct line *line, size_t i)
{
	return i < line->nparams ? line->params[i] : STR_NONE;
}

static bool is_command(const struct line *line, const char *name)
{
	return str_eq_nocase(line->command, str_of(name));
}

/* Who is there, as far as the message says. */
static void learn_nicks(struct view *v, const struct line *line)
{
	struct str nick = client_source_nick(line->source);

	if (is_command(line, "353"))
		note_names(v, param(line, line->nparams - 1));
	else if (is_command(line, "QUIT"))
		forget_nick(v, nick);
	else if (is_command(line, "PRIVMSG") && nick.n < line->source.n)
		note_nick(v, nick);
	else if (is_command(line, "JOIN") && find_nick(v, nick) < 0)
		note_nick(v, nick);
	if (!is_command(line, "NICK") || !line->nparams)
		return;
	forget_nick(v, nick);
	note_nick(v, line->params[0]);
}

bool view_ignore(struct view *v, struct str mask)
{
	if (v->ignored.count == VIEW_IGNORED_MAX)
		return false;
	vec_push(&v->ignored, mem_strndup(mask.p, mask.n));
	return true;
}

/* The window of that name, made where there is none. NULL when there are too many. */
static struct window *open_window(struct view *v, struct str name)
{
	struct window *w = windows_find(&v->windows, name);

	if (w)
		return w;
	w = windows_get(&v->windows, name);
	for (size_t i = 0; w && v->options && i < v->options->nmuted; i++)
		w->muted |= client_same_name(v->client, str_of(v->options->muted[i]), name);
	return w;
}

static bool is_ignored(const struct view *v, const struct line *line)
{
	for (uint32_t i = 0; i < v->ignored.count; i++) {
		struct str mask = str_of(v->ignored.items[i]);
		bool whole = mask.n && memchr(mask.p, '!', mask.n);

		if (mask_match(v->client->casemap, mask, whole ? line->source : client_source_nick(line->source)))
			return true;
	}
	return false;
}

static bool is_word_end(const struct str *text, size_t at)
{
	return at == text->n || !(isalnum((unsigned char)text->p[at]) || (unsigned char)text->p[at] >= 0x80 ||
				  text->p[at] == '_' || text->p[at] == '-');
}

/* Our nick, as a word of its own. */
static bool names_us(const struct view *v, struct str text)
{
	struct str nick = str_of(v->client->nick);

	for (size_t i = 0; i + nick.n <= text.n; i++) {
		if (client_same_name(v->client, (struct str){text.p + i, nick.n}, nick) &&
		    is_word_end(&text, i + nick.n) && (!i || is_word_end(&text, i - 1)))
			return true;
	}
	return false;
}

/* The channel or person that a message belongs to. */
static struct str place_of(const struct view *v, const struct line *line)
{
	struct str target = param(line, 0);

	while (target.n > 1 && strchr("~&@%+", target.p[0]) && strchr("#&", target.p[1])) {
		target.p++;
		target.n--;
	}
	if (target.n && !strchr("#&+!", target.p[0]) && client_is_me(v->client, target))
		return client_source_nick(line->source);
	return target;
}

static bool is_current(const struct view *v, const struct window *w)
{
	return client_same_name(v->client, str_of(w->name), str_of(v->client->target));
}

static void count_message(struct view *v, struct window *w, const struct line *line)
{
	bool direct = !strchr("#&+!", w->name[0]);
	bool mention = direct || names_us(v, param(line, 1));

	if (client_is_me(v->client, line->source))
		return;
	if (!is_current(v, w)) {
		w->unread++;
		w->mentions += mention;
	}
	if (missed_is_old(w, line))
		return;
	if (v->bell == VIEW_BELL_ALL || (v->bell == VIEW_BELL_MENTION && mention))
		screen_bell(v->screen);
}

static int64_t time_of(const struct view *v, const struct line *line)
{
	struct tag tag;
	int64_t ms;

	if (line->tags.n && tags_find(line->tags, STR("time"), &tag) && stamp_parse(tag.value, &ms))
		return ms;
	return now_ms(v);
}

/* A message that people say: true when the history holds it back, or when it is not to be seen. */
static bool take_message(struct view *v, const struct line *line, const struct missed_words *words)
{
	const struct recalled *known;
	struct window *w;

	/* what servers say belongs to no window */
	if (!memchr(line->source.n ? line->source.p : "", '!', line->source.n) && is_command(line, "NOTICE"))
		return false;
	w = open_window(v, place_of(v, line));
	if (!w)
		return false;
	known = recall_find(&v->recall, recall_msgid(line));
	if (known && known->shown)
		return true;
	if (missed_message(&v->history, w, line, words))
		return true;
	recall_set_shown(&v->recall, recall_msgid(line));
	if (w->muted && !is_current(v, w))
		return true;
	count_message(v, w, line);
	return false;
}

static bool is_movement(const struct line *line)
{
	return is_command(line, "JOIN") || is_command(line, "PART") || is_command(line, "QUIT") ||
	       is_command(line, "AWAY") || is_command(line, "CHGHOST");
}

static void follow_joins(struct view *v, const struct line *line)
{
	struct window *w = NULL;

	if (!line->nparams || !client_is_me(v->client, line->source))
		return;
	if (is_command(line, "JOIN"))
		w = open_window(v, line->params[0]);
	else if (is_command(line, "PART") && (w = windows_find(&v->windows, line->params[0])))
		windows_remove(&v->windows, w);
	if (!w || !is_command(line, "JOIN"))
		return;
	if (w->msgid[0])
		missed_ask(&v->history, w);
	else if (v->last)
		missed_ask_last(&v->history, w, v->last);
}

/* The tag says who writes at the moment; nothing else of a TAGMSG stands in the prompt. */
static void note_typing(struct view *v, const struct line *line)
{
	struct str nick = client_source_nick(line->source);
	struct tag tag;

	if (is_command(line, "PRIVMSG") && str_eq(str_of(v->typing), nick))
		stop_typing(v);
	if (!is_command(line, "TAGMSG") || !tags_find(line->tags, STR("+typing"), &tag) ||
	    client_is_me(v->client, nick) || !client_same_name(v->client, place_of(v, line), str_of(v->client->target)))
		return;
	if (!str_eq(tag.value, STR("active"))) {
		if (str_eq(str_of(v->typing), nick))
			stop_typing(v);
	} else if (nick.n < sizeof(v->typing)) {
		memcpy(v->typing, nick.p, nick.n);
		v->typing[nick.n] = '\0';
		loop_timer_set(v->client->loop, &v->untyping, loop_clock(v->client->loop)->mono_ms + VIEW_TYPING_MS);
		refresh(v);
	}
}

/* Bytes that the message has room in, said in words. */
static size_t words_room(const struct line *line)
{
	size_t room = line->tags.n + 2 * line->source.n + 1024;

	for (size_t i = 0; i < line->nparams; i++)
		room += 2 * line->params[i].n;
	return room;
}

/* As words, or as an object; an error is told in words then as well. False: there is nothing to show. */
static bool describe(struct view *v, const struct line *line, struct buf *out, enum screen_stream *stream)
{
	bool shown = events_describe(v->client, line, out, stream);

	if (!v->screen->json)
		return shown;
	if (shown && *stream == SCREEN_ERRORS)
		screen_line(v->screen, *stream, time_of(v, line), buf_view(out));
	out->n = 0;
	out->full = false;
	*stream = SCREEN_OBJECTS;
	return json_line(out, line, now_ms(v));
}

/* What a server tells whoever comes, up to its message of the day: once is enough. */
static bool is_greeting(struct view *v, const struct line *line)
{
	if (is_command(line, "001"))
		v->greeted = v->client->welcomed;
	if (!v->greeted || line->command.n != 3 || line->command.p[0] < '0' || line->command.p[0] > '9')
		return false;
	if (is_command(line, "376") || is_command(line, "422"))
		v->greeted = false;
	return line->command.p[0] < '4' || is_command(line, "422");
}

/* Who is away is said once, until something else is said of them or by them. */
static bool is_known_away(struct view *v, const struct line *line)
{
	char memory[LINE_BODY_MAX];
	struct buf b;

	if (!is_command(line, "301") || line->nparams < 3) {
		/* WHOIS wants to know */
		if (is_command(line, "311") ||
		    (is_command(line, "PRIVMSG") && !client_is_me(v->client, line->source))) {
			mem_free(v->away);
			v->away = NULL;
		}
		return false;
	}
	buf_init(&b, memory, sizeof(memory));
	buf_fmt(&b, "%.*s %.*s", STR_ARG(line->params[1]), STR_ARG(line->params[2]));
	if (v->away && str_eq(str_of(v->away), buf_view(&b)))
		return true;
	mem_free(v->away);
	v->away = mem_strndup(b.p, b.n);
	return false;
}

void view_line(struct view *v, const struct line *line)
{
	bool message = is_command(line, "PRIVMSG") || is_command(line, "NOTICE");
	struct missed_words said;
	struct buf words;
	size_t room;

	v->windows.casemap = v->client->casemap;
	follow_joins(v, line);
	learn_nicks(v, line);
	if (is_ignored(v, line) || missed_control(&v->history, line))
		return;
	note_typing(v, line);
	if (is_greeting(v, line) || (!v->screen->json && is_known_away(v, line)))
		return;
	if (v->fold_joins && is_movement(line) && !client_is_me(v->client, line->source))
		return;
	if (message)
		recall_note(&v->recall, line, place_of(v, line), client_is_me(v->client, line->source));
	room = v->screen->json ? json_room(line) : words_room(line);
	buf_init(&words, mem_alloc(room), room);
	if (describe(v, line, &words, &said.stream)) {
		said.ms = time_of(v, line);
		said.text = buf_view(&words);
		if (!message || !take_message(v, line, &said))
			screen_line(v->screen, said.stream, said.ms, said.text);
	}
	mem_free(words.p);
}

void view_ready(struct view *v)
{
	struct window *w;

	for (uint32_t i = 0; (w = windows_at(&v->windows, i)); i++) {
		if (!strchr("#&+!", w->name[0]))
			missed_ask(&v->history, w);
	}
	if (v->lost_ms)
		missed_ask_who(&v->history, v->lost_ms);
}

bool view_is_waiting(const struct view *v)
{
	struct window *w;

	for (uint32_t i = 0; (w = windows_at(&v->windows, i)); i++) {
		if (w->asked)
			return true;
	}
	return false;
}

void view_end(struct view *v)
{
	const struct clock *clock = loop_clock(v->client->loop);

	missed_end(&v->history);
	v->lost_ms = v->client->welcomed ? clock->real_ms - (clock->mono_ms - v->client->heard_ms) : 0;
	stop_typing(v);
}

bool view_go(struct view *v, struct str name)
{
	struct window *w = open_window(v, name);

	if (!w)
		return false;
	w->unread = w->mentions = 0;
	stop_typing(v);
	client_set_target(v->client, str_of(w->name));
	return true;
}

bool view_go_number(struct view *v, unsigned number)
{
	struct window *w = number ? windows_at(&v->windows, number - 1) : NULL;

	return w && view_go(v, str_of(w->name));
}

static bool set_switch(bool *dst, struct str value, bool on)
{
	if (str_eq(value, STR("on")))
		*dst = on;
	else if (str_eq(value, STR("off")))
		*dst = !on;
	else
		return false;
	return true;
}

static bool set_bell(struct view *v, struct str value)
{
	static const char *const names[] = {"off", "mention", "all"};

	for (unsigned i = 0; i < 3; i++) {
		if (str_eq(value, str_of(names[i]))) {
			v->bell = (enum view_bell)i;
			return true;
		}
	}
	return false;
}

void view_settings(const struct view *v, struct buf *out)
{
	static const char *const bells[] = {"off", "mention", "all"};

	buf_fmt(out, _("* joins %s, bell %s, color %s, time %s"), v->fold_joins ? "off" : "on", bells[v->bell],
		v->screen->colour ? "on" : "off", v->screen->time);
}

bool view_set(struct view *v, struct str name, struct str value)
{
	if (str_eq(name, STR("joins")))
		return set_switch(&v->fold_joins, value, false);
	if (str_eq(name, STR("bell")))
		return set_bell(v, value);
	if (str_eq(name, STR("color")) || str_eq(name, STR("colour"))) {
		if (!set_switch(&v->screen->colour, value, true))
			return false;
		v->client->paint = v->screen->colour;
		return true;
	}
	if (!str_eq(name, STR("time")) || value.n >= sizeof(v->screen->time))
		return false;
	memcpy(v->screen->time, value.n ? value.p : "", value.n);
	v->screen->time[value.n] = '\0';
	return true;
}

void view_label(struct view *v, struct buf *out, bool narrow)
{
	struct str target = str_of(v->client->target);
	struct window *w, *current = windows_find(&v->windows, target);
	unsigned unread = 0, mentions = 0;

	if (narrow)
		return;
	if (current)
		current->unread = current->mentions = 0;
	target.n = target.n < LABEL_NAME_MAX ? target.n : LABEL_NAME_MAX;
	buf_str(out, target);
	for (uint32_t i = 0; (w = windows_at(&v->windows, i)); i++) {
		unread += w->muted ? 0 : w->unread;
		mentions += w->mentions;
	}
	if (unread)
		buf_fmt(out, " +%u", unread);
	if (mentions)
		buf_fmt(out, " !%u", mentions);
	if (v->typing[0])
		buf_fmt(out, _(" (%.16s types)"), v->typing);
	if (v->client->state == CLIENT_OFFLINE)
		buf_cstr(out, _(" (offline)"));
}

/* What a stranger is called is put in the line only when the terminal can show it as it is. */
static bool is_fit(const char *name)
{
	struct str rest = str_of(name);

	while (rest.n) {
		if (!render_is_fit(codepoint_take(&rest)))
			return false;
	}
	return true;
}

static bool complete_from(const struct str *word, const char *name, const char *after, struct completion *c)
{
	if (strlen(name) < word->n || !is_fit(name) || !str_eq_nocase((struct str){name, word->n}, *word))
		return false;
	if (c->skip) {
		c->skip--;
		return false;
	}
	buf_cstr(&c->out, name);
	buf_cstr(&c->out, after);
	return true;
}

bool view_complete(struct view *v, struct str typed, struct completion *c)
{
	size_t at = typed.n;
	struct str word;
	struct window *w;

	while (at && typed.p[at - 1] != ' ')
		at--;
	word = (struct str){typed.p + at, typed.n - at};
	c->replaced = word.n;
	for (uint32_t i = 0; (w = windows_at(&v->windows, i)); i++) {
		if (word.n && strchr("#&+!", word.p[0]) && complete_from(&word, w->name, " ", c))
			return true;
	}
	for (uint32_t i = v->nicks.count; i-- > 0 && word.n;) {
		if (complete_from(&word, v->nicks.items[i], at ? " " : ": ", c))
			return true;
	}
	return false;
}
