#include "command/cap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "command/command.h"
#include "command/registration.h"
#include "command/sasl.h"
#include "network/metadata.h"
#include "proto/caps.h"
#include "session/server.h"

/* Bytes of a list in one CAP line, so that the line stays below 512 whatever names and nick are. */
enum { LIST_MAX = 350, VERSION_302 = 302, VALUE_MAX = 100 };

/* A list of words sent in as many lines as it takes; all but the last are marked with '*'. */
struct cap_list {
	struct session *session;
	const char *sub;
	struct buf line;
	char memory[LIST_MAX];
};

static void list_begin(struct cap_list *l, struct session *s, const char *sub)
{
	l->session = s;
	l->sub = sub;
	buf_init(&l->line, l->memory, sizeof(l->memory));
}

static void list_send(struct cap_list *l, bool more)
{
	reply_server(l->session, "CAP %s %s %s:%.*s", session_nick(l->session), l->sub, more ? "* " : "",
	             (int)l->line.n, l->line.p);
	l->line.n = 0;
}

static void list_add(struct cap_list *l, const char *name, const char *value)
{
	size_t need = strlen(name) + (value ? strlen(value) + 1 : 0) + 1;

	/* Without 302 a client knows no continued lists, and gets what fits. */
	if (l->line.n + need > l->line.cap) {
		if (!(l->session->flags & SESSION_CAP_302))
			return;
		list_send(l, true);
	}
	if (l->line.n)
		buf_chr(&l->line, ' ');
	buf_cstr(&l->line, name);
	if (value) {
		buf_chr(&l->line, '=');
		buf_cstr(&l->line, value);
	}
}

/* What there is no use for here is as if it were unknown. */
static bool offered(const struct session *s, const struct cap_row *row)
{
	const struct server *server = s->hub->server;

	if (row->cap == CAP_STS)
		return server->sts_ms && ((s->flags & SESSION_SECURE) || server->sts_port);
	if (row->cap == CAP_METADATA_2 || row->cap == CAP_METADATA_3)
		return server->metadata_max;
	if (row->cap == CAP_WEBPUSH)
		return server->webpush.on && server->webpush.key[0];
	return row->cap != CAP_REGISTER || server->accounts.registration;
}

static const char *value_of(const struct session *s, const struct cap_row *row, char memory[VALUE_MAX])
{
	switch (row->cap) {
	case CAP_SASL:
		sasl_mechanisms(s, memory, VALUE_MAX);
		return memory;
	case CAP_STS:
		if (s->flags & SESSION_SECURE)
			snprintf(memory, VALUE_MAX, "duration=%lld", (long long)s->hub->server->sts_ms / 1000);
		else
			snprintf(memory, VALUE_MAX, "port=%u", s->hub->server->sts_port);
		return memory;
	case CAP_METADATA_2:
	case CAP_METADATA_3:
		snprintf(memory, VALUE_MAX, "before-connect,max-subs=%u,max-keys=%u,max-value-bytes=%d",
			 s->hub->server->subscriptions_max, s->hub->server->metadata_max, METADATA_VALUE_MAX);
		return memory;
	case CAP_MULTILINE:
		snprintf(memory, VALUE_MAX, "max-bytes=%u,max-lines=%u", s->hub->server->multiline_bytes,
			 s->hub->server->multiline_lines);
		return memory;
	case CAP_REGISTER:
		snprintf(memory, VALUE_MAX, "%scustom-account-name%s",
			 s->hub->server->accounts.before_connect ? "before-connect," : "",
			 s->hub->server->accounts.email_required ? ",email-required" : "");
		return memory;
	default:
		return row->value;
	}
}

static void send_rows(struct session *s, const char *sub, bool only_active)
{
	size_t count;
	const struct cap_row *rows = caps_rows(&count);
	bool values = (s->flags & SESSION_CAP_302) && !only_active;
	struct cap_list l;

	list_begin(&l, s, sub);
	for (size_t i = 0; i < count; i++) {
		char memory[VALUE_MAX];

		if (!offered(s, &rows[i]) || (rows[i].cap == CAP_STS && !values) || (only_active && !session_has(s, rows[i].cap)))
			continue;
		list_add(&l, rows[i].name, values ? value_of(s, &rows[i], memory) : NULL);
	}
	list_send(&l, false);
}

static void run_ls(struct call *call)
{
	struct session *s = call->session;
	const char *version = call_param(call, 1);

	if (s->reg)
		s->reg->negotiating = true;
	if (version && strtonum(version, 0, 1000000, NULL) >= VERSION_302) {
		s->flags |= SESSION_CAP_302;
		s->caps |= CAP_BIT(CAP_CAP_NOTIFY);
	}
	send_rows(s, "LS", false);
}

static void run_list(struct call *call)
{
	send_rows(call->session, "LIST", true);
}

/* All of them or none. True: *caps is what the session has afterwards. */
static bool request(const struct session *s, struct str words, cap_set *caps)
{
	struct str word;

	*caps = s->caps;
	while (str_split(&words, ' ', &word)) {
		bool drop = word.n && word.p[0] == '-';
		const struct cap_row *row;

		if (word.n == 0)
			continue;
		row = caps_find(drop ? (struct str){word.p + 1, word.n - 1} : word);
		if (!row || row->cap == CAP_STS || !offered(s, row))
			return false;
		if (!drop)
			*caps |= CAP_BIT(row->cap);
		else if (row->cap == CAP_CAP_NOTIFY && (s->flags & SESSION_CAP_302))
			return false;
		else
			*caps &= ~CAP_BIT(row->cap);
	}
	return true;
}

static void run_req(struct call *call)
{
	struct session *s = call->session;
	const char *words = call_param(call, 1);
	cap_set caps;
	bool granted;

	if (s->reg)
		s->reg->negotiating = true;
	granted = request(s, str_of(words), &caps);
	reply_server(s, "CAP %s %s :%s", session_nick(s), granted ? "ACK" : "NAK", words ? words : "");
	if (granted)
		s->caps = caps;
}

static void run_end(struct call *call)
{
	if (!call->session->reg)
		return;
	call->session->reg->negotiating = false;
	registration_try(call);
}

void cap_run(struct call *call)
{
	static const struct {
		const char *name;
		void (*run)(struct call *call);
	} subs[] = {{"LS", run_ls}, {"LIST", run_list}, {"REQ", run_req}, {"END", run_end}};
	const char *sub = call->msg->params[0];

	for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
		if (strcasecmp(sub, subs[i].name) == 0) {
			subs[i].run(call);
			return;
		}
	}
	reply(call->session, ERR_INVALIDCAPCMD, *sub ? sub : "*");
}

void cap_tell_mechanisms(const struct command_env *env)
{
	struct session *s;

	LIST_FOREACH(s, &env->hub->sessions, all) {
		char list[VALUE_MAX], line[LIST_MAX];
		int n;

		if (!session_has(s, CAP_CAP_NOTIFY))
			continue;
		sasl_mechanisms(s, list, sizeof(list));
		n = snprintf(line, sizeof(line), ":%s CAP %s NEW :sasl%s%s", env->server->name, session_nick(s),
			     s->flags & SESSION_CAP_302 ? "=" : "", s->flags & SESSION_CAP_302 ? list : "");
		reply_unasked(s, (struct str){line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1});
	}
}
