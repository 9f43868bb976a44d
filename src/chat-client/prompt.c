#include "chat-client/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "base/mem.h"
#include "chat-client/codepoint.h"
#include "chat-client/completion.h"
#include "chat-client/keys.h"
#include "chat-client/layout.h"
#include "chat-client/paste.h"
#include "loop/poller.h"

enum {
	LABEL_MAX = 256,
	TYPED_MAX = 4096, /* characters of a line; more keys are not taken */
	TYPED_BYTES = TYPED_MAX * 4,
	HISTORY_LINES = 500,
	CONTROL_D = 4,
	OUTPUT_BYTES = 64 << 10,
	PASTE_PAUSE_MS = 3000, /* nothing came for so long: the end of what was pasted is lost */
};

struct prompt {
	struct loop *loop;
	const struct prompt_handlers *handlers;
	void *ctx;
	struct watch watch;
	struct timer unfinished; /* a key that may be over */
	struct turn_hook hook;
	EditLine *el; /* NULL: lines come as the terminal gives them */
	History *history;
	char *history_path; /* NULL: it is not kept */
	struct keys keys;
	struct paste paste;
	struct {
		unsigned skip;            /* words that were shown; 0: the last key was another one */
		size_t inserted;          /* characters of the last of them */
		wchar_t typed[LABEL_MAX]; /* what they stand for */
	} tab;
	wchar_t key[KEYS_OUT_MAX]; /* what the editor reads next */
	size_t key_at, key_n;
	char label[LABEL_MAX];
	unsigned columns, rows; /* as the editor knows them */
	bool started, hidden, ended;
	bool shared; /* stderr is the same terminal as stdout */
	char typed[TYPED_BYTES];
	size_t ntyped; /* without an editor: bytes of a line that is not whole */
};

/* libedit's idea of the width, which takes less than two columns for no answer. */
static void terminal_size(unsigned *columns, unsigned *rows)
{
	struct winsize size;

	*columns = 80;
	*rows = 24;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
		return;
	if (size.ws_col >= 2)
		*columns = size.ws_col;
	if (size.ws_row >= 1)
		*rows = size.ws_row;
}

unsigned prompt_columns(void)
{
	unsigned columns, rows;

	terminal_size(&columns, &rows);
	return columns;
}

static unsigned cursor_row(struct prompt *p)
{
	const LineInfoW *line = el_wline(p->el);
	wchar_t label[LABEL_MAX];
	size_t n = mbstowcs(label, p->label, LABEL_MAX);
	struct layout at = {0};
	unsigned rows, row;

	terminal_size(&at.columns, &rows);
	layout_add(&at, label, n == (size_t)-1 ? 0 : n);
	layout_add(&at, line->buffer, (size_t)(line->cursor - line->buffer));
	row = layout_row(&at, line->cursor < line->lastchar ? *line->cursor : 0);
	return row < rows ? row : rows - 1;
}

void prompt_hide(struct prompt *p)
{
	unsigned row;

	if (!p->el || !p->started || p->hidden)
		return;
	p->hidden = true;
	row = cursor_row(p);
	if (row)
		fprintf(stdout, "\r\033[%uA\033[J", row);
	else
		fputs("\r\033[J", stdout);
}

int prompt_print(struct prompt *p, int fd, struct str lines)
{
	if (!p->el || (fd != STDOUT_FILENO && !p->shared))
		return 1;
	prompt_hide(p);
	clearerr(stdout);
	(void)fwrite(lines.p, 1, lines.n, stdout);
	if ((!p->started || p->ended) && fflush(stdout) < 0)
		return -errno;
	return ferror(stdout) ? -EIO : 0;
}

/* The signal that tells of another size may come later than the size itself. */
static void follow_size(struct prompt *p)
{
	unsigned columns, rows;

	terminal_size(&columns, &rows);
	if (columns == p->columns && rows == p->rows)
		return;
	p->columns = columns;
	p->rows = rows;
	el_resize(p->el);
}

void prompt_show(struct prompt *p)
{
	if (!p->el || !p->started || p->ended)
		return;
	p->hidden = false;
	follow_size(p);
	p->handlers->label(p->ctx, p->label, sizeof(p->label));
	el_set(p->el, EL_REFRESH);
}

static void on_turn_end(struct turn_hook *hook)
{
	struct prompt *p = (struct prompt *)((char *)hook - offsetof(struct prompt, hook));

	if (p->hidden)
		prompt_show(p);
}

/* Whether the terminal is to mark what is pasted. */
static void mark_pastes(bool on)
{
	fprintf(stdout, "\033[?2004%c", on ? 'h' : 'l');
	(void)fflush(stdout);
}

void prompt_suspend(struct prompt *p)
{
	if (!p->el)
		return;
	prompt_hide(p);
	mark_pastes(false);
	el_set(p->el, EL_PREP_TERM, 0);
}

static void end(struct prompt *p, bool gone)
{
	if (p->ended)
		return;
	prompt_suspend(p);
	p->ended = true;
	loop_watch_stop(p->loop, &p->watch);
	loop_timer_stop(p->loop, &p->unfinished);
	p->handlers->eof(p->ctx, gone);
}

/*
 * Empties the editor's line and its place in the history. Leaving unbuffered mode and coming back does that; while
 * editing is off, it leaves the terminal's modes alone, so that no key is lost in between.
 */
static void reset_line(struct prompt *p)
{
	prompt_hide(p);
	el_set(p->el, EL_EDITMODE, 0);
	el_set(p->el, EL_UNBUFFERED, 0);
	el_set(p->el, EL_EDITMODE, 1);
	el_set(p->el, EL_UNBUFFERED, 1);
	p->hidden = false;
}

static void accept_line(struct prompt *p)
{
	const LineInfo *line = el_line(p->el);
	size_t n = (size_t)(line->lastchar - line->buffer);
	HistEvent event;

	if (n >= sizeof(p->typed))
		n = sizeof(p->typed) - 1;
	memcpy(p->typed, line->buffer, n);
	p->typed[n] = '\0';
	if (n && p->handlers->keep(p->ctx, (struct str){p->typed, n}))
		history(p->history, &event, H_ENTER, p->typed);
	reset_line(p);
	p->handlers->line(p->ctx, (struct str){p->typed, n});
	/* the label may be another now */
	prompt_hide(p);
}

static size_t typed_length(struct prompt *p)
{
	const LineInfoW *line = el_wline(p->el);

	return (size_t)(line->lastchar - line->buffer);
}

/* The bytes of n wide characters; as many as fit. */
static size_t narrow(char *dst, size_t size, const wchar_t *text, size_t n)
{
	mbstate_t state = {0};

	return wcsnrtombs(dst, &text, n, size, &state);
}

/* Takes n characters in front of the cursor away, and puts others there. */
static void replace(struct prompt *p, size_t n, const wchar_t *with)
{
	prompt_hide(p);
	if (n)
		el_deletestr(p->el, (int)n);
	(void)el_winsertstr(p->el, with);
}

/* What was completed becomes again what was typed, so that another word can take its place. */
static void undo_completion(struct prompt *p)
{
	if (!p->tab.skip)
		return;
	replace(p, p->tab.inserted, p->tab.typed);
}

/* The next word that fits; after the last one, what was typed. */
static void complete(struct prompt *p)
{
	const LineInfoW *line;
	char memory[LABEL_MAX];
	wchar_t new[LABEL_MAX];
	struct completion c = {.skip = p->tab.skip};
	size_t n;

	undo_completion(p);
	line = el_wline(p->el);
	n = narrow(p->typed, sizeof(p->typed), line->buffer, (size_t)(line->cursor - line->buffer));
	if (n == (size_t)-1)
		return;
	buf_init(&c.out, memory, sizeof(memory) - 1);
	if (!p->handlers->complete(p->ctx, (struct str){p->typed, n}, &c) || c.replaced >= LABEL_MAX) {
		p->tab.skip = 0;
		return;
	}
	memory[c.out.n] = '\0';
	p->typed[n] = '\0';
	n = mbstowcs(p->tab.typed, p->typed + n - c.replaced, LABEL_MAX);
	p->tab.inserted = mbstowcs(new, memory, LABEL_MAX);
	if (n == (size_t)-1 || p->tab.inserted == (size_t)-1)
		return;
	replace(p, n, new);
	p->tab.skip++;
}

void prompt_insert(struct prompt *p, struct str text)
{
	wchar_t *wide;
	size_t n = 0;

	if (!p->el || !text.n)
		return;
	wide = mem_alloc((text.n + 1) * sizeof(*wide));
	while (text.n && typed_length(p) + n < TYPED_MAX) {
		uint32_t cp = codepoint_take(&text);

		if (cp != CODEPOINT_BAD && cp >= ' ' && (cp < 0x80 || iswprint((wint_t)cp)))
			wide[n++] = (wchar_t)cp;
	}
	wide[n] = L'\0';
	prompt_hide(p);
	(void)el_winsertstr(p->el, wide);
	mem_free(wide);
}

/* One line is put where the cursor is; several are handed over with what stands around them. */
static void take_paste(struct prompt *p, struct str text)
{
	const LineInfoW *line = el_wline(p->el);
	size_t before = (size_t)(line->cursor - line->buffer), after = (size_t)(line->lastchar - line->cursor), n;
	bool cut = p->paste.cut;
	char *whole;

	if (!text.n || !memchr(text.p, '\n', text.n)) {
		prompt_insert(p, text);
		paste_drop(&p->paste);
		return;
	}
	whole = mem_alloc(text.n + 2 * TYPED_BYTES);
	n = narrow(whole, TYPED_BYTES, line->buffer, before);
	n = n == (size_t)-1 ? 0 : n;
	memcpy(whole + n, text.p, text.n);
	n += text.n;
	before = narrow(whole + n, TYPED_BYTES, line->cursor, after);
	n += before == (size_t)-1 ? 0 : before;
	paste_drop(&p->paste);
	reset_line(p);
	p->handlers->paste(p->ctx, (struct str){whole, n}, cut);
	prompt_hide(p);
	mem_free(whole);
}

/* Keys that are ours and not the editor's. */
static bool take_own_key(struct prompt *p, size_t count)
{
	if (count == 2 && p->key[1] >= '0' && p->key[1] <= '9') {
		p->handlers->number(p->ctx, p->key[1] == '0' ? 10 : (unsigned)(p->key[1] - '0'));
		prompt_hide(p);
		return true;
	}
	if (p->key[0] == KEYS_PASTE) {
		paste_begin(&p->paste);
		return true;
	}
	if (p->key[0] != '\t') {
		p->tab.skip = 0;
		return false;
	}
	complete(p);
	return true;
}

static void edit(struct prompt *p, size_t count)
{
	wchar_t first = p->key[0];
	int n;

	if (take_own_key(p, count))
		return;
	if (first == '\r' || first == '\n') {
		accept_line(p);
	} else if (first == CONTROL_D && !typed_length(p)) {
		end(p, false);
	} else if (first < ' ' || first == 0x7F || typed_length(p) < TYPED_MAX) {
		if (p->hidden)
			prompt_show(p);
		p->key_at = 0;
		p->key_n = count;
		(void)el_wgets(p->el, &n);
		p->key_n = 0;
	}
}

static void on_unfinished(struct timer *timer)
{
	struct prompt *p = (struct prompt *)((char *)timer - offsetof(struct prompt, unfinished));

	keys_drop(&p->keys);
	if (paste_is_open(&p->paste))
		take_paste(p, paste_finish(&p->paste));
}

static void take_keys(struct prompt *p, const char *bytes, size_t n)
{
	struct str text;
	size_t count;

	for (size_t i = 0; i < n && !p->ended; i++) {
		if (paste_is_open(&p->paste)) {
			if (paste_put(&p->paste, (unsigned char)bytes[i], &text))
				take_paste(p, text);
		} else if (keys_put(&p->keys, (unsigned char)bytes[i], p->key, &count) == KEYS_WHOLE) {
			edit(p, count);
		}
	}
	if (paste_is_open(&p->paste))
		loop_timer_set(p->loop, &p->unfinished, loop_clock(p->loop)->mono_ms + PASTE_PAUSE_MS);
	else if (keys_pending(&p->keys))
		loop_timer_set(p->loop, &p->unfinished, loop_clock(p->loop)->mono_ms + KEYS_WAIT_MS);
	else
		loop_timer_stop(p->loop, &p->unfinished);
}

/* Without an editor the terminal gives whole lines; one without end is handed over in parts. */
static void take_lines(struct prompt *p, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n && !p->ended; i++) {
		if (bytes[i] != '\n')
			p->typed[p->ntyped++] = bytes[i];
		if (bytes[i] == '\n' || p->ntyped == sizeof(p->typed)) {
			struct str line = {p->typed, p->ntyped};

			p->ntyped = 0;
			p->handlers->line(p->ctx, line);
		}
	}
}

/* It reads as an end of file, and is no terminal any more. */
static bool is_gone(int fd)
{
	struct termios modes;

	return tcgetattr(fd, &modes) < 0;
}

static void on_ready(struct watch *w, unsigned happened)
{
	struct prompt *p = (struct prompt *)((char *)w - offsetof(struct prompt, watch));
	char bytes[1024];
	ssize_t n = read(w->fd, bytes, sizeof(bytes));

	(void)happened;
	if (n > 0 && p->el)
		take_keys(p, bytes, (size_t)n);
	else if (n > 0)
		take_lines(p, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		end(p, is_gone(w->fd));
}

static struct prompt *of_editor(EditLine *el)
{
	struct prompt *p;

	el_get(el, EL_CLIENTDATA, &p);
	return p;
}

static char *editor_label(EditLine *el)
{
	return of_editor(el)->label;
}

static int editor_char(EditLine *el, wchar_t *c)
{
	struct prompt *p = of_editor(el);

	if (p->key_at == p->key_n)
		return 0;
	*c = p->key[p->key_at++];
	return 1;
}

/* Keys that people expect; and none that reads on by itself, for it would find nothing. */
static void bind_keys(EditLine *el)
{
	static const char *const keys[][2] = {
		{"\\034", "ed-delete-next-char"},
		{"^W", "ed-delete-prev-word"},
		{"^U", "vi-kill-line-prev"},
		{"^V", "ed-ignore"},
		{"^R", "ed-redisplay"},
		{"\\ex", "ed-ignore"},
		{"\\eX", "ed-ignore"},
	};

	el_set(el, EL_EDITOR, "emacs");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		el_set(el, EL_BIND, keys[i][0], keys[i][1], NULL);
}

static bool start_editor(struct prompt *p)
{
	HistEvent event;
	struct stat out, err;

	p->shared = fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 && S_ISCHR(err.st_mode) &&
		    out.st_rdev == err.st_rdev;
	/* what is printed and the line below it are written together */
	(void)setvbuf(stdout, NULL, _IOFBF, OUTPUT_BYTES);
	p->el = el_init("chat-client", stdin, stdout, stderr);
	p->history = history_init();
	if (!p->el || !p->history)
		return false;
	history(p->history, &event, H_SETSIZE, HISTORY_LINES);
	history(p->history, &event, H_SETUNIQUE, 1);
	el_set(p->el, EL_CLIENTDATA, p);
	el_set(p->el, EL_PROMPT, editor_label);
	el_set(p->el, EL_HIST, history, p->history);
	el_set(p->el, EL_SIGNAL, 0);
	el_set(p->el, EL_GETCFN, editor_char);
	bind_keys(p->el);
	return true;
}

struct prompt *prompt_new(struct loop *loop, const struct prompt_handlers *h, void *ctx, bool edit_lines)
{
	struct prompt *p = mem_zalloc(sizeof(*p));

	p->loop = loop;
	p->handlers = h;
	p->ctx = ctx;
	p->watch = (struct watch){.ready = on_ready, .fd = STDIN_FILENO};
	p->unfinished.due = on_unfinished;
	p->hook.run = on_turn_end;
	loop_hook_add(loop, &p->hook);
	if (edit_lines && !start_editor(p)) {
		prompt_free(p);
		return NULL;
	}
	return p;
}

void prompt_history(struct prompt *p, const char *path)
{
	HistEvent event;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *file;

	if (!p->history)
		return;
	p->history_path = mem_strdup(path);
	file = fopen(path, "re");
	if (!file)
		return;
	while ((n = getline(&line, &size, file)) > 0) {
		line[n - (line[n - 1] == '\n')] = '\0';
		if (line[0] && n < TYPED_BYTES)
			history(p->history, &event, H_ENTER, line);
	}
	free(line);
	(void)fclose(file);
}

/* Written beside its place first, so that what was there is lost only when the new one is whole. */
static void save_history(struct prompt *p)
{
	char path[PATH_MAX];
	HistEvent event;
	bool failed = false;
	int fd;

	if (!p->history_path || snprintf(path, sizeof(path), "%s.new", p->history_path) >= (int)sizeof(path))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	for (int r = history(p->history, &event, H_LAST); r >= 0; r = history(p->history, &event, H_PREV))
		failed |= dprintf(fd, "%s\n", event.str) < 0;
	failed |= close(fd) < 0;
	if (failed || rename(path, p->history_path) < 0)
		(void)unlink(path);
}

int prompt_start(struct prompt *p)
{
	p->started = true;
	if (p->el) {
		p->handlers->label(p->ctx, p->label, sizeof(p->label));
		el_set(p->el, EL_UNBUFFERED, 1);
		terminal_size(&p->columns, &p->rows);
		mark_pastes(true);
	}
	return loop_watch(p->loop, &p->watch, POLL_READ);
}

void prompt_free(struct prompt *p)
{
	if (!p)
		return;
	prompt_hide(p);
	if (p->el && p->started && !p->ended)
		mark_pastes(false);
	paste_drop(&p->paste);
	loop_watch_stop(p->loop, &p->watch);
	loop_timer_stop(p->loop, &p->unfinished);
	loop_hook_remove(p->loop, &p->hook);
	if (p->el)
		el_end(p->el);
	(void)fflush(stdout);
	if (p->history) {
		save_history(p);
		history_end(p->history);
	}
	mem_free(p->history_path);
	mem_free(p);
}

void prompt_resize(struct prompt *p)
{
	if (!p->el)
		return;
	prompt_hide(p);
	follow_size(p);
}

bool prompt_clear(struct prompt *p)
{
	if (!p->el || !p->started || p->ended || !typed_length(p))
		return false;
	reset_line(p);
	return true;
}

void prompt_continue(struct prompt *p)
{
	if (!p->el || p->ended)
		return;
	/* whoever had the terminal meanwhile may have changed its modes without libedit's knowledge */
	el_set(p->el, EL_PREP_TERM, 0);
	el_set(p->el, EL_PREP_TERM, 1);
	mark_pastes(true);
	el_resize(p->el);
	p->hidden = true;
}
