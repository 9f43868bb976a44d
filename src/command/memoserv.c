#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "command/account_edit.h"
#include "command/command.h"
#include "command/login.h"
#include "command/services.h"

static const char self[] = "MemoServ";

enum { MEMOS_MAX = 20, MEMO_MAX = 400, DATE_MAX = 32 };

static const struct account *own(const struct service_ask *a)
{
	return login_account(a->call->env, a->call->session);
}

/* The nth memo, from 1; NULL: there is none. */
static const struct account_kept *memo(const struct account *a, unsigned long long nth)
{
	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct account_kept *item = a->items.items[i];

		if (item->kind == ACCOUNT_MEMO && --nth == 0)
			return item;
	}
	return NULL;
}

/* What stands behind the name of the account, the blanks between its words made one each. */
static void text_of(const struct service_ask *a, struct buf *out)
{
	buf_str(out, account_str(own(a), ACCOUNT_NAME));
	buf_chr(out, ' ');
	service_join(a, 1, out);
}

static void tell_devices(const struct service_ask *a, const struct account *to)
{
	const struct vec *users = network_users(a->call->env->net);

	for (uint32_t i = 0; i < users->count; i++) {
		const struct user *u = users->items[i];

		if (!str_eq(user_str(u, USER_ACCOUNT), account_str(to, ACCOUNT_NAME)))
			continue;
		for (struct session *s = u->sessions; s; s = s->next_own)
			if (s != a->call->session)
				services_say(s, self, "You have a new memo. READ LAST shows it.");
	}
}

static void run_send(const struct service_ask *a)
{
	const struct account *to = network_account_of_nick(a->call->env->net, str_of(a->words[0]));
	char text[MEMO_MAX];
	struct account_edit e;
	struct buf b;

	buf_init(&b, text, sizeof(text));
	text_of(a, &b);
	if (!to) {
		service_tell(a, "There is no such account.");
	} else if (b.full) {
		service_tell(a, "This memo is too long.");
	} else if (account_count(to, ACCOUNT_MEMO) >= MEMOS_MAX) {
		service_tell(a, "That account has as many memos as it may.");
	} else {
		account_edit_begin(&e, to);
		if (!account_edit_add(&e, ACCOUNT_MEMO, buf_view(&b), loop_clock(a->call->env->hub->loop)->real_ms) ||
		    !account_edit_submit(&e, a->call->env)) {
			service_tell(a, "That could not be done: try again.");
			return;
		}
		service_tell(a, "The memo is left.");
		tell_devices(a, network_account_of_nick(a->call->env->net, str_of(a->words[0])));
	}
}

static void show(const struct service_ask *a, unsigned nth, const struct account_kept *item, bool whole)
{
	const char *text = strchr(item->text, ' ');
	char date[DATE_MAX];
	struct buf b;

	buf_init(&b, date, sizeof(date) - 1);
	buf_time(&b, item->time);
	date[b.n] = '\0';
	services_say(a->call->session, self, "%u: from %.*s, %s%s%s", nth,
		     text ? (int)(text - item->text) : (int)strlen(item->text), item->text, date, whole ? ":" : "",
		     whole && text ? text : "");
}

static void run_list(const struct service_ask *a)
{
	const struct account_kept *item;
	unsigned n = 0;

	while ((item = memo(own(a), n + 1)))
		show(a, ++n, item, false);
	services_say(a->call->session, self, "You have %u memos.", n);
}

/* "LAST", or a number. 0: neither. */
static unsigned number_of(const struct service_ask *a)
{
	unsigned long long n;

	if (strcasecmp(a->words[0], "LAST") == 0)
		return account_count(own(a), ACCOUNT_MEMO);
	return str_u64(str_of(a->words[0]), MEMOS_MAX, &n) ? (unsigned)n : 0;
}

static void run_read(const struct service_ask *a)
{
	unsigned n = number_of(a);
	const struct account_kept *item = n ? memo(own(a), n) : NULL;

	if (item)
		show(a, n, item, true);
	else
		service_tell(a, "There is no such memo.");
}

static void drop_nth(struct account_edit *e, unsigned nth)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < e->r.account.nitems; i++)
		if (e->items[i].kind != ACCOUNT_MEMO || --nth != 0)
			e->items[kept++] = e->items[i];
	e->r.account.nitems = kept;
}

static void run_del(const struct service_ask *a)
{
	bool all = strcasecmp(a->words[0], "ALL") == 0;
	unsigned n = all ? 0 : number_of(a);
	struct account_edit e;

	if (!all && (!n || !memo(own(a), n))) {
		service_tell(a, "There is no such memo.");
		return;
	}
	account_edit_begin(&e, own(a));
	if (all)
		account_edit_drop(&e, ACCOUNT_MEMO, STR_NONE);
	else
		drop_nth(&e, n);
	service_tell(a, account_edit_submit(&e, a->call->env) ? N_("Done.") : N_("That could not be done: try again."));
}

static const struct service_row rows[] = {
	{"SEND", 2, true, run_send, N_("<account> <text>"), N_("Leaves a memo for somebody.")},
	{"LIST", 0, true, run_list, "", N_("Lists the memos that were left for you.")},
	{"READ", 1, true, run_read, N_("<number>|LAST"), N_("Shows one.")},
	{"DEL", 1, true, run_del, N_("<number>|LAST|ALL"), N_("Removes one, or all.")},
};

const struct service *memoserv(void)
{
	static const struct service service = {self, N_("MemoServ keeps messages for those who are away."), rows,
					       sizeof(rows) / sizeof(rows[0])};

	return &service;
}
