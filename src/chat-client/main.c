#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "chat_version.h"
#include "chat-client/client.h"
#include "chat-client/commands.h"
#include "chat-client/dial.h"
#include "chat-client/events.h"
#include "chat-client/feed.h"
#include "chat-client/options.h"
#include "chat-client/outgoing.h"
#include "chat-client/prompt.h"
#include "chat-client/render.h"
#include "chat-client/screen.h"
#include "chat-client/stamp.h"
#include "loop/signals.h"
#include "proto/tags.h"

enum { LABEL_CHARACTERS = 24, NARROW = 16 };

/* All there is, wired together. */
struct app {
	struct options options;
	struct loop *loop;
	struct conn_hub *hub;
	struct signals *signals;
	struct client client;
	struct screen screen;
	struct prompt *prompt; /* stdin is a terminal */
	struct feed feed;      /* it is not */
	struct turn_hook hook;
	bool piped;
	int code;
	const char *why;
};

static const char usage[] = "usage: chat-client [-c channel]... [-n nick] [-p port] [-w] [user@]host[:port]\n"
			    "\n"
			    "  -c, --channel=NAME  enter this channel; may be given again\n"
			    "  -n, --nick=NAME     the name to go by, instead of the login name\n"
			    "  -p, --port=PORT     6667 unless given\n"
			    "  -w, --wait          go on printing after standard input has ended\n"
			    "  -h, --help          print this\n"
			    "  -V, --version       print the version\n"
			    "\n"
			    "host is a name, an address ([::1]:6667 too) or the path of a Unix socket.\n"
			    "Where standard input is not a terminal, its lines are said in the first channel.\n";

static int64_t now_ms(const struct app *app)
{
	return loop_clock(app->loop)->real_ms;
}

static void tell(void *ctx, struct str text)
{
	struct app *app = ctx;

	screen_line(&app->screen, text.n && text.p[0] == '!' ? SCREEN_ERRORS : SCREEN_REST, now_ms(app), text);
}

static int64_t time_of(const struct app *app, const struct line *line)
{
	struct tag tag;
	int64_t ms;

	if (line->tags.n && tags_find(line->tags, STR("time"), &tag) && stamp_parse(tag.value, &ms))
		return ms;
	return now_ms(app);
}

static void show(struct app *app, const struct line *line)
{
	char memory[LINE_MAX_BYTES + 512];
	enum screen_stream stream;
	struct buf words;

	buf_init(&words, memory, sizeof(memory));
	if (events_describe(&app->client, line, &words, &stream))
		screen_line(&app->screen, stream, time_of(app, line), buf_view(&words));
}

static void on_line(void *ctx, const struct line *line)
{
	struct app *app = ctx;

	show(app, line);
	if (app->piped)
		feed_line(&app->feed, line);
}

/* What a server does not echo is shown as if it had. */
static void said(void *ctx, struct str target, struct str text)
{
	struct app *app = ctx;
	struct line line = {.source = str_of(app->client.nick), .command = STR("PRIVMSG"), .params = {target, text}};

	line.nparams = 2;
	if (!(app->client.caps & CLIENT_CAP_ECHO))
		show(app, &line);
}

static void say(void *ctx, struct str target, struct str text)
{
	struct app *app = ctx;
	char memory[LINE_BODY_MAX];
	struct buf piece;

	buf_init(&piece, memory, client_room(&app->client, STR("PRIVMSG"), target));
	while (outgoing_take(&text, &piece)) {
		if (!client_sendf(&app->client, "PRIVMSG %.*s :%.*s", STR_ARG(target), STR_ARG(buf_view(&piece))))
			return;
		said(app, target, buf_view(&piece));
		piece.n = 0;
	}
}

static void on_ready(void *ctx)
{
	struct app *app = ctx;

	if (app->piped)
		feed_start(&app->feed);
}

static void on_over(void *ctx, int code, const char *why)
{
	struct app *app = ctx;

	app->code = code;
	app->why = why;
	loop_stop(app->loop);
}

static void on_typed(void *ctx, struct str typed)
{
	struct app *app = ctx;
	struct command_context x = {&app->client, tell, say, app};

	if (app->client.state == CLIENT_READY || command_parse(typed).kind == COMMAND_RUN)
		command_run(&x, outgoing_chomp(typed));
	else
		tell(app, STR("! not yet: the server has not let us in"));
}

static void on_typed_eof(void *ctx)
{
	struct app *app = ctx;

	if (!app->options.wait)
		client_quit(&app->client, STR_NONE, EX_OK, NULL);
}

/* The current channel, short enough to leave room for what is typed. */
static void on_label(void *ctx, char *dst, size_t size)
{
	struct app *app = ctx;
	struct str target = str_of(app->client.target);
	struct buf b;

	target.n = target.n < LABEL_CHARACTERS ? target.n : LABEL_CHARACTERS;
	buf_init(&b, dst, size - 1);
	if (prompt_columns() >= NARROW)
		render_text(&b, target, app->screen.ascii);
	buf_cstr(&b, "> ");
	dst[b.n] = '\0';
}

static void on_fed(void *ctx, int code, const char *why)
{
	struct app *app = ctx;

	if (code || !app->options.wait)
		client_quit(&app->client, STR_NONE, code, why);
}

static void suspend(struct app *app)
{
	if (app->prompt)
		prompt_suspend(app->prompt);
	(void)raise(SIGSTOP);
	if (app->prompt)
		prompt_continue(app->prompt);
}

static void on_signal(void *ctx, int signo)
{
	struct app *app = ctx;

	if (signo == SIGTSTP) {
		suspend(app);
	} else if (signo == SIGCONT) {
		if (app->prompt)
			prompt_continue(app->prompt);
	} else if (signo == SIGWINCH) {
		if (app->prompt)
			prompt_resize(app->prompt);
	} else if (signo == SIGINT && app->prompt && prompt_clear(app->prompt)) {
		return;
	} else if (app->client.state == CLIENT_LEAVING) {
		on_over(app, 128 + signo, NULL);
	} else {
		client_quit(&app->client, STR_NONE, 128 + signo, NULL);
	}
}

/* With nobody left to read, there is no reason to stay. */
static void on_turn_end(struct turn_hook *hook)
{
	struct app *app = (struct app *)((char *)hook - offsetof(struct app, hook));

	if (app->screen.broken)
		client_quit(&app->client, STR_NONE, EX_IOERR, NULL);
}

/* No socket of ours may get the number of a standard stream that somebody closed. */
static void open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", O_RDWR);
	}
}

/* True when the terminal does not take UTF-8. Where the locale says nothing, it is taken to. */
static bool choose_locale(void)
{
	const char *codeset;

	(void)setlocale(LC_CTYPE, "");
	codeset = nl_langinfo(CODESET);
	if (!strcmp(codeset, "UTF-8"))
		return false;
	if (strcmp(codeset, "ANSI_X3.4-1968") && strcmp(codeset, "US-ASCII"))
		return isatty(STDOUT_FILENO);
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return false;
}

static bool terminal_can_edit(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static int start_input(struct app *app)
{
	static const struct prompt_handlers typed = {on_typed, on_typed_eof, on_label};
	static const struct feed_handlers fed = {said, on_fed};

	if (app->piped) {
		app->feed.handlers = &fed;
		app->feed.ctx = app;
		feed_init(&app->feed, app->loop, &app->client, app->options.channels[0]);
		return 0;
	}
	app->prompt = prompt_new(app->loop, &typed, app, terminal_can_edit());
	if (!app->prompt)
		return -ENOMEM;
	app->screen.prompt = app->prompt;
	return prompt_start(app->prompt);
}

static int start(struct app *app, int fd)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH, 0};
	static const struct client_handlers handlers = {on_ready, on_line, on_over};
	int r = loop_new(&app->loop);

	if (r)
		return r;
	app->hook.run = on_turn_end;
	loop_hook_add(app->loop, &app->hook);
	r = conn_hub_new(&app->hub, app->loop);
	if (!r)
		r = signals_new(&app->signals, app->loop, signos, on_signal, app);
	if (r)
		return r;
	app->client.options = &app->options;
	app->client.handlers = &handlers;
	app->client.ctx = app;
	r = client_init(&app->client, app->hub, app->loop, fd);
	return r ? r : start_input(app);
}

static void stop(struct app *app)
{
	if (app->piped && app->feed.loop)
		feed_deinit(&app->feed);
	app->screen.prompt = NULL;
	prompt_free(app->prompt);
	client_deinit(&app->client);
	if (app->signals)
		signals_free(app->signals);
	if (app->hub)
		conn_hub_free(app->hub);
	loop_free(app->loop);
}

static int complain(const char *why, int code)
{
	fprintf(stderr, "chat-client: %s\n", why);
	return code;
}

static int run(struct app *app)
{
	char why[512];
	int fd, r;

	app->piped = !isatty(STDIN_FILENO);
	if (app->piped && !app->options.nchannels)
		return complain("standard input is not a terminal, and no channel (-c) says where its lines go",
				EX_USAGE);
	app->screen.times = true;
	app->screen.quiet = app->piped && !app->options.wait;
	fd = dial_server(&app->options, why, sizeof(why));
	if (fd < 0)
		return complain(why, -fd);
	r = start(app, fd);
	if (!r)
		r = loop_run(app->loop);
	stop(app);
	if (r)
		return complain(strerror(-r), EX_OSERR);
	return app->why ? complain(app->why, app->code) : app->code;
}

int main(int argc, char **argv)
{
	static struct app app;
	const struct passwd *pw = getpwuid(getuid());
	struct options_args args = {argc, argv, pw ? pw->pw_name : getenv("LOGNAME")};
	char why[512];

	open_standard_streams();
	(void)signal(SIGPIPE, SIG_IGN);
	app.screen.ascii = choose_locale();
	switch (options_parse(&app.options, &args, why, sizeof(why))) {
	case OPTIONS_HELP:
		return fputs(usage, stdout) < 0 ? EX_IOERR : EX_OK;
	case OPTIONS_VERSION:
		return printf("chat-client %s\n", CHAT_VERSION) < 0 ? EX_IOERR : EX_OK;
	case OPTIONS_WRONG:
		complain(why, EX_USAGE);
		fputs("Try 'chat-client --help'.\n", stderr);
		return EX_USAGE;
	case OPTIONS_RUN:
		break;
	}
	return run(&app);
}
