#include "command/services.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "account/credential.h"
#include "account/logins.h"
#include "base/mem.h"
#include "command/command.h"
#include "command/families.h"
#include "command/login.h"

static const struct str names[] = {STR("NickServ"), STR("ChanServ"), STR("HostServ"), STR("MemoServ"), STR("HistServ")};

bool services_is_name(struct str nick)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_nocase(nick, names[i]))
			return true;
	return false;
}

const struct service *services_find(struct str nick)
{
	const struct service *const all[] = {nickserv(), chanserv(), memoserv(), histserv(), hostserv()};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (str_eq_nocase(nick, str_of(all[i]->name)))
			return all[i];
	return NULL;
}

void services_say(struct session *s, const char *service, const char *fmt, ...)
{
	char line[2 * LINE_BODY_MAX];
	const char *server = s->hub->server->name;
	int at = snprintf(line, sizeof(line), ":%s!%s@%s NOTICE %s :", service, service, server, session_nick(s));
	int n;
	va_list ap;

	va_start(ap, fmt);
	n = vsnprintf(line + at, sizeof(line) - (size_t)at, reply_words(s, fmt), ap);
	va_end(ap);
	if (n > 0)
		reply_line(s, STR_NONE, str_of(line));
}

void services_tell(struct session *s, const char *service, const char *english)
{
	services_say(s, service, "%s", reply_words(s, english));
}

static const struct service_row *row_of(const struct service *service, const char *name)
{
	for (size_t i = 0; i < service->count; i++)
		if (strcasecmp(service->rows[i].name, name) == 0)
			return &service->rows[i];
	return NULL;
}

static void help_all(struct session *s, const struct service *service)
{
	services_tell(s, service->name, service->about);
	for (size_t i = 0; i < service->count; i++)
		services_say(s, service->name, "%-9s %s", service->rows[i].name, reply_words(s, service->rows[i].help));
	services_say(s, service->name, "HELP <command> tells how one is used.");
}

static void help(struct session *s, const struct service *service, const char *topic)
{
	const struct service_row *row = topic ? row_of(service, topic) : NULL;

	if (!topic) {
		help_all(s, service);
	} else if (row) {
		services_say(s, service->name, "%s %s", row->name, reply_words(s, row->usage));
		services_tell(s, service->name, row->help);
	} else {
		services_say(s, service->name, "There is no such command. HELP lists all.");
	}
}

static void run(struct service_ask *a, const char *name)
{
	struct session *s = a->call->session;

	a->row = row_of(a->service, name);
	if (strcasecmp(name, "HELP") == 0)
		help(s, a->service, service_word(a, 0));
	else if (!a->row)
		services_say(s, a->service->name, "There is no such command. HELP lists all.");
	else if (a->row->account && !login_account(a->call->env, s))
		services_say(s, a->service->name, "You need to be logged in to an account for that.");
	else if (a->n < a->row->min)
		service_usage(a);
	else
		a->row->run(a);
}

void service_usage(const struct service_ask *a)
{
	struct session *s = a->call->session;

	services_say(s, a->service->name, "Usage: %s %s", a->row->name, reply_words(s, a->row->usage));
}

void service_tell(const struct service_ask *a, const char *english)
{
	services_tell(a->call->session, a->service->name, english);
}

void service_join(const struct service_ask *a, size_t from, struct buf *out)
{
	for (size_t i = from; i < a->n; i++) {
		if (i > from)
			buf_chr(out, ' ');
		buf_cstr(out, a->words[i]);
	}
}

/* The last word that there is room for is all that is left. */
static char *next_word(char **rest, bool last)
{
	char *word;

	if (*rest)
		*rest += strspn(*rest, " ");
	if (!last)
		return strsep(rest, " ");
	word = *rest;
	*rest = NULL;
	return word;
}

/* A copy, for the words end with a NUL each; there may be a password among them. */
void services_ask(const struct call *call, const struct service *service, struct str text)
{
	struct service_ask a = {.call = call, .service = service};
	char *copy = mem_strndup(text.n ? text.p : "", text.n), *rest = copy, *word;
	const char *name = NULL;

	while (a.n < SERVICE_WORDS_MAX && (word = next_word(&rest, a.n == SERVICE_WORDS_MAX - 1))) {
		if (!*word)
			continue;
		if (!name)
			name = word;
		else
			a.words[a.n++] = word;
	}
	run(&a, name ? name : "HELP");
	explicit_bzero(copy, text.n);
	mem_free(copy);
}

static void run_service(struct call *call, const struct service *service)
{
	char text[LINE_BODY_MAX];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	for (size_t i = 0; i < call->msg->nparams; i++) {
		if (i)
			buf_chr(&b, ' ');
		buf_cstr(&b, call->msg->params[i]);
	}
	services_ask(call, service, buf_view(&b));
	explicit_bzero(text, sizeof(text));
}

static void run_nickserv(struct call *call)
{
	run_service(call, nickserv());
}

static void run_chanserv(struct call *call)
{
	run_service(call, chanserv());
}

static void run_memoserv(struct call *call)
{
	run_service(call, memoserv());
}

static void run_histserv(struct call *call)
{
	run_service(call, histserv());
}

static void run_hostserv(struct call *call)
{
	run_service(call, hostserv());
}

static const struct command rows[] = {
	{"HOSTSERV", ROLE_USER, 0, 10, -1, run_hostserv}, {"HS", ROLE_USER, 0, 10, -1, run_hostserv},
	{"HISTSERV", ROLE_USER, 0, 10, -1, run_histserv}, {"MEMOSERV", ROLE_USER, 0, 10, -1, run_memoserv},
	{"MS", ROLE_USER, 0, 10, -1, run_memoserv},       {"CHANSERV", ROLE_USER, 0, 10, -1, run_chanserv},
	{"CS", ROLE_USER, 0, 10, -1, run_chanserv},       {"NICKSERV", ROLE_USER, 0, 10, -1, run_nickserv},
	{"NS", ROLE_USER, 0, 10, -1, run_nickserv},
};

const struct command *command_family_services(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

void service_drop_code(const struct service_ask *a, const char *name, uint64_t revision,
		       char code[SERVICE_CODE_SIZE + 1])
{
	unsigned char bytes[CREDENTIAL_KEY_SIZE] = {0};
	char text[LINE_BODY_MAX];
	int n = snprintf(text, sizeof(text), "drop %s %llu", name, (unsigned long long)revision);

	credential_hmac(bytes, logins_secret(a->call->env->logins), (struct str){text, (size_t)n});
	str_hex(code, bytes, SERVICE_CODE_SIZE / 2);
}
