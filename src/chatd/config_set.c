#include "chatd/config_set.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/jwt.h"
#include "account/mail.h"
#include "base/mem.h"
#include "chatd/config_value.h"
#include "loop/child.h"
#include "proto/modes.h"
#include "proto/utf8.h"
#include "session/country.h"
#include "session/password.h"

/*
 * One setter for each type of key. `at` points to what it sets; what it cannot use it complains about, leaving that as
 * it was.
 */
typedef void (*set_fn)(struct config_job *job, const struct config_key *key, void *at, const char *value);

static void complain_wanted(struct config_job *job, const struct config_key *key, const char *value)
{
	config_complain(job, "\"%s\" is not %s", value, key->help);
}

/* NULL unsets. */
static void replace_text(char **at, const char *value)
{
	char *old = *at;

	*at = mem_strdup(value);
	mem_free(old);
}

static bool is_plain_text(const char *value)
{
	for (const char *p = value; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	}
	return utf8_valid(str_of(value));
}

static bool check_text(struct config_job *job, const struct config_key *key, const char *value)
{
	if (!is_plain_text(value)) {
		config_complain(job, "the value holds a control byte, or is not UTF-8");
		return false;
	}
	if (strlen(value) < key->min) {
		config_complain(job, "the value is empty; wanted is %s", key->help);
		return false;
	}
	if (strlen(value) > key->max) {
		config_complain(job, "the value has more than %llu bytes", (unsigned long long)key->max);
		return false;
	}
	return true;
}

static void set_text(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	if (check_text(job, key, value))
		replace_text(at, *value ? value : NULL);
}

static void set_word(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	if (!check_text(job, key, value))
		return;
	if (value[0] == ':' || strchr(value, ' '))
		complain_wanted(job, key, value);
	else
		replace_text(at, value);
}

static void set_url(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	static const struct str scheme = STR("https://");
	struct str url = str_of(value);

	if (!check_text(job, key, value))
		return;
	if (url.n && (!str_starts(url, scheme) || url.n == scheme.n || strchr(value, ' ')))
		complain_wanted(job, key, value);
	else
		replace_text(at, value);
}

/* Clients tell a server from a user by its name: it holds what a nick cannot be mistaken for. */
static void set_host(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

	if (!check_text(job, key, value))
		return;
	if (value[strspn(value, allowed)] || value[0] == '-' || value[0] == '.')
		complain_wanted(job, key, value);
	else
		replace_text(at, value);
}

/* A new string: the path as it is meant where it stands in job->file. */
static char *resolve_path(const struct config_job *job, const char *path)
{
	const char *slash = job->file ? strrchr(job->file, '/') : NULL;
	size_t dir = slash ? (size_t)(slash - job->file) + 1 : 0;
	char *whole;

	if (path[0] == '/' || dir == 0)
		return mem_strdup(path);
	whole = mem_alloc(dir + strlen(path) + 1);
	memcpy(whole, job->file, dir);
	memcpy(whole + dir, path, strlen(path) + 1);
	return whole;
}

static void set_path(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	char **path = at;

	(void)key;
	mem_free(*path);
	*path = *value ? resolve_path(job, value) : NULL;
}

static void set_number_in_range(struct config_job *job, const struct config_key *key, uint32_t *at, uint64_t n)
{
	if (n < key->min || n > key->max)
		config_complain(job, "%llu is out of range: wanted is %s from %llu to %llu", (unsigned long long)n,
				key->help, (unsigned long long)key->min, (unsigned long long)key->max);
	else
		*at = (uint32_t)n;
}

static void set_number(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	unsigned long long n;

	if (str_u64(str_of(value), UINT32_MAX, &n))
		set_number_in_range(job, key, at, n);
	else
		complain_wanted(job, key, value);
}

static void set_size(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	uint64_t n;

	if (config_value_size(value, &n))
		set_number_in_range(job, key, at, n);
	else
		complain_wanted(job, key, value);
}

static void set_duration(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	int64_t *ms = at;
	uint64_t n;

	if (!config_value_duration(value, &n))
		complain_wanted(job, key, value);
	else if (n < key->min || n > key->max)
		config_complain(job, "\"%s\" is out of range: wanted is a duration from %llus to %llus", value,
				(unsigned long long)key->min / 1000, (unsigned long long)key->max / 1000);
	else
		*ms = (int64_t)n;
}

/* 0 says the same as "never". */
static void set_period(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	if (strcasecmp(value, "never") == 0)
		*(int64_t *)at = 0;
	else
		set_duration(job, key, at, value);
}

static void set_bool(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	if (!config_value_bool(value, at))
		complain_wanted(job, key, value);
}

static void set_line(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	if (!check_text(job, key, value))
		return;
	if (*value)
		text_lines_add(at, value);
	else
		text_lines_clear(at);
}

/* Fills dst with the whole file and a NUL. NULL, or what is wrong. */
static const char *read_file(const char *path, char *dst, size_t size)
{
	FILE *f = fopen(path, "re");
	bool failed;
	size_t n;

	if (!f)
		return strerror(errno);
	n = fread(dst, 1, size, f);
	failed = ferror(f);
	(void)fclose(f);
	if (failed)
		return "it cannot be read";
	if (n == size)
		return "it is too large";
	dst[n] = '\0';
	return strlen(dst) == n ? NULL : "it holds a NUL byte";
}

/* A new string with the bytes of a small file. NULL: complained about. */
static char *read_small_file(struct config_job *job, const char *value)
{
	enum { SIZE = 64 * 1024 };
	char *path = resolve_path(job, value);
	char *bytes = mem_alloc(SIZE);
	const char *why = read_file(path, bytes, SIZE);

	if (why) {
		config_complain(job, "%s: %s", path, why);
		mem_free(bytes);
		bytes = NULL;
	}
	mem_free(path);
	return bytes;
}

/* The next line of *rest, without its end; *rest moves on. NULL: there is none. */
static char *next_line(char **rest)
{
	char *line = *rest;
	size_t n = strcspn(line, "\n");

	if (*line == '\0')
		return NULL;
	*rest = line + n + (line[n] == '\n');
	if (n && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	return line;
}

static void set_lines(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	char *bytes = *value ? read_small_file(job, value) : mem_strdup("");
	char *rest = bytes;
	char *line;

	(void)key;
	if (!bytes)
		return;
	if (utf8_valid(str_of(bytes))) {
		text_lines_clear(at);
		while ((line = next_line(&rest)))
			text_lines_add(at, line);
	} else {
		config_complain(job, "%s is not UTF-8", value);
	}
	mem_free(bytes);
}

static void set_password(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	if (password_is_hashed(value) && !password_is_sound(value))
		config_complain(job, "this looks like a hashed password, and is none that chatd --hash-password makes");
	else
		set_text(job, key, at, value);
}

static void set_secret(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	char *bytes = read_small_file(job, value);
	char *rest = bytes;
	char *line;

	if (!bytes)
		return;
	line = next_line(&rest);
	set_password(job, key, at, line ? line : "");
	explicit_bzero(bytes, strlen(bytes));
	mem_free(bytes);
}

static void set_jwt_algorithm(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	const struct jwt_algorithm **algorithm = at, *found = jwt_algorithm_find(value);

	if (found)
		*algorithm = found;
	else
		complain_wanted(job, key, value);
}

static void set_jwt_public(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	char *bytes = read_small_file(job, value);

	(void)key;
	if (bytes && !jwt_key_set_public(at, str_of(bytes)))
		config_complain(job, "%s: it holds no such public key, neither in PEM nor in JSON", value);
	if (bytes)
		explicit_bzero(bytes, strlen(bytes));
	mem_free(bytes);
}

static void set_jwt_secret(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	char *bytes = read_small_file(job, value), *rest = bytes, *line;

	(void)key;
	if (!bytes)
		return;
	line = next_line(&rest);
	if (!line || !jwt_key_set_secret(at, str_of(line)))
		config_complain(job, "%s: there is no secret in its first line", value);
	explicit_bzero(bytes, strlen(bytes));
	mem_free(bytes);
}

static void set_countries(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	struct countries **countries = at, *fresh;
	char *path = *value ? resolve_path(job, value) : NULL;
	const char *why = "";

	(void)key;
	fresh = path ? countries_open(path, &why) : NULL;
	if (path && !fresh) {
		config_complain(job, "%s: %s", path, why);
	} else {
		countries_free(*countries);
		*countries = fresh;
	}
	mem_free(path);
}

static void set_servers(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	if (*value && !config_value_servers(value))
		complain_wanted(job, key, value);
	else
		set_text(job, key, at, value);
}

/* As session->certfp has it. */
static void set_certfp(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	enum { HEX = 64 };
	char hex[HEX + 1];
	size_t n = 0;

	for (const char *p = value; *p; p++) {
		if (*p == ':')
			continue;
		if (n == HEX || !isxdigit((unsigned char)*p)) {
			n = 0;
			break;
		}
		hex[n++] = (char)tolower((unsigned char)*p);
	}
	hex[n] = '\0';
	if (n == HEX)
		replace_text(at, hex);
	else
		complain_wanted(job, key, value);
}

static void set_privileges(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	struct str bad;

	(void)key;
	if (!privileges_parse(str_of(value), at, &bad))
		config_complain(job, "there is no privilege \"%.*s\"", STR_ARG(bad));
}

static void set_steps(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	struct str bad;

	(void)key;
	if (!emergency_parse(str_of(value), at, &bad))
		config_complain(job, "there is no step \"%.*s\"", STR_ARG(bad));
}

static void set_endpoint(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	(void)key;
	(void)at;
	if (*value)
		config_add_endpoint(job, value);
	else
		config_clear_endpoints(job->out);
}

static void set_address(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	struct config_listen *listen = at;
	struct endpoint e;
	char why[160] = "";

	if (strstr(value, "://") || strchr(value, '?')) {
		complain_wanted(job, key, value);
	} else if (*value && endpoint_parse(&e, value, why, sizeof(why)) < 0) {
		config_complain(job, "%s", why);
	} else {
		replace_text(&listen->text, *value ? value : NULL);
		if (*value)
			listen->at = e;
	}
}

static void add_network(struct config_networks *networks, const struct cidr *c)
{
	networks->items = mem_realloc(networks->items, (networks->count + 1) * sizeof(*networks->items));
	networks->items[networks->count++] = *c;
}

static void set_networks(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	struct config_networks *networks = at;
	struct cidr network;

	if (*value == '\0')
		networks->count = 0;
	else if (networks->count == CONFIG_NETWORKS_MAX)
		config_complain(job, "there are more than %d of them", CONFIG_NETWORKS_MAX);
	else if (cidr_parse(&network, str_of(value)))
		add_network(networks, &network);
	else
		complain_wanted(job, key, value);
	networks->set = true;
}

static void set_casemap(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	if (!casemap_parse(value, at))
		complain_wanted(job, key, value);
}

static void set_language(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	if (!language_find(str_of(value), at))
		complain_wanted(job, key, value);
}

static uint32_t chan_mode_bit(char letter)
{
	const struct chan_mode *mode = chan_mode_find(letter);

	return mode && mode->type == CHAN_MODE_FLAG && mode->bit != CHAN_REGISTERED ? mode->bit : 0;
}

static uint32_t user_mode_bit(char letter)
{
	const struct user_mode *mode = user_mode_find(letter);

	return mode && mode->settable && mode->bit != USER_CLOAKED ? mode->bit : 0;
}

static void set_modes(struct config_job *job, uint32_t *at, const char *value, uint32_t (*bit_of)(char letter))
{
	uint32_t bits = 0;

	for (const char *p = value + (value[0] == '+'); *p; p++) {
		uint32_t bit = bit_of(*p);

		if (!bit) {
			config_complain(job, "\"%c\" is not a mode that can be set by default", *p);
			return;
		}
		bits |= bit;
	}
	*at = bits;
}

static void set_chan_modes(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	(void)key;
	set_modes(job, at, value, chan_mode_bit);
}

static void set_user_modes(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	(void)key;
	set_modes(job, at, value, user_mode_bit);
}

/* One entry of CLIENTTAGDENY: "*", a tag's name, or one with '-' in front that is let through after all. */
static bool is_tag_entry(struct str entry)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-./";

	if (str_eq(entry, STR("*")))
		return true;
	if (entry.n && entry.p[0] == '-')
		entry = (struct str){entry.p + 1, entry.n - 1};
	for (size_t i = 0; i < entry.n; i++) {
		if (!memchr(allowed, entry.p[i], sizeof(allowed) - 1))
			return false;
	}
	return entry.n > 0;
}

static void set_tags(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	struct str rest = str_of(value);
	struct str entry;

	if (!check_text(job, key, value))
		return;
	while (str_split(&rest, ',', &entry)) {
		if (!is_tag_entry(entry)) {
			config_complain(job, "\"%.*s\" is neither \"*\" nor a tag without its '+'", STR_ARG(entry));
			return;
		}
	}
	replace_text(at, *value ? value : NULL);
}

static void set_log_level(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{"error", LOG_LEVEL_ERR}, {"warning", LOG_LEVEL_WARNING}, {"notice", LOG_LEVEL_NOTICE},
		{"info", LOG_LEVEL_INFO}, {"debug", LOG_LEVEL_DEBUG},
	};
	enum log_level *level = at;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(value, levels[i].name) == 0) {
			*level = levels[i].level;
			return;
		}
	}
	complain_wanted(job, key, value);
}

static void set_nick_policy(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	static const char *const words[] = {
		[NICK_STRICT] = "strict", [NICK_LENIENT] = "lenient", [NICK_OPEN] = "none"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i]) == 0) {
			*(enum nick_policy *)at = (enum nick_policy)i;
			return;
		}
	}
	complain_wanted(job, key, value);
}

static void set_history(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	enum chan_history h = chan_history_parse(str_of(value));

	if (h == CHAN_HISTORY_USUAL)
		complain_wanted(job, key, value);
	else
		*(enum chan_history *)at = h;
}

static void set_mail(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	if (*value && !mail_address_valid(value))
		complain_wanted(job, key, value);
	else
		replace_text(at, *value ? value : NULL);
}

static void set_command(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	if (!check_text(job, key, value))
		return;
	if (*value && !child_command_valid(value))
		complain_wanted(job, key, value);
	else
		replace_text(at, *value ? value : NULL);
}

static void set_outgoing(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	struct str bad;

	(void)key;
	if (!outgoing_kinds_parse(str_of(value), at, &bad))
		config_complain(job, "there is no event \"%.*s\"", STR_ARG(bad));
}

static void set_tls_name(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	static const char *const words[] = {
		[TLS_NAME_NONE] = "none", [TLS_NAME_CN] = "cn", [TLS_NAME_UID] = "uid", [TLS_NAME_EMAIL] = "email"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i]) == 0) {
			*(enum tls_name *)at = (enum tls_name)i;
			return;
		}
	}
	complain_wanted(job, key, value);
}

static void set_dnsbl_action(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	static const char *const names[] = {
		[DNSBL_MARK] = "mark", [DNSBL_ACCOUNT] = "require-account", [DNSBL_REFUSE] = "refuse"};
	enum dnsbl_action *action = at;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) == 0) {
			*action = (enum dnsbl_action)i;
			return;
		}
	}
	complain_wanted(job, key, value);
}

static void set_durability(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	static const char *const names[] = {
		[DURABILITY_POWER] = "power", [DURABILITY_CRASH] = "crash", [DURABILITY_NONE] = "none"};
	enum durability *durability = at;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) == 0) {
			*durability = (enum durability)i;
			return;
		}
	}
	complain_wanted(job, key, value);
}

static void set_log_target(struct config_job *job, const struct config_key *key, void *at, const char *value)
{
	static const char *const names[] = {
		[CONFIG_LOG_AUTO] = "auto", [CONFIG_LOG_STDERR] = "stderr", [CONFIG_LOG_JOURNAL] = "journal"};
	enum config_log_target *target = at;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) == 0) {
			*target = (enum config_log_target)i;
			return;
		}
	}
	complain_wanted(job, key, value);
}

void config_set_value(struct config_job *job, const struct config_key *key, void *base, const char *value)
{
	static const set_fn setters[] = {
		[CONFIG_TEXT] = set_text,
		[CONFIG_WORD] = set_word,
		[CONFIG_URL] = set_url,
		[CONFIG_HOST] = set_host,
		[CONFIG_PATH] = set_path,
		[CONFIG_NUMBER] = set_number,
		[CONFIG_SIZE] = set_size,
		[CONFIG_DURATION] = set_duration,
		[CONFIG_PERIOD] = set_period,
		[CONFIG_BOOL] = set_bool,
		[CONFIG_LINE] = set_line,
		[CONFIG_LINES] = set_lines,
		[CONFIG_PASSWORD] = set_password,
		[CONFIG_SECRET] = set_secret,
		[CONFIG_SERVERS] = set_servers,
		[CONFIG_COUNTRIES] = set_countries,
		[CONFIG_CERTFP] = set_certfp,
		[CONFIG_PRIVILEGES] = set_privileges,
		[CONFIG_STEPS] = set_steps,
		[CONFIG_ENDPOINT] = set_endpoint,
		[CONFIG_ADDRESS] = set_address,
		[CONFIG_NETWORKS] = set_networks,
		[CONFIG_CASEMAP] = set_casemap,
		[CONFIG_LANGUAGE] = set_language,
		[CONFIG_CHAN_MODES] = set_chan_modes,
		[CONFIG_USER_MODES] = set_user_modes,
		[CONFIG_TAGS] = set_tags,
		[CONFIG_LOG_LEVEL] = set_log_level,
		[CONFIG_LOG_TARGET] = set_log_target,
		[CONFIG_DURABILITY] = set_durability,
		[CONFIG_NICK_POLICY] = set_nick_policy,
		[CONFIG_HISTORY] = set_history,
		[CONFIG_TLS_NAME] = set_tls_name,
		[CONFIG_MAIL] = set_mail,
		[CONFIG_COMMAND] = set_command,
		[CONFIG_DNSBL_ACTION] = set_dnsbl_action,
		[CONFIG_JWT_ALGORITHM] = set_jwt_algorithm,
		[CONFIG_JWT_PUBLIC] = set_jwt_public,
		[CONFIG_JWT_SECRET] = set_jwt_secret,
		[CONFIG_OUTGOING] = set_outgoing,
	};

	setters[key->type](job, key, (char *)base + key->at, value);
}

void config_clear_endpoints(struct config *c)
{
	while (c->nlisten)
		mem_free(c->listen[--c->nlisten].text);
}

void config_add_endpoint(struct config_job *job, const char *text)
{
	struct config *c = job->out;
	struct endpoint at;
	char why[160] = "";

	if (c->nlisten == CONFIG_LISTEN_MAX) {
		config_complain(job, "there are more than %d endpoints", CONFIG_LISTEN_MAX);
		return;
	}
	if (endpoint_parse(&at, text, why, sizeof(why)) < 0) {
		config_complain(job, "%s", why);
		return;
	}
	c->listen = mem_realloc(c->listen, (c->nlisten + 1) * sizeof(c->listen[0]));
	c->listen[c->nlisten++] = (struct config_listen){mem_strdup(text), at};
}
