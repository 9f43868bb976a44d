#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "chat-client/words.h"
#include "chat_version.h"
#include "chat-client/client.h"
#include "chat-client/commands.h"
#include "chat-client/dial.h"
#include "chat-client/feed.h"
#include "chat-client/keep.h"
#include "chat-client/options.h"
#include "chat-client/multiline.h"
#include "chat-client/outgoing.h"
#include "chat-client/pasted.h"
#include "chat-client/prompt.h"
#include "chat-client/reconnect.h"
#include "chat-client/render.h"
#include "chat-client/screen.h"
#include "chat-client/secrets.h"
#include "chat-client/secure.h"
#include "chat-client/speech.h"
#include "chat-client/sts.h"
#include "chat-client/view.h"
#include "loop/signals.h"

enum { LABEL_BYTES = 128, NARROW = 16 };

/* All there is, wired together. */
struct app {
	struct options options;
	struct loop *loop;
	struct conn_hub *hub;
	struct signals *signals;
	struct client client;
	struct screen screen;
	struct view view;
	struct reconnect reconnect;
	struct speech speech;
	struct multiline multiline;
	struct pasted pasted;
	struct prompt *prompt; /* stdin is a terminal */
	struct feed feed;      /* it is not */
	struct turn_hook hook;
	bool piped;
	bool again;                   /* connect once more at once, for the options have changed */
	bool lasting;                 /* comes back when the connection is lost */
	char told[CLIENT_REASON_MAX]; /* why the last connection ended; "": that was long ago */
	bool repeats;                 /* it ended so before */
	int code;
	const char *why;
};

static const char usage[] =
	N_("usage: chat-client [options] [user@]host[:port] | name\n"
	   "\n"
	   "  -c, --channel=NAME  enter this channel; may be given again\n"
	   "  -n, --nick=NAME     the name to go by, instead of the login name\n"
	   "  -p, --port=PORT     6667 unless given, 6697 with TLS\n"
	   "      --user=NAME     the user name to give to the server\n"
	   "  -a, --account=NAME  log in to this account; the password is asked for\n"
	   "      --password-file=FILE  or is in this file\n"
	   "      --token-file=FILE     log in with the token in this file\n"
	   "  -s, --tls           TLS, as with port 6697 and ircs://\n"
	   "      --pin=PIN       the key that the server must have: sha256/...\n"
	   "      --ca=FILE       the authorities to trust, instead of the system's\n"
	   "      --cert=FILE     your certificate, and with --key=FILE its key\n"
	   "  -w, --wait          go on printing after standard input has ended\n"
	   "  -t, --tail          print for ever what is said, and come back when the server went away\n"
	   "  -H, --history=N     print the last N lines, and exit (or go on with --tail)\n"
	   "  -j, --json          print one object per message\n"
	   "      --joins=no      do not print who comes and goes\n"
	   "      --ignore=MASK   print nothing of this nick, or nick!user@host; may be given again\n"
	   "      --mute=NAME     no bell and no count for this channel or nick; may be given again\n"
	   "      --time=FORMAT   of the time in front of each line, as strftime(3); empty for none\n"
	   "      --bell=WHEN     off, mention or all\n"
	   "      --color=WHEN    auto, always or never\n"
	   "  -S, --server=NAME   as the part [NAME] of the configuration says\n"
	   "      --config=FILE   the configuration, instead of ~/.config/chat-client/config\n"
	   "  -h, --help          print this\n"
	   "  -V, --version       print the version\n"
	   "\n"
	   "host is a name, an address ([::1]:6667 too) or the path of a Unix socket; name is a\n"
	   "part of the configuration, where each option can stand as option = value.\n"
	   "Where standard input is not a terminal, its lines are said in the first channel.\n");

/* In the language of the user. */
static const char *words_of(const char *text)
{
	return *text ? _(text) : text;
}

static void tell(void *ctx, struct str text)
{
	struct app *app = ctx;

	view_tell(&app->view, text);
}

__attribute__((format(printf, 2, 3))) static void tellf(struct app *app, const char *fmt, ...)
{
	char memory[640];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(memory, sizeof(memory), fmt, args);
	va_end(args);
	if (n > 0)
		tell(app, (struct str){memory, (size_t)n < sizeof(memory) ? (size_t)n : sizeof(memory) - 1});
}

/* All that was asked for of the past is printed, and no more is wanted; or there will never be any. */
static void check_last(struct app *app, const struct line *line)
{
	if (!app->options.last || app->options.tail || app->prompt || app->piped)
		return;
	if (str_eq(line->command, STR("FAIL")) && line->nparams && str_eq(line->params[0], STR("CHATHISTORY")))
		client_quit(&app->client, STR_NONE, EX_NOPERM, N_("the server does not show its history"));
	else if (client_is_refusal(&app->client, line))
		client_quit(&app->client, STR_NONE, EX_NOPERM, N_("the server does not let us in there"));
	else if (app->client.state == CLIENT_READY && !(app->client.caps & CLIENT_CAP_HISTORY))
		client_quit(&app->client, STR_NONE, EX_UNAVAILABLE, N_("the server keeps no history"));
	else if (app->view.windows.list.count >= app->options.nchannels && !view_is_waiting(&app->view))
		client_quit(&app->client, STR_NONE, EX_OK, NULL);
}

static void on_line(void *ctx, const struct line *line)
{
	struct app *app = ctx;
	struct line whole;

	switch (multiline_take(&app->multiline, line, &whole)) {
	case MULTILINE_TAKEN:
		break;
	case MULTILINE_WHOLE:
		view_line(&app->view, &whole);
		break;
	case MULTILINE_NOT:
		if (!speech_line(&app->speech, line))
			view_line(&app->view, line);
		break;
	}
	if (app->piped)
		feed_line(&app->feed, line);
	check_last(app, line);
}

/* What a server does not echo is shown as if it had. */
static void said(void *ctx, struct str target, struct str text)
{
	struct app *app = ctx;
	struct line line = {.source = str_of(app->client.nick), .command = STR("PRIVMSG"), .params = {target, text}};

	line.nparams = 2;
	if (!(app->client.caps & CLIENT_CAP_ECHO))
		view_line(&app->view, &line);
}

static void say(void *ctx, struct str target, struct str text)
{
	struct app *app = ctx;

	speech_say(&app->speech, target, text);
}

/* Several lines, of which nobody knows that they were meant to be said. */
static void on_paste(void *ctx, struct str text, bool cut)
{
	struct app *app = ctx;
	char memory[512];
	struct buf b;

	if (!app->client.target[0] || app->client.state != CLIENT_READY) {
		tell(app, str_of(_("! nothing can be said now, and what was pasted is forgotten")));
		return;
	}
	pasted_set(&app->pasted, str_of(app->client.target), text);
	buf_init(&b, memory, sizeof(memory));
	pasted_tell(&app->pasted, cut, &b);
	tell(app, buf_view(&b));
}

static void answer_pasted(struct app *app, struct str typed)
{
	struct pasted *p = &app->pasted;

	if (!pasted_agrees(typed))
		tell(app, str_of(_("* not said")));
	else if (app->client.state != CLIENT_READY)
		tell(app, str_of(_("! not said: the server is gone")));
	else
		speech_say_lines(&app->speech, str_of(p->target), (struct str){p->text, p->n});
	pasted_drop(p);
}

static void on_ready(void *ctx)
{
	struct app *app = ctx;

	if (app->client.nick_tries)
		tellf(app, _("* the nick %s is in use: you are %s"), app->client.wish, app->client.nick);
	if (app->piped)
		feed_start(&app->feed);
	reconnect_succeeded(&app->reconnect);
	view_ready(&app->view);
}

/* A refusal is final, and so is our own wish; what else ends a connection that was once good may pass. */
static bool will_return(const struct app *app, int code)
{
	return app->lasting && app->client.welcomed && app->client.state != CLIENT_OFFLINE && !app->screen.broken &&
	       (code == EX_UNAVAILABLE || code == EX_TEMPFAIL);
}

/* A server that has TLS wants it used, now and from now on. */
static void on_sts(void *ctx, struct str value)
{
	struct app *app = ctx;
	struct options *o = &app->options;
	struct sts sts = sts_parse(value);
	char folder[KEEP_FOLDER_MAX];
	unsigned long long port;

	if (o->host[0] == '/')
		return;
	if (o->tls) {
		if (sts.has_duration && keep_folder(folder) && str_u64(str_of(o->port), UINT16_MAX, &port))
			(void)sts_keep(folder, o->host, (uint16_t)port, loop_clock(app->loop)->real_ms, sts.duration);
	} else if (sts.has_port) {
		snprintf(o->port, sizeof(o->port), "%u", sts.port);
		o->tls = true;
		app->again = true;
		client_quit(&app->client, STR_NONE, EX_OK, NULL);
	}
}

/* What a server said before, it need not say again. */
static void apply_sts(struct options *o)
{
	char folder[KEEP_FOLDER_MAX];
	uint16_t port;

	if (o->tls || o->host[0] == '/' || !keep_folder(folder) ||
	    !sts_find(folder, o->host, (int64_t)time(NULL) * 1000, &port))
		return;
	snprintf(o->port, sizeof(o->port), "%u", port);
	o->tls = true;
}

/* Once: what goes wrong again and again in the same way is not news. */
static void tell_retry(struct app *app, const char *why)
{
	app->repeats = !strcmp(app->told, why);
	if (!app->repeats)
		tellf(app, _("! %s; trying again in %d s"), why, (int)((app->reconnect.delay_ms + 999) / 1000));
	strlcpy(app->told, why, sizeof(app->told));
}

static void on_over(void *ctx, int code, const char *why)
{
	struct app *app = ctx;
	size_t unsaid;

	view_end(&app->view);
	multiline_reset(&app->multiline);
	unsaid = speech_end(&app->speech);
	if (unsaid)
		tellf(app, WORDS("! %zu line was not said", "! %zu lines were not said", unsaid), unsaid);
	if (app->again && code == EX_OK) {
		app->again = false;
		client_pause(&app->client);
		reconnect_now(&app->reconnect);
		return;
	}
	if (will_return(app, code)) {
		if (reconnect_has_lasted(&app->reconnect))
			app->told[0] = '\0';
		reconnect_start(&app->reconnect);
		tell_retry(app, why ? words_of(why) : _("the connection is lost"));
		client_pause(&app->client);
		return;
	}
	app->code = code;
	app->why = why;
	loop_stop(app->loop);
}

static void on_dialled(void *ctx, int result, const char *why)
{
	struct app *app = ctx;

	if (app->client.state != CLIENT_OFFLINE)
		return;
	if (result == -EX_NOPERM || (result < 0 && !(app->lasting && app->client.welcomed))) {
		on_over(app, -result, why);
		return;
	}
	if (result < 0) {
		tell_retry(app, why);
		return;
	}
	if (app->reconnect.report.note[0])
		tellf(app, "* %s", app->reconnect.report.note);
	if (!app->repeats)
		tell(app, str_of(_("* connected again")));
	secrets_renew(&app->options);
	app->client.binding = app->reconnect.report.binding;
	if (client_again(&app->client, app->hub, &app->reconnect.transport) < 0)
		on_over(app, EX_OSERR, N_("no connection can be made"));
}

static void on_typed(void *ctx, struct str typed)
{
	struct app *app = ctx;
	struct command_context x = {&app->client, &app->view, tell, say, said, app};

	if (app->pasted.text)
		answer_pasted(app, typed);
	else if (app->client.state == CLIENT_READY || command_parse(typed).kind == COMMAND_RUN)
		command_run(&x, outgoing_chomp(typed));
	else
		tell(app, str_of(_("! not yet: the server has not let us in")));
}

/* A terminal that is gone says so with a signal too, which may come later, or be ignored. */
static void on_typed_eof(void *ctx, bool gone)
{
	struct app *app = ctx;

	if (gone)
		client_quit(&app->client, STR_NONE, EX_IOERR, NULL);
	else if (!app->options.wait)
		client_quit(&app->client, STR_NONE, EX_OK, NULL);
}

/* Where we are, short enough to leave room for what is typed. */
static void on_label(void *ctx, char *dst, size_t size)
{
	struct app *app = ctx;
	char memory[LABEL_BYTES];
	struct buf raw, b;

	buf_init(&raw, memory, sizeof(memory));
	buf_init(&b, dst, size - sizeof("> "));
	if (app->pasted.text) {
		pasted_ask(&app->pasted, &raw);
		render_text(&b, buf_view(&raw), app->screen.ascii ? RENDER_ASCII : RENDER_PLAIN);
		dst[b.n] = '\0';
		return;
	}
	view_label(&app->view, &raw, prompt_columns() < NARROW);
	render_text(&b, buf_view(&raw), app->screen.ascii ? RENDER_ASCII : RENDER_PLAIN);
	b.cap += 2;
	buf_cstr(&b, "> ");
	dst[b.n] = '\0';
}

static void on_number(void *ctx, unsigned number)
{
	struct app *app = ctx;

	(void)view_go_number(&app->view, number);
}

static bool on_keep(void *ctx, struct str typed)
{
	const struct app *app = ctx;

	return command_may_be_kept(typed, app->client.target);
}

static bool on_complete(void *ctx, struct str typed, struct completion *c)
{
	struct app *app = ctx;

	if (typed.n && typed.p[0] == '/' && !memchr(typed.p, ' ', typed.n))
		return command_complete(typed, c);
	return view_complete(&app->view, typed, c);
}

/* ~/.local/state/chat-client/history-HOST, for each server; its directories are made when they are not there. */
static void keep_history(struct app *app)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char path[PATH_MAX];
	int n;

	if (state && *state == '/')
		n = snprintf(path, sizeof(path), "%s/chat-client/history-%s", state, app->options.host);
	else if (home && *home == '/')
		n = snprintf(path, sizeof(path), "%s/.local/state/chat-client/history-%s", home, app->options.host);
	else
		return;
	if (n < 0 || (size_t)n >= sizeof(path))
		return;
	for (char *p = path + n - strlen(app->options.host); *p; p++)
		*p = *p == '/' ? '_' : *p;
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)mkdir(path, 0700);
		*p = '/';
	}
	prompt_history(app->prompt, path);
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
	} else if (signo == SIGINT && app->prompt && (prompt_clear(app->prompt) || app->pasted.text)) {
		if (app->pasted.text)
			answer_pasted(app, STR("-"));
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
	(void)setlocale(LC_TIME, "");
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
	static const struct prompt_handlers typed = {on_typed,    on_typed_eof, on_label, on_number,
						     on_complete, on_paste,     on_keep};
	static const struct feed_handlers fed = {said, on_fed};

	if (!app->piped && !app->lasting)
		return 0;
	if (app->options.tail)
		return 0;
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
	keep_history(app);
	return prompt_start(app->prompt);
}

/* What is wanted of colours, days, bells. */
static void set_look(struct app *app)
{
	const char *no = getenv("NO_COLOR");
	bool can = terminal_can_edit() && !(no && *no);

	app->screen.colour =
		app->options.colour == OPTIONS_COLOUR_ALWAYS || (app->options.colour == OPTIONS_COLOUR_AUTO && can);
	app->client.paint = app->screen.colour;
	app->view.client = &app->client;
	app->view.screen = &app->screen;
	app->view.last = app->options.last;
	view_init(&app->view);
	if (app->options.bell[0])
		(void)view_set(&app->view, STR("bell"), str_of(app->options.bell));
	app->view.fold_joins = app->options.fold_joins;
	app->view.options = &app->options;
	for (size_t i = 0; i < app->options.nignored; i++)
		(void)view_ignore(&app->view, str_of(app->options.ignored[i]));
}

/* As under nohup: who began us wants us to stay. */
static bool is_ignored(int signo)
{
	struct sigaction action;

	return sigaction(signo, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static int start(struct app *app, const struct transport *t)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH, SIGHUP, 0};
	static const int unhung[] = {SIGINT, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH, 0};
	static const struct client_handlers handlers = {on_ready, on_line, on_sts, on_over};
	int r = loop_new(&app->loop);

	if (r)
		return r;
	app->hook.run = on_turn_end;
	loop_hook_add(app->loop, &app->hook);
	r = conn_hub_new(&app->hub, app->loop);
	if (!r)
		r = signals_new(&app->signals, app->loop, is_ignored(SIGHUP) ? unhung : signos, on_signal, app);
	if (r)
		return r;
	app->client.options = &app->options;
	app->client.handlers = &handlers;
	app->client.ctx = app;
	app->speech = (struct speech){.client = &app->client, .said = said, .ctx = app};
	app->reconnect.loop = app->loop;
	app->reconnect.options = &app->options;
	app->reconnect.dialled = on_dialled;
	app->reconnect.ctx = app;
	reconnect_init(&app->reconnect);
	set_look(app);
	r = client_init(&app->client, app->hub, app->loop, t);
	return r ? r : start_input(app);
}

static void stop(struct app *app)
{
	if (app->piped && app->feed.loop)
		feed_deinit(&app->feed);
	app->screen.prompt = NULL;
	prompt_free(app->prompt);
	pasted_drop(&app->pasted);
	multiline_reset(&app->multiline);
	(void)speech_end(&app->speech);
	view_deinit(&app->view);
	client_deinit(&app->client);
	/* the thread may be waiting for an address for long; the end of the process is its end */
	if (app->reconnect.dialling)
		return;
	reconnect_deinit(&app->reconnect);
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
	struct secure_report report = {0};
	struct transport t;
	bool prints = app->options.tail || app->options.last;
	const char *why;
	int r;

	app->piped = !isatty(STDIN_FILENO) && !prints;
	app->lasting = app->options.tail || (!app->piped && !prints);
	if (prints && !app->options.nchannels)
		return complain(_("no channel (-c) says what to print"), EX_USAGE);
	if (app->piped && !app->options.nchannels)
		return complain(_("standard input is not a terminal, and no channel (-c) says where its lines go"),
				EX_USAGE);
	strlcpy(app->screen.time, app->options.time, sizeof(app->screen.time));
	app->screen.quiet = (app->piped && !app->options.wait) || (prints && !app->options.tail);
	app->screen.json = app->options.json;
	why = secrets_find(&app->options);
	if (why)
		return complain(why, EX_CONFIG);
	apply_sts(&app->options);
	r = dial_server(&app->options, &t, &report);
	if (r < 0)
		return complain(report.why, -r);
	if (report.note[0])
		(void)complain(report.note, EX_OK);
	app->client.binding = report.binding;
	r = start(app, &t);
	if (!r)
		r = loop_run(app->loop);
	stop(app);
	if (r)
		return complain(strerror(-r), EX_OSERR);
	return app->why ? complain(words_of(app->why), app->code) : app->code;
}

/* $XDG_CONFIG_HOME/chat-client/config, or ~/.config/chat-client/config. NULL: the environment names no home. */
static const char *find_config(char path[PATH_MAX])
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	int n;

	if (config && *config == '/')
		n = snprintf(path, PATH_MAX, "%s/chat-client/config", config);
	else if (home && *home == '/')
		n = snprintf(path, PATH_MAX, "%s/.config/chat-client/config", home);
	else
		return NULL;
	return n < PATH_MAX ? path : NULL;
}

int main(int argc, char **argv)
{
	static struct app app;
	const struct passwd *pw = getpwuid(getuid());
	char config[PATH_MAX], why[PATH_MAX + 512];
	struct options_args args = {argc, argv, pw ? pw->pw_name : getenv("LOGNAME"), find_config(config)};

	open_standard_streams();
	(void)signal(SIGPIPE, SIG_IGN);
	app.screen.ascii = choose_locale();
	words_choose(app.screen.ascii);
	switch (options_parse(&app.options, &args, why, sizeof(why))) {
	case OPTIONS_HELP:
		return fputs(_(usage), stdout) < 0 ? EX_IOERR : EX_OK;
	case OPTIONS_VERSION:
		return printf("chat-client %s\n", CHAT_VERSION) < 0 ? EX_IOERR : EX_OK;
	case OPTIONS_WRONG:
		complain(why, EX_USAGE);
		fputs(_("Try 'chat-client --help'.\n"), stderr);
		return EX_USAGE;
	case OPTIONS_CONFIG:
		return complain(why, EX_CONFIG);
	case OPTIONS_RUN:
		break;
	}
	return run(&app);
}
