#include "chatd/config_keys.h"

#include <string.h>

#include "chatd/config_value.h"
#include "network/metadata.h"
#include "network/record.h"
#include "proto/line.h"
#include "proto/name.h"

#define AT(member) offsetof(struct config, member)
#define SERVER(member) offsetof(struct config, server.member)
#define FILTER(member) offsetof(struct filter_row, member)
#define OPER(member) offsetof(struct oper_block, member)
#define CLASS(member) offsetof(struct oper_class, member)
#define WEBIRC(member) offsetof(struct webirc_block, member)
#define ZONE(member) offsetof(struct dnsbl_zone, member)
#define JWT_KEY(member) offsetof(struct jwt_key, member)
#define HOOK(member) offsetof(struct outgoing_block, member)

enum {
	SECOND = 1000,
	HOUR = 3600 * SECOND,
	DAY = 24 * HOUR,
	KILO = 1024,
	MEGA = 1024 * KILO,
	/* What still fits a line of 512 bytes beside the longest prefix, command and target. */
	TEXT_MAX = 300,
	MANY = 1000000,
};

#define CENTURY (36500ull * DAY)

static const struct config_key table[] = {
	{"server", "name", CONFIG_HOST, SERVER(name), 1, 63, "a host name"},
	{"server", "network", CONFIG_WORD, SERVER(network), 1, 63, "a word"},
	{"server", "icon", CONFIG_URL, SERVER(icon), 0, 120, "an address, https://..."},
	{"server", "filehost", CONFIG_URL, SERVER(filehost), 0, 120, "an address, https://..."},
	{"server", "description", CONFIG_TEXT, SERVER(description), 1, 200, "a text"},
	{"server", "motd", CONFIG_LINES, SERVER(motd), 0, 0, "a file"},
	{"server", "motd_text", CONFIG_LINE, SERVER(motd), 0, 400, "a line"},
	{"server", "password", CONFIG_PASSWORD, SERVER(password), 0, 128, "a text"},
	{"server", "password_file", CONFIG_SECRET, SERVER(password), 1, 128, "a file"},
	{"server", "admin_location", CONFIG_TEXT, SERVER(admin[0]), 0, 200, "a text"},
	{"server", "admin_organisation", CONFIG_TEXT, SERVER(admin[1]), 0, 200, "a text"},
	{"server", "admin_mail", CONFIG_TEXT, SERVER(admin[2]), 0, 200, "a text"},
	{"server", "casemapping", CONFIG_CASEMAP, SERVER(casemap), 0, 0, "ascii, rfc1459 or precis"},
	{"server", "language", CONFIG_LANGUAGE, SERVER(language), 0, 0, "en, es"},
	{"server", "max_clients", CONFIG_NUMBER, AT(max_clients), 0, MANY, "a number"},
	{"server", "state", CONFIG_PATH, AT(state), 0, 0, "a directory"},

	{"listen", "endpoint", CONFIG_ENDPOINT, 0, 0, 0, "an address"},

	{"log", "level", CONFIG_LOG_LEVEL, AT(log_level), 0, 0, "error, warning, notice, info or debug"},
	{"log", "target", CONFIG_LOG_TARGET, AT(log_target), 0, 0, "auto, stderr or journal"},

	{"limits", "nicklen", CONFIG_NUMBER, SERVER(nick_max), 1, NAME_NICK_MAX, "a number of bytes"},
	{"limits", "channellen", CONFIG_NUMBER, SERVER(channel_max), 2, NAME_CHANNEL_MAX, "a number of bytes"},
	{"limits", "topiclen", CONFIG_NUMBER, SERVER(topic_max), 1, TEXT_MAX + 90, "a number of bytes"},
	{"limits", "awaylen", CONFIG_NUMBER, SERVER(away_max), 1, TEXT_MAX, "a number of bytes"},
	{"limits", "kicklen", CONFIG_NUMBER, SERVER(kick_max), 1, TEXT_MAX, "a number of bytes"},
	{"limits", "realnamelen", CONFIG_NUMBER, SERVER(realname_max), 1, 200, "a number of bytes"},
	{"limits", "channels", CONFIG_NUMBER, SERVER(channels_max), 1, 10000, "a number"},
	{"limits", "list", CONFIG_NUMBER, SERVER(list_max), 1, RECORD_LIST_ITEMS_MAX, "a number"},
	{"limits", "modes", CONFIG_NUMBER, SERVER(modes_max), 1, LINE_PARAMS_MAX - 2, "a number"},
	{"limits", "targets", CONFIG_NUMBER, SERVER(targets_max), 1, 100, "a number"},
	{"limits", "monitor", CONFIG_NUMBER, SERVER(monitor_max), 1, 10000, "a number"},
	{"limits", "metadata", CONFIG_NUMBER, SERVER(metadata_max), 0, METADATA_KEYS_MAX, "a number"},
	{"limits", "metadata_changes", CONFIG_NUMBER, SERVER(metadata_minute), 1, 10000, "a number"},
	{"limits", "subscriptions", CONFIG_NUMBER, SERVER(subscriptions_max), 1, 200, "a number"},
	{"limits", "multiline_bytes", CONFIG_SIZE, SERVER(multiline_bytes), 512, 16 * KILO, "a size"},
	{"limits", "reactions", CONFIG_NUMBER, SERVER(reactions), 0, 1000, "a number"},
	{"limits", "reactions_each", CONFIG_NUMBER, SERVER(reactions_each), 0, 1000, "a number"},
	{"limits", "multiline_lines", CONFIG_NUMBER, SERVER(multiline_lines), 2, 200, "a number"},
	{"limits", "multiline_timeout", CONFIG_DURATION, SERVER(multiline_ms), 100, HOUR, "a duration"},
	{"limits", "filters", CONFIG_NUMBER, SERVER(filters_max), 0, 1000, "a number"},
	{"limits", "bans", CONFIG_NUMBER, SERVER(bans_max), 0, MANY, "a number"},
	{"limits", "sendq", CONFIG_SIZE, AT(conn_limits.sendq_max), 16 * KILO, 16 * MEGA, "a size"},
	{"limits", "recvq", CONFIG_SIZE, AT(conn_limits.recvq_max), LINE_MAX_BYTES, 4 * MEGA, "a size"},
	{"limits", "registration_timeout", CONFIG_DURATION, SERVER(registration_ms), SECOND, HOUR, "a duration"},
	{"limits", "ping_timeout", CONFIG_DURATION, SERVER(ping_ms), SECOND, DAY, "a duration"},
	{"limits", "flood_burst", CONFIG_NUMBER, SERVER(flood_burst), 1, 10000, "a number of commands"},
	{"limits", "flood_rate", CONFIG_NUMBER, SERVER(flood_rate), 1, 10000, "a number of commands"},
	{"limits", "flood_local", CONFIG_BOOL, SERVER(flood_local), 0, 0, "yes or no"},
	{"limits", "flood_exempt", CONFIG_TEXT, SERVER(flood_exempt), 0, 400, "accounts"},
	{"limits", "clients_per_address", CONFIG_NUMBER, AT(places.per_address), 0, MANY, "a number"},
	{"limits", "clients_per_network", CONFIG_NUMBER, AT(places.per_network), 0, MANY, "a number"},
	{"limits", "connects_per_address", CONFIG_NUMBER, AT(places.address_rate), 0, 60000, "a number a minute"},
	{"limits", "connects_per_network", CONFIG_NUMBER, AT(places.network_rate), 0, 60000, "a number a minute"},
	{"limits", "network_bits4", CONFIG_NUMBER, AT(network_bits4), 8, 32, "a number of bits"},
	{"limits", "network_bits6", CONFIG_NUMBER, AT(network_bits6), 16, 64, "a number of bits"},
	{"limits", "handshake_timeout", CONFIG_DURATION, AT(handshake_ms), SECOND, HOUR, "a duration"},
	{"limits", "limit_local", CONFIG_BOOL, AT(limit_local), 0, 0, "yes or no"},

	{"emergency", "level4", CONFIG_STEPS, SERVER(emergency.steps[4]), 0, 0, "steps"},
	{"emergency", "level3", CONFIG_STEPS, SERVER(emergency.steps[3]), 0, 0, "steps"},
	{"emergency", "level2", CONFIG_STEPS, SERVER(emergency.steps[2]), 0, 0, "steps"},
	{"emergency", "level1", CONFIG_STEPS, SERVER(emergency.steps[1]), 0, 0, "steps"},
	{"emergency", "name5", CONFIG_WORD, SERVER(emergency.names[5]), 1, 32, "a word"},
	{"emergency", "name4", CONFIG_WORD, SERVER(emergency.names[4]), 1, 32, "a word"},
	{"emergency", "name3", CONFIG_WORD, SERVER(emergency.names[3]), 1, 32, "a word"},
	{"emergency", "name2", CONFIG_WORD, SERVER(emergency.names[2]), 1, 32, "a word"},
	{"emergency", "name1", CONFIG_WORD, SERVER(emergency.names[1]), 1, 32, "a word"},
	{"emergency", "connects", CONFIG_NUMBER, SERVER(emergency.connects), 1, 10000, "a number"},

	{"cloak", "enabled", CONFIG_BOOL, SERVER(cloak.on), 0, 0, "yes or no"},
	{"cloak", "may_drop", CONFIG_BOOL, SERVER(cloak.may_drop), 0, 0, "yes or no"},
	{"cloak", "local", CONFIG_BOOL, SERVER(cloak.local), 0, 0, "yes or no"},
	{"cloak", "secret_file", CONFIG_SECRET, SERVER(cloak.secret), 16, 128,
	 "a file with a secret of 16 bytes or more"},

	{"line", "lobby", CONFIG_TEXT, SERVER(line.lobby), 0, NAME_CHANNEL_MAX, "a channel"},
	{"line", "last", CONFIG_NUMBER, SERVER(line.last), 0, 1000, "a number of lines"},
	{"line", "greeting", CONFIG_DURATION, SERVER(line.greet_ms), 100, HOUR, "a duration"},

	{"lookup", "hosts", CONFIG_BOOL, SERVER(lookup.hosts), 0, 0, "yes or no"},
	{"lookup", "ident", CONFIG_BOOL, SERVER(lookup.ident), 0, 0, "yes or no"},
	{"lookup", "ident_port", CONFIG_NUMBER, SERVER(lookup.ident_port), 1, 65535, "a port"},
	{"lookup", "private", CONFIG_BOOL, SERVER(lookup.special), 0, 0, "yes or no"},
	{"lookup", "timeout", CONFIG_DURATION, SERVER(lookup.timeout_ms), 100, 30 * SECOND, "a duration"},
	{"lookup", "servers", CONFIG_SERVERS, SERVER(lookup.servers), 0, 400,
	 "a list of addresses such as 192.0.2.53,[2001:db8::53]:5353"},
	{"lookup", "country", CONFIG_COUNTRIES, SERVER(lookup.countries), 0, 0, "a file"},
	{"lookup", "dnsbl_threshold", CONFIG_NUMBER, SERVER(lookup.threshold), 1, MANY, "a number"},

	{"history", "durability", CONFIG_DURABILITY, AT(durability), 0, 0, "power, crash or none"},
	{"history", "max_age", CONFIG_DURATION, AT(retention.age_ms), 0, CENTURY, "a duration"},
	{"history", "max_messages", CONFIG_NUMBER, AT(retention.count), 0, MANY * 1000, "a number"},
	{"history", "direct", CONFIG_BOOL, AT(keep_direct), 0, 0, "yes or no"},
	{"history", "events", CONFIG_BOOL, AT(keep_events), 0, 0, "yes or no"},
	{"history", "visibility", CONFIG_HISTORY, SERVER(history.usual), 0, 0, "joined, always or never"},
	{"history", "limit", CONFIG_NUMBER, SERVER(history.limit), 1, 10000, "a number"},
	{"history", "on_join", CONFIG_NUMBER, SERVER(history.on_join), 0, 1000, "a number"},
	{"history", "edit_within", CONFIG_DURATION, SERVER(edit_ms), 0, CENTURY, "a duration"},
	{"history", "redact_within", CONFIG_DURATION, SERVER(redact_ms), 0, CENTURY, "a duration"},
	{"history", "missed", CONFIG_NUMBER, SERVER(history.missed), 0, 1000, "a number"},
	{"history", "direct_max_age", CONFIG_DURATION, AT(retention.direct_age_ms), 0, CENTURY, "a duration"},
	{"history", "direct_max_messages", CONFIG_NUMBER, AT(retention.direct_count), 0, MANY * 1000, "a number"},

	{"control", "socket", CONFIG_PATH, AT(control_path), 0, 0, "a path"},
	{"control", "group", CONFIG_WORD, AT(control_group), 1, 63, "a group"},

	{"metrics", "listen", CONFIG_ADDRESS, AT(metrics), 0, 0, "an address"},

	{"proxy", "trusted", CONFIG_NETWORKS, AT(proxies), 0, 0, "an address or a network, such as 192.0.2.0/24"},
	{"proxy", "forwarded", CONFIG_BOOL, AT(forwarded), 0, 0, "yes or no"},

	{"websocket", "origin", CONFIG_LINE, AT(origins), 0, 200, "an origin, such as https://chat.example.org"},

	{"webhooks", "body", CONFIG_SIZE, AT(hook_body), KILO, MEGA, "a size"},

	{"outgoing", "allow", CONFIG_NETWORKS, AT(post.allowed), 0, 0, "an address or a network, such as 192.0.2.0/24"},
	{"outgoing", "plain", CONFIG_BOOL, AT(post.plain), 0, 0, "yes or no"},
	{"outgoing", "authorities", CONFIG_PATH, AT(post.authorities), 0, 0, "a file"},
	{"outgoing", "timeout", CONFIG_DURATION, AT(post.timeout_ms), 100, 120 * SECOND, "a duration"},
	{"outgoing", "keep", CONFIG_DURATION, AT(post.keep_ms), 0, HOUR, "a duration"},
	{"outgoing", "retry", CONFIG_DURATION, AT(outgoing.retry_ms), 10, HOUR, "a duration"},
	{"outgoing", "attempts", CONFIG_NUMBER, AT(outgoing.attempts), 1, 100, "a number"},
	{"outgoing", "pause", CONFIG_DURATION, AT(outgoing.pause_ms), SECOND, 7 * DAY, "a duration"},

	{"webpush", "enabled", CONFIG_BOOL, SERVER(webpush.on), 0, 0, "yes or no"},
	{"webpush", "contact", CONFIG_TEXT, SERVER(webpush.contact), 0, 200, "mailto:... or https://..."},
	{"webpush", "devices", CONFIG_NUMBER, SERVER(webpush.max), 1, 32, "a number"},
	{"webpush", "per_minute", CONFIG_NUMBER, SERVER(webpush.per_minute), 1, 600, "a number"},
	{"webpush", "ttl", CONFIG_DURATION, SERVER(webpush.ttl_ms), 0, 28ull * DAY, "a duration"},

	{"hook", "url", CONFIG_TEXT, HOOK(url), 1, 1000, "an address, https://..."},
	{"hook", "secret", CONFIG_TEXT, HOOK(secret), 16, 128, "a text of 16 bytes or more"},
	{"hook", "secret_file", CONFIG_SECRET, HOOK(secret), 16, 128, "a file with a secret of 16 bytes or more"},
	{"hook", "events", CONFIG_OUTGOING, HOOK(kinds), 0, 0, "a list of events"},
	{"hook", "channels", CONFIG_TEXT, HOOK(channels), 0, 400, "masks of channels"},
	{"hook", "from", CONFIG_TEXT, HOOK(from), 0, 400, "masks such as nick!user@host"},
	{"hook", "words", CONFIG_TEXT, HOOK(words), 0, 400, "words"},
	{"hook", "queue", CONFIG_NUMBER, HOOK(waiting), 1, 100000, "a number of events"},

	{"tls", "certificate", CONFIG_LINE, AT(tls.certificates), 1, 400, "a file"},
	{"tls", "key", CONFIG_LINE, AT(tls.keys), 1, 400, "a file"},
	{"tls", "kernel", CONFIG_BOOL, AT(tls.kernel), 0, 0, "yes or no"},
	{"tls", "client_ca", CONFIG_PATH, AT(tls.client_ca), 0, 0, "a file"},
	{"tls", "client_account", CONFIG_TLS_NAME, AT(tls.client_account), 0, 0, "none, cn, uid or email"},
	{"tls", "sts_port", CONFIG_NUMBER, SERVER(sts_port), 0, 65535, "a port"},
	{"tls", "sts_duration", CONFIG_DURATION, SERVER(sts_ms), 0, CENTURY, "a duration"},

	{"accounts", "registration", CONFIG_BOOL, SERVER(accounts.registration), 0, 0, "yes or no"},
	{"accounts", "before_connect", CONFIG_BOOL, SERVER(accounts.before_connect), 0, 0, "yes or no"},
	{"accounts", "required", CONFIG_BOOL, SERVER(accounts.required), 0, 0, "yes or no"},
	{"accounts", "email_required", CONFIG_BOOL, SERVER(accounts.email_required), 0, 0, "yes or no"},
	{"accounts", "autocreate", CONFIG_BOOL, SERVER(accounts.autocreate), 0, 0, "yes or no"},
	{"accounts", "email_verify", CONFIG_BOOL, SERVER(accounts.email_verify), 0, 0, "yes or no"},
	{"accounts", "password_reset", CONFIG_BOOL, SERVER(accounts.password_reset), 0, 0, "yes or no"},
	{"accounts", "multiclient", CONFIG_BOOL, SERVER(accounts.multiclient), 0, 0, "yes or no"},
	{"accounts", "always_on", CONFIG_BOOL, SERVER(accounts.always_on), 0, 0, "yes or no"},
	{"accounts", "always_on_expiry", CONFIG_DURATION, SERVER(accounts.absence_ms), 0, CENTURY, "a duration"},
	{"accounts", "expiry", CONFIG_PERIOD, SERVER(accounts.expiry_ms), 0, CENTURY, "a duration, or never"},
	{"accounts", "nick_expiry", CONFIG_PERIOD, SERVER(accounts.nick_expiry_ms), 0, CENTURY, "a duration, or never"},
	{"accounts", "nick_protection", CONFIG_NICK_POLICY, SERVER(accounts.nicks), 0, 0, "strict, lenient or none"},
	{"accounts", "guest_delay", CONFIG_DURATION, SERVER(accounts.guest_ms), SECOND, HOUR, "a duration"},
	{"accounts", "nicks", CONFIG_NUMBER, SERVER(accounts.nicks_max), 0, 32, "a number"},
	{"accounts", "channels", CONFIG_NUMBER, SERVER(accounts.channels_max), 0, 10000, "a number"},
	{"accounts", "password_min", CONFIG_NUMBER, SERVER(accounts.password_min), 1, 128, "a number of bytes"},
	{"accounts", "iterations", CONFIG_NUMBER, SERVER(accounts.iterations), 4096, 10 * MANY, "a number"},
	{"accounts", "attempts", CONFIG_NUMBER, SERVER(accounts.attempts), 0, 10000, "a number"},
	{"accounts", "attempts_per", CONFIG_DURATION, SERVER(accounts.attempts_ms), SECOND, DAY, "a duration"},

	{"helper", "command", CONFIG_COMMAND, SERVER(helper.command), 0, 400, "a path that begins with /, and words"},
	{"helper", "processes", CONFIG_NUMBER, SERVER(helper.processes), 1, HELPER_PROCESSES_MAX, "a number"},
	{"helper", "queue", CONFIG_NUMBER, SERVER(helper.queue), 1, 10000, "a number"},
	{"helper", "timeout", CONFIG_DURATION, SERVER(helper.timeout_ms), 100, 120 * SECOND, "a duration"},
	{"helper", "certificates", CONFIG_BOOL, SERVER(helper.certificates), 0, 0, "yes or no"},
	{"helper", "tokens", CONFIG_BOOL, SERVER(helper.tokens), 0, 0, "yes or no"},

	{"jwt", "issuer", CONFIG_TEXT, SERVER(jwt.issuer), 0, 300, "a text"},
	{"jwt", "audience", CONFIG_TEXT, SERVER(jwt.audience), 0, 300, "a text"},
	{"jwt", "account", CONFIG_TEXT, SERVER(jwt.claim), 1, 100, "the name of a claim"},
	{"jwt", "leeway", CONFIG_DURATION, SERVER(jwt.leeway_ms), 0, 600 * SECOND, "a duration"},

	{"jwt_key", "algorithm", CONFIG_JWT_ALGORITHM, JWT_KEY(algorithm), 0, 0,
	 "RS256, PS256, ES256, EdDSA, HS256, or one of their longer kind"},
	{"jwt_key", "public_key", CONFIG_JWT_PUBLIC, 0, 0, 0, "a file"},
	{"jwt_key", "secret_file", CONFIG_JWT_SECRET, 0, 0, 0, "a file"},

	{"mail", "from", CONFIG_MAIL, SERVER(mail.from), 0, 0, "an address of e-mail"},
	{"mail", "command", CONFIG_COMMAND, SERVER(mail.command), 0, 400, "a path that begins with /, and words"},
	{"mail", "relay", CONFIG_TEXT, SERVER(mail.relay), 0, 200, "smtp://HOST or smtps://HOST, with a port"},
	{"mail", "user", CONFIG_TEXT, SERVER(mail.user), 0, 128, "a text"},
	{"mail", "password_file", CONFIG_SECRET, SERVER(mail.password), 1, 128, "a file"},
	{"mail", "timeout", CONFIG_DURATION, SERVER(mail.timeout_ms), SECOND, 300 * SECOND, "a duration"},
	{"mail", "per_hour", CONFIG_NUMBER, SERVER(mail.per_hour), 0, 1000, "a number"},
	{"mail", "verify_time", CONFIG_DURATION, SERVER(mail.verify_ms), SECOND, 30ull * DAY, "a duration"},
	{"mail", "reset_time", CONFIG_DURATION, SERVER(mail.reset_ms), SECOND, DAY, "a duration"},

	{"channels", "unfiltered", CONFIG_TEXT, SERVER(filter_exempt), 0, 300, "masks of channels"},
	{"channels", "expiry", CONFIG_PERIOD, SERVER(channel_expiry_ms), 0, CENTURY, "a duration, or never"},
	{"channels", "default_modes", CONFIG_CHAN_MODES, SERVER(default_channel_flags), 0, 0,
	 "modes without a parameter"},
	{"users", "default_modes", CONFIG_USER_MODES, SERVER(default_user_modes), 0, 0, "modes that a user may set"},
	{"client_tags", "deny", CONFIG_TAGS, SERVER(client_tag_deny), 0, 250, "a list of tags"},

	{"oper", "password", CONFIG_PASSWORD, OPER(password), 1, 128, "a text"},
	{"oper", "password_file", CONFIG_SECRET, OPER(password), 1, 128, "a file"},
	{"oper", "mask", CONFIG_WORD, OPER(mask), 1, 128, "user@host, with '*' and '?'"},
	{"oper", "fingerprint", CONFIG_CERTFP, OPER(certfp), 0, 0, "the SHA-256 fingerprint of a certificate"},
	{"oper", "account", CONFIG_WORD, OPER(account), 1, 64, "an account"},
	{"oper", "class", CONFIG_WORD, OPER(class_name), 1, NAME_NICK_MAX, "a class"},

	{"filter", "pattern", CONFIG_TEXT, FILTER(pattern), 2, 256, "a pattern"},
	{"filter", "targets", CONFIG_WORD, FILTER(targets), 1, 16, "letters of cpntPqu, or *"},
	{"filter", "action", CONFIG_WORD, FILTER(action), 1, 32, "an action"},
	{"filter", "reason", CONFIG_TEXT, FILTER(reason), 0, 200, "a text"},

	{"webirc", "from", CONFIG_TEXT, WEBIRC(from), 1, 500, "addresses and networks"},
	{"webirc", "password", CONFIG_PASSWORD, WEBIRC(password), 1, 128, "a text"},
	{"webirc", "password_file", CONFIG_SECRET, WEBIRC(password), 1, 128, "a file"},
	{"webirc", "fingerprint", CONFIG_CERTFP, WEBIRC(certfp), 0, 0, "the SHA-256 fingerprint of a certificate"},

	{"dnsbl", "score", CONFIG_NUMBER, ZONE(score), 0, 1000, "a number"},
	{"dnsbl", "replies", CONFIG_TEXT, ZONE(replies), 1, 300, "masks of addresses"},
	{"dnsbl", "action", CONFIG_DNSBL_ACTION, ZONE(action), 0, 0, "mark, require-account or refuse"},
	{"dnsbl", "reason", CONFIG_TEXT, ZONE(reason), 0, 200, "a text"},

	{"class", "privileges", CONFIG_PRIVILEGES, CLASS(privileges), 0, 0, "privileges"},
	{"class", "title", CONFIG_TEXT, CLASS(title), 0, 100, "a text"},
};

enum { KEYS = sizeof(table) / sizeof(table[0]) };

const struct config_key *config_keys(size_t *count)
{
	*count = KEYS;
	return table;
}

const struct config_key *config_key_find(const char *section, const char *name)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(table[i].section, section) == 0 && strcmp(table[i].name, name) == 0)
			return &table[i];
	}
	return NULL;
}

const char *config_key_near(const char *section, const char *name)
{
	const char *names[KEYS];
	size_t n = 0;

	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(table[i].section, section) == 0)
			names[n++] = table[i].name;
	}
	return config_value_near(name, names, n);
}

const char *config_section_near(const char *section)
{
	const char *names[KEYS];

	for (size_t i = 0; i < KEYS; i++)
		names[i] = table[i].section;
	return config_value_near(section, names, KEYS);
}

const char *config_section_of(const char *name)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(table[i].name, name) == 0)
			return table[i].section;
	}
	return NULL;
}

bool config_section_known(const char *section)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(table[i].section, section) == 0)
			return true;
	}
	return false;
}
