#include "chatd/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "net/address.h"
#include "network/change.h"
#include "network/network.h"
#include "proto/modes.h"
#include "session/session.h"

static const char *account_of(const struct user *u)
{
	const char *account = user_text(u, USER_ACCOUNT);

	return *account ? account : NULL;
}

void report_client_in(const struct session *s, const struct user *u)
{
	log_event(
		EVENT_CLIENT_IN,
		LOG_FIELDS({"CHATD_NICK", user_nick(u)}, {"CHATD_ACCOUNT", account_of(u)}, {"CHATD_PEER", s->address}),
		"%s is here, from %s", user_nick(u), s->address);
}

void report_client_out(const struct session *s, const struct user *u, const char *reason)
{
	static const char own_words[] = "Quit: ";
	bool slow = strcmp(reason, CONN_SENDQ_EXCEEDED) == 0;

	if (strncmp(reason, own_words, sizeof(own_words) - 1) == 0)
		reason = "Quit";
	log_event(slow ? EVENT_SENDQ_EXCEEDED : EVENT_CLIENT_OUT,
		  LOG_FIELDS({"CHATD_NICK", user_nick(u)}, {"CHATD_ACCOUNT", account_of(u)}, {"CHATD_PEER", s->address},
			     {"CHATD_REASON", reason}),
		  "%s left: %s", user_nick(u), reason);
}

void report_client_failed(const struct address *peer)
{
	char host[ADDRESS_TEXT_MAX];

	address_host(peer, host);
	log_event(EVENT_CLIENT_FAILED, LOG_FIELDS({"CHATD_PEER", host}),
		  "a client from %s could not be taken: no memory or no descriptor", host);
}

static void report_registration(const struct change *c, bool registered)
{
	const struct user *by = c->by;

	log_event(registered ? EVENT_CHANNEL_REGISTERED : EVENT_CHANNEL_UNREGISTERED,
		  LOG_FIELDS({"CHATD_CHANNEL", c->channel->name}, {"CHATD_NICK", by ? user_nick(by) : NULL},
			     {"CHATD_ACCOUNT", by ? account_of(by) : NULL},
			     {"CHATD_PEER", by ? user_text(by, USER_ADDRESS) : NULL}),
		  "%s is %s", c->channel->name, registered ? "registered" : "registered no more");
}

void report_channel(const struct change *c)
{
	const struct chan_mode *mode;

	if (c->type != CHANGE_CHANNEL_MODES)
		return;
	for (uint32_t i = 0; i < c->nops; i++) {
		mode = chan_mode_find(c->ops[i].letter);
		if (mode && mode->type == CHAN_MODE_FLAG && mode->bit == CHAN_REGISTERED)
			report_registration(c, c->ops[i].set);
	}
}

void report_damaged_record(uint64_t position)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, position);
	log_event(EVENT_RECORD_DAMAGED, LOG_FIELDS({"CHATD_POSITION", text}),
		  "journal: record %s is damaged and was passed over", text);
}

void report_not_kept(int err)
{
	log_event(EVENT_NOT_KEPT, LOG_FIELDS({"CHATD_REASON", strerror(-err)}),
		  "journal: a record was not taken: %s. It is delivered, but not kept", strerror(-err));
}
