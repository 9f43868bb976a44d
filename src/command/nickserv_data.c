#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "command/account_edit.h"
#include "command/command.h"
#include "command/login.h"
#include "command/nickserv.h"
#include "command/services.h"
#include "network/access.h"
#include "network/account.h"

/* What people may ask of what is known of them, in words. command/known.h is the same for programs, and all of it. */

static const char self[] = "NickServ";

enum { DATE_MAX = 32 };

static const char *date(char dst[DATE_MAX], int64_t ms)
{
	struct buf b;

	buf_init(&b, dst, DATE_MAX - 1);
	buf_time(&b, ms);
	dst[b.n] = '\0';
	return dst;
}

static void tell_access(const struct service_ask *a, const struct account_kept *item)
{
	struct str channel;
	uint8_t rank;

	if (access_parse(str_of(item->text), &channel, &rank))
		services_say(a->call->session, self, "Channel: %.*s, %s", STR_ARG(channel),
			     reply_words(a->call->session,
					 rank == RANK_OWNER ? N_("which is yours") : N_("where you have a rank")));
}

static void tell_item(const struct service_ask *a, const struct account_kept *item)
{
	struct session *s = a->call->session;
	char memory[DATE_MAX];

	switch (item->kind) {
	case ACCOUNT_NICK:
		services_say(s, self, "Nick: %s", item->text);
		break;
	case ACCOUNT_CERTFP:
		services_say(s, self, "Certificate: %s", item->text);
		break;
	case ACCOUNT_SEEN:
		services_say(s, self, "Device: %s, last seen %s",
			     strcmp(item->text, "*") == 0 ? reply_words(s, N_("without a name")) : item->text,
			     date(memory, item->time));
		break;
	case ACCOUNT_SETTING:
		services_say(s, self, "Setting: %s", item->text);
		break;
	case ACCOUNT_METADATA:
		services_say(s, self, "Metadata: %s", item->text);
		break;
	case ACCOUNT_CHANNEL:
		tell_access(a, item);
		break;
	default:
		break;
	}
}

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; text && (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

static void tell_connection(const struct service_ask *a)
{
	const struct user *u = a->call->user;

	services_say(a->call->session, self, "You are %s!%s@%s, from %s, and in %u channels.", user_nick(u),
		     user_text(u, USER_NAME), user_text(u, USER_HOST), user_text(u, USER_ADDRESS),
		     (unsigned)u->memberships.count);
}

void nickserv_data(const struct service_ask *a)
{
	const struct account *me = login_account(a->call->env, a->call->session);
	struct session *s = a->call->session;
	char memory[DATE_MAX];

	services_say(s, self, "Account: %s, registered %s", account_text(me, ACCOUNT_NAME), date(memory, me->created));
	if (*account_text(me, ACCOUNT_EMAIL))
		services_say(s, self, "E-mail: %s", account_text(me, ACCOUNT_EMAIL));
	if (*account_text(me, ACCOUNT_VHOST))
		services_say(s, self, "Host: %s", account_text(me, ACCOUNT_VHOST));
	for (uint32_t i = 0; i < me->items.count; i++)
		tell_item(a, me->items.items[i]);
	services_say(s, self, "Proof that you are its owner: %s%s",
		     reply_words(s, *account_text(me, ACCOUNT_CREDENTIALS) ? N_("a password") : N_("no password")),
		     account_count(me, ACCOUNT_TOTP) ? reply_words(s, N_(", and a second factor")) : "");
	if (account_count(me, ACCOUNT_PUSH))
		services_say(s, self, "Devices that messages are pushed to: %u", (unsigned)account_count(me, ACCOUNT_PUSH));
	services_say(s, self, "Memos: %u. Channels and people of which it is known how far you have read: %u.",
		     (unsigned)account_count(me, ACCOUNT_MEMO), count_lines(me->markers));
	tell_connection(a);
	service_tell(a,
		     "What you said is kept for a time: HISTSERV EXPORT shows it all, with the above, as JSON lines.");
	service_tell(a, "HISTSERV FORGET deletes what you said, FORGETME all that is known of you.");
}

void nickserv_forgetme(const struct service_ask *a)
{
	const struct account *me = login_account(a->call->env, a->call->session);
	char what[LINE_BODY_MAX], code[SERVICE_CODE_SIZE + 1];

	snprintf(what, sizeof(what), "all of %s", account_text(me, ACCOUNT_FOLDED));
	service_drop_code(a, what, (uint64_t)me->created, code);
	if (!service_word(a, 0)) {
		service_tell(a, "This gives your account up, with its nicks and its channels, and deletes everything "
				"that you said "
				"with it, and whatever else is kept of you. It can not be undone.");
		services_say(a->call->session, self, "HISTSERV EXPORT shows what that is. FORGETME %s does it.", code);
	} else if (strcasecmp(a->words[0], code) != 0) {
		service_tell(a, "That is not the code. FORGETME alone tells it.");
	} else {
		account_forget(me, a->call->env, a->call->session);
		service_tell(a, "The account is no more, and what was kept of you is being deleted.");
	}
}
