#include "proto/caps.h"

static const struct cap_row rows[] = {
	{CAP_ACCOUNT_NOTIFY, "account-notify", NULL},
	{CAP_ACCOUNT_TAG, "account-tag", NULL},
	{CAP_AWAY_NOTIFY, "away-notify", NULL},
	{CAP_BATCH, "batch", NULL},
	{CAP_CAP_NOTIFY, "cap-notify", NULL},
	{CAP_CHGHOST, "chghost", NULL},
	{CAP_REGISTER, "draft/account-registration", NULL},
	{CAP_CHANNEL_RENAME, "draft/channel-rename", NULL},
	{CAP_CHATHISTORY, "draft/chathistory", NULL},
	{CAP_EVENT_PLAYBACK, "draft/event-playback", NULL},
	{CAP_EXTENDED_ISUPPORT, "draft/extended-isupport", NULL},
	{CAP_MESSAGE_EDIT, "draft/message-edit", NULL},
	{CAP_MESSAGE_REDACTION, "draft/message-redaction", NULL},
	{CAP_METADATA_2, "draft/metadata-2", NULL},
	{CAP_METADATA_3, "draft/metadata-3", NULL},
	{CAP_MULTILINE, "draft/multiline", NULL},
	{CAP_NO_IMPLICIT_NAMES, "draft/no-implicit-names", NULL},
	{CAP_OPER_TAG, "draft/oper-tag", NULL},
	{CAP_PRE_AWAY, "draft/pre-away", NULL},
	{CAP_READ_MARKER, "draft/read-marker", NULL},
	{CAP_RELAYMSG, "draft/relaymsg", "/"},
	{CAP_SEARCH, "draft/search", NULL},
	{CAP_WEBPUSH, "draft/webpush", NULL},
	{CAP_ECHO_MESSAGE, "echo-message", NULL},
	{CAP_EXTENDED_JOIN, "extended-join", NULL},
	{CAP_EXTENDED_MONITOR, "extended-monitor", NULL},
	{CAP_INVITE_NOTIFY, "invite-notify", NULL},
	{CAP_LABELED_RESPONSE, "labeled-response", NULL},
	{CAP_MESSAGE_TAGS, "message-tags", NULL},
	{CAP_MULTI_PREFIX, "multi-prefix", NULL},
	{CAP_NO_IMPLICIT_NAMES, "no-implicit-names", NULL},
	{CAP_SASL, "sasl", NULL},
	{CAP_SERVER_TIME, "server-time", NULL},
	{CAP_SETNAME, "setname", NULL},
	{CAP_SEARCH, "soju.im/search", NULL},
	{CAP_WEBPUSH, "soju.im/webpush", NULL},
	{CAP_STANDARD_REPLIES, "standard-replies", NULL},
	{CAP_STS, "sts", NULL},
	{CAP_USERHOST_IN_NAMES, "userhost-in-names", NULL},
	{CAP_ZNC_PLAYBACK, "znc.in/playback", NULL},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

const struct cap_row *caps_rows(size_t *count)
{
	*count = ROWS;
	return rows;
}

const struct cap_row *caps_find(struct str name)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (str_eq(name, str_of(rows[i].name)))
			return &rows[i];
	}
	return NULL;
}
