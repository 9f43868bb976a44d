#include "chatctl/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "chatctl/flat.h"
#include "chatctl/table.h"
#include "chatctl/talk.h"

enum { REQUEST_MAX = 1024 };

enum shape { SHAPE_TABLE, SHAPE_LIST, SHAPE_LINES, SHAPE_COMPLAINTS };

static const struct table_column user_columns[] = {
	{.name = "nick", .title = "NICK"},
	{.name = "user", .title = "USER"},
	{.name = "address", .title = "ADDRESS"},
	{.name = "account", .title = "ACCOUNT"},
	{.name = "modes", .title = "MODES"},
	{.name = "channels", .title = "CHANNELS", .right = true},
	{.name = "idle", .title = "IDLE", .right = true, .show = table_show_seconds},
	{.name = "sendq", .title = "SENDQ", .right = true, .show = table_show_bytes},
	{.name = "realname", .title = "REAL NAME"},
	{.name = NULL},
};

static const struct table_column channel_columns[] = {
	{.name = "channel", .title = "CHANNEL"}, {.name = "members", .title = "MEMBERS", .right = true},
	{.name = "modes", .title = "MODES"},     {.name = "registered", .title = "REGISTERED", .show = table_show_bool},
	{.name = "topic", .title = "TOPIC"},     {.name = NULL},
};

static const struct table_column ban_columns[] = {
	{.name = "ban", .title = "BAN", .right = true},
	{.name = "kind", .title = "KIND"},
	{.name = "target", .title = "TARGET"},
	{.name = "action", .title = "ACTION"},
	{.name = "until", .title = "UNTIL"},
	{.name = "hits", .title = "HITS", .right = true},
	{.name = "by", .title = "BY"},
	{.name = "reason", .title = "REASON"},
	{.name = NULL},
};

static const struct table_column account_columns[] = {
	{.name = "account", .title = "ACCOUNT"},
	{.name = "created", .title = "CREATED"},
	{.name = "suspended", .title = "SUSPENDED", .show = table_show_bool},
	{.name = "always_on", .title = "ALWAYS ON", .show = table_show_bool},
	{.name = "email", .title = "E-MAIL"},
	{.name = "note", .title = "NOTE"},
	{.name = NULL},
};

static const struct table_column outgoing_columns[] = {
	{.name = "webhook", .title = "WEBHOOK"},
	{.name = "waiting", .title = "WAITING", .right = true},
	{.name = "sent", .title = "SENT", .right = true},
	{.name = "dropped", .title = "DROPPED", .right = true},
	{.name = "refused", .title = "REFUSED", .right = true},
	{.name = "failures", .title = "FAILURES", .right = true},
	{.name = "paused_until", .title = "PAUSED UNTIL"},
	{.name = "trouble", .title = "TROUBLE"},
	{.name = NULL},
};

static const struct table_column hook_columns[] = {
	{.name = "webhook", .title = "WEBHOOK"},
	{.name = "channel", .title = "CHANNEL"},
	{.name = "created", .title = "CREATED"},
	{.name = "signed", .title = "SIGNED", .show = table_show_bool},
	{.name = "format", .title = "FORMAT"},
	{.name = NULL},
};

static const struct table_column account_fields[] = {{.name = NULL}};

static const struct table_column status_fields[] = {
	{.name = "uptime", .show = table_show_seconds},  {.name = "bytes_in", .show = table_show_bytes},
	{.name = "bytes_out", .show = table_show_bytes}, {.name = "sendq", .show = table_show_bytes},
	{.name = "buffers", .show = table_show_bytes},   {.name = NULL},
};

struct command {
	const char *name;
	size_t min, max; /* words behind it */
	size_t plain;    /* so many of them hold no blank */
	enum shape shape;
	const struct table_column *columns;
	bool ends; /* the server does */
};

static const struct command commands[] = {
	{"status", 0, 0, 0, SHAPE_LIST, status_fields, false},
	{"users", 0, 0, 0, SHAPE_TABLE, user_columns, false},
	{"channels", 0, 0, 0, SHAPE_TABLE, channel_columns, false},
	{"account", 2, OPTIONS_WORDS_MAX, 2, SHAPE_LIST, account_fields, false},
	{"webhook", 1, OPTIONS_WORDS_MAX, 2, SHAPE_LIST, account_fields, false},
	{"channel", 2, OPTIONS_WORDS_MAX, 2, SHAPE_LIST, account_fields, false},
	{"forbid", 1, OPTIONS_WORDS_MAX, 2, SHAPE_COMPLAINTS, NULL, false},
	{"outgoing", 1, 2, 2, SHAPE_COMPLAINTS, NULL, false},
	{"ban", 1, OPTIONS_WORDS_MAX, 2, SHAPE_COMPLAINTS, NULL, false},
	{"kick", 2, OPTIONS_WORDS_MAX, 2, SHAPE_COMPLAINTS, NULL, false},
	{"kill", 1, OPTIONS_WORDS_MAX, 1, SHAPE_COMPLAINTS, NULL, false},
	{"reload", 0, 0, 0, SHAPE_COMPLAINTS, NULL, false},
	{"export", 0, 0, 0, SHAPE_LINES, NULL, false},
	{"stop", 0, OPTIONS_WORDS_MAX, 0, SHAPE_COMPLAINTS, NULL, true},
	{"restart", 0, OPTIONS_WORDS_MAX, 0, SHAPE_COMPLAINTS, NULL, true},
};

/* Those whose answer is of another shape than that of the command without the word. */
static const struct {
	const char *what; /* the word behind it */
	struct command command;
} lists[] = {
	{"list", {"ban", 1, 1, 1, SHAPE_TABLE, ban_columns, false}},
	{"list", {"forbid", 1, 1, 1, SHAPE_TABLE, ban_columns, false}},
	{"suspended", {"channel", 1, 1, 1, SHAPE_TABLE, ban_columns, false}},
	{"list", {"account", 1, 1, 1, SHAPE_TABLE, account_columns, false}},
	{"export", {"account", 2, 2, 2, SHAPE_LINES, NULL, false}},
	{"list", {"webhook", 1, 1, 1, SHAPE_TABLE, hook_columns, false}},
	{"list", {"outgoing", 1, 1, 1, SHAPE_TABLE, outgoing_columns, false}},
};

static const struct command *find(const struct options *o)
{
	const char *name = o->words[0];

	for (size_t i = 0; o->nwords > 1 && i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (strcmp(lists[i].command.name, name) == 0 && strcmp(lists[i].what, o->words[1]) == 0)
			return &lists[i].command;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* False: it cannot be said in one line of words. */
static bool make_request(const struct command *command, const struct options *o, char dst[REQUEST_MAX])
{
	struct buf b;

	buf_init(&b, dst, REQUEST_MAX - 1);
	for (size_t i = 0; i < o->nwords; i++) {
		bool plain = i <= command->plain;

		if (strpbrk(o->words[i], plain ? " \r\n" : "\r\n") || (plain && !*o->words[i]))
			return false;
		if (i)
			buf_chr(&b, ' ');
		buf_cstr(&b, o->words[i]);
	}
	dst[b.n] = '\0';
	return !b.full;
}

static unsigned terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

static void complain(const char *text)
{
	char escaped[2048];

	log_escape(escaped, sizeof(escaped), text, strlen(text));
	fprintf(stderr, "chatctl: %s\n", escaped);
}

/* The last line of an answer. */
int request_conclude(const struct flat *f)
{
	static const struct {
		const char *code;
		int exit;
	} exits[] = {
		{"denied", EX_NOPERM},          {"busy", EX_TEMPFAIL},        {"no_such_user", EX_NOUSER},
		{"no_such_channel", EX_NOUSER}, {"no_such_ban", EX_NOUSER},   {"no_such_account", EX_NOUSER},
		{"no_such_webhook", EX_NOUSER},
		{"refused", EX_UNAVAILABLE},    {"config", EX_CONFIG},        {"bad_request", EX_USAGE},
		{"failed", EX_IOERR},           {"no_store", EX_UNAVAILABLE},
	};
	const char *code = flat_value(f, "code"), *error = flat_value(f, "error");

	if (strcmp(flat_value(f, "ok"), "true") == 0)
		return EX_OK;
	complain(error ? error : "the server refused, and does not say why");
	for (size_t i = 0; code && i < sizeof(exits) / sizeof(exits[0]); i++) {
		if (strcmp(exits[i].code, code) == 0)
			return exits[i].exit;
	}
	return EX_PROTOCOL;
}

/* One line of an answer that is not the last. */
static void show(const struct command *command, struct table *t, const struct flat *f)
{
	const char *complaint = flat_value(f, "complaint");

	if (command->shape == SHAPE_TABLE)
		table_row(t, f);
	else if (command->shape == SHAPE_LIST)
		table_list(stdout, f, command->columns);
	else if (complaint)
		complain(complaint);
}

static int hear(const struct command *command, struct talk *talk, bool lines, struct table *t)
{
	struct flat f;
	char *line, *copy;
	int code = EX_OK;

	while ((line = talk_next(talk, &code))) {
		copy = lines ? strdup(line) : NULL;
		if (!flat_read(&f, line)) {
			complain("the server does not speak as it should");
			code = EX_PROTOCOL;
		} else if (copy && (!flat_find(&f, "ok") || command->shape != SHAPE_LINES)) {
			puts(copy);
		}
		free(copy);
		if (code != EX_OK)
			return code;
		if (flat_find(&f, "ok"))
			return request_conclude(&f);
		if (!lines)
			show(command, t, &f);
	}
	return code;
}

static int converse(const struct command *command, const struct options *o, struct talk *talk)
{
	bool lines = o->json || command->shape == SHAPE_LINES;
	bool tabular = !lines && command->shape == SHAPE_TABLE;
	struct table *t = tabular ? table_new(stdout, command->columns, terminal_width()) : NULL;
	int code = hear(command, talk, lines, t);

	if (t)
		table_end(t, code == EX_OK);
	if (code == EX_OK && command->ends)
		code = talk_await_end(talk);
	return code;
}

int request_run(const struct options *o)
{
	const struct command *command = find(o);
	char request[REQUEST_MAX];
	struct talk *talk;
	int code;

	if (!command || o->nwords - 1 < command->min || o->nwords - 1 > command->max)
		return options_usage();
	if (!make_request(command, o, request)) {
		complain("the words do not fit a request");
		return EX_USAGE;
	}
	code = talk_open(&talk, o->socket);
	if (code != EX_OK)
		return code;
	code = talk_ask(talk, request);
	if (code == EX_OK)
		code = converse(command, o, talk);
	talk_close(talk);
	return code;
}
