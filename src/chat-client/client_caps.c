#include "chat-client/client.h"

#include "chat-client/options.h"
#include "chat-client/words.h"

struct wish {
	const char *name;
	unsigned bit;
};

/* Sorted by name; all of them fit in one CAP REQ. */
static const struct wish wishes[] = {
	{"away-notify", CLIENT_CAP_OTHER},
	{"batch", CLIENT_CAP_BATCH},
	{"chghost", CLIENT_CAP_OTHER},
	{"draft/chathistory", CLIENT_CAP_HISTORY},
	{"draft/message-redaction", CLIENT_CAP_REDACT},
	{"draft/multiline", CLIENT_CAP_MULTILINE},
	{"echo-message", CLIENT_CAP_ECHO},
	{"invite-notify", CLIENT_CAP_OTHER},
	{"labeled-response", CLIENT_CAP_LABEL},
	{"message-tags", CLIENT_CAP_TAGS},
	{"multi-prefix", CLIENT_CAP_OTHER},
	{"sasl", CLIENT_CAP_SASL},
	{"server-time", CLIENT_CAP_OTHER},
	{"setname", CLIENT_CAP_OTHER},
	{"standard-replies", CLIENT_CAP_OTHER},
};

enum { WISHES = sizeof(wishes) / sizeof(wishes[0]) };

static int find_wish(struct str name)
{
	for (int i = 0; i < WISHES; i++) {
		if (str_eq(name, str_of(wishes[i].name)))
			return i;
	}
	return -1;
}

/* Calls each name of a list ("a b=value -c"), without its value. */
static void each_name(struct client *c, struct str list, void (*visit)(struct client *c, struct str name))
{
	struct str word;

	while (str_split(&list, ' ', &word)) {
		const char *equals = word.n ? memchr(word.p, '=', word.n) : NULL;

		if (equals)
			word.n = (size_t)(equals - word.p);
		if (word.n)
			visit(c, word);
	}
}

static void note_offer(struct client *c, struct str name)
{
	int i = find_wish(name);

	if (i >= 0 && (wishes[i].bit != CLIENT_CAP_SASL || (sasl_is_wanted(c) && c->state == CLIENT_REGISTERING)))
		c->caps_wanted |= 1u << i;
}

/* "max-bytes=4096,max-lines=24"; where no number of lines is named, there is no limit to it. */
static void take_multiline(struct client *c, struct str value)
{
	static const struct str bytes = STR("max-bytes="), lines = STR("max-lines=");
	unsigned long long n;
	struct str word;

	c->multiline_bytes = 0;
	c->multiline_lines = UINT32_MAX;
	while (str_split(&value, ',', &word)) {
		if (str_starts(word, bytes) && str_u64((struct str){word.p + bytes.n, word.n - bytes.n}, 1 << 30, &n))
			c->multiline_bytes = (unsigned)n;
		else if (str_starts(word, lines) &&
			 str_u64((struct str){word.p + lines.n, word.n - lines.n}, 1 << 30, &n) && n)
			c->multiline_lines = (unsigned)n;
	}
}

/* What the server says of its TLS and its logins, anywhere in a list. */
static void find_values(struct client *c, struct str list)
{
	struct str word;

	while (str_split(&list, ' ', &word)) {
		if (str_starts(word, STR("sts=")))
			c->handlers->sts(c->ctx, (struct str){word.p + 4, word.n - 4});
		else if (str_starts(word, STR("draft/multiline=")))
			take_multiline(c, (struct str){word.p + 16, word.n - 16});
		else if (str_eq(word, STR("sasl")) || str_starts(word, STR("sasl=")))
			sasl_offer(&c->sasl, word.n > 5 ? (struct str){word.p + 5, word.n - 5} : STR_NONE);
	}
}

static void take_away(struct client *c, struct str name)
{
	int i = find_wish(name);

	if (i >= 0)
		c->caps &= ~wishes[i].bit;
}

static void grant(struct client *c, struct str name)
{
	int i;

	if (name.p[0] == '-') {
		take_away(c, (struct str){name.p + 1, name.n - 1});
		return;
	}
	i = find_wish(name);
	if (i >= 0)
		c->caps |= wishes[i].bit;
}

static void end_negotiation(struct client *c)
{
	if (c->state != CLIENT_REGISTERING)
		return;
	if (c->caps & CLIENT_CAP_SASL)
		sasl_start(c);
	else if (sasl_is_wanted(c))
		client_quit(c, STR_NONE, SASL_EXIT, N_("the server has no accounts to log in to"));
	else
		client_sendf(c, "CAP END");
}

static void request(struct client *c)
{
	char memory[LINE_BODY_MAX];
	struct buf b;

	if (!c->caps_wanted) {
		end_negotiation(c);
		return;
	}
	buf_init(&b, memory, sizeof(memory));
	buf_cstr(&b, "CAP REQ :");
	for (int i = 0; i < WISHES; i++) {
		if (c->caps_wanted & 1u << i)
			buf_fmt(&b, "%s ", wishes[i].name);
	}
	b.n--;
	c->caps_wanted = 0;
	client_send(c, buf_view(&b));
}

void client_caps_start(struct client *c)
{
	client_sendf(c, "CAP LS 302");
}

void client_caps_line(struct client *c, const struct line *line)
{
	struct str verb, list;
	bool more;

	if (line->nparams < 3)
		return;
	verb = line->params[1];
	list = line->params[line->nparams - 1];
	more = line->nparams > 3 && str_eq(line->params[2], STR("*"));
	if (str_eq(verb, STR("LS")) || str_eq(verb, STR("NEW"))) {
		find_values(c, list);
		each_name(c, list, note_offer);
		if (!more)
			request(c);
	} else if (str_eq(verb, STR("ACK"))) {
		each_name(c, list, grant);
		end_negotiation(c);
	} else if (str_eq(verb, STR("NAK"))) {
		end_negotiation(c);
	} else if (str_eq(verb, STR("DEL"))) {
		each_name(c, list, take_away);
	}
}
