#include "proto/modes.h"

#include "proto/name.h"
#include "proto/privileges.h"

/* The prefixes come last, the highest rank first: what looks for one starts at the first of them. */
static const struct chan_mode chan_table[] = {
	{'b', CHAN_MODE_LIST, CHAN_LIST_BAN, 0},         {'e', CHAN_MODE_LIST, CHAN_LIST_EXCEPT, 0},
	{'I', CHAN_MODE_LIST, CHAN_LIST_INVEX, 0},       {'k', CHAN_MODE_PARAM, CHAN_PARAM_KEY, 0},
	{'l', CHAN_MODE_PARAM_SET, CHAN_PARAM_LIMIT, 0}, {'f', CHAN_MODE_PARAM_SET, CHAN_PARAM_FORWARD, 0},
	{'F', CHAN_MODE_PARAM_SET, CHAN_PARAM_FLOOD, 0}, {'H', CHAN_MODE_PARAM_SET, CHAN_PARAM_HISTORY, 0},
	{'W', CHAN_MODE_PARAM_SET, CHAN_PARAM_SLOW, 0},  {'j', CHAN_MODE_PARAM_SET, CHAN_PARAM_JOINS, 0},
	{'C', CHAN_MODE_FLAG, CHAN_NO_CTCP, 0},          {'K', CHAN_MODE_FLAG, CHAN_NO_KNOCK, 0},
	{'M', CHAN_MODE_FLAG, CHAN_SPEAK_ACCOUNT, 0},    {'N', CHAN_MODE_FLAG, CHAN_NO_NICK, 0},
	{'R', CHAN_MODE_FLAG, CHAN_REGISTERED_ONLY, 0},  {'S', CHAN_MODE_FLAG, CHAN_STRIP_COLOUR, 0},
	{'c', CHAN_MODE_FLAG, CHAN_NO_COLOUR, 0},        {'i', CHAN_MODE_FLAG, CHAN_INVITE_ONLY, 0},
	{'m', CHAN_MODE_FLAG, CHAN_MODERATED, 0},        {'n', CHAN_MODE_FLAG, CHAN_NO_EXTERNAL, 0},
	{'r', CHAN_MODE_FLAG, CHAN_REGISTERED, 0},       {'s', CHAN_MODE_FLAG, CHAN_SECRET, 0},
	{'t', CHAN_MODE_FLAG, CHAN_TOPIC_LOCKED, 0},     {'u', CHAN_MODE_FLAG, CHAN_AUDITORIUM, 0},
	{'q', CHAN_MODE_PREFIX, RANK_OWNER, '~'},        {'a', CHAN_MODE_PREFIX, RANK_ADMIN, '&'},
	{'o', CHAN_MODE_PREFIX, RANK_OP, '@'},           {'h', CHAN_MODE_PREFIX, RANK_HALFOP, '%'},
	{'v', CHAN_MODE_PREFIX, RANK_VOICE, '+'},
};

static const struct user_mode user_table[] = {
	{'B', USER_BOT, true, true, -1},
	{'H', USER_HIDE_OPER, false, true, PRIV_HIDE},
	{'R', USER_REGISTERED_ONLY, true, true, -1},
	{'i', USER_INVISIBLE, true, true, -1},
	{'o', USER_OPER, false, true, -1},
	{'p', USER_OVERRIDE, false, true, PRIV_OVERRIDE},
	{'r', USER_REGISTERED, false, false, -1},
	{'s', USER_NOTICES, false, true, -1},
	{'w', USER_WALLOPS, true, true, -1},
	{'x', USER_CLOAKED, true, true, -1},
};

enum {
	CHAN_ROWS = sizeof(chan_table) / sizeof(chan_table[0]),
	PREFIX_ROWS = 5,
	USER_ROWS = sizeof(user_table) / sizeof(user_table[0]),
};

const struct chan_mode *chan_mode_find(char letter)
{
	for (size_t i = 0; i < CHAN_ROWS; i++) {
		if (chan_table[i].letter == letter)
			return &chan_table[i];
	}
	return NULL;
}

const struct chan_mode *chan_modes(size_t *count)
{
	*count = CHAN_ROWS;
	return chan_table;
}

const struct user_mode *user_mode_find(char letter)
{
	for (size_t i = 0; i < USER_ROWS; i++) {
		if (user_table[i].letter == letter)
			return &user_table[i];
	}
	return NULL;
}

const struct user_mode *user_modes(size_t *count)
{
	*count = USER_ROWS;
	return user_table;
}

size_t rank_prefixes(uint8_t rank, bool all, char dst[6])
{
	size_t n = 0;

	for (size_t i = CHAN_ROWS - PREFIX_ROWS; rank && i < CHAN_ROWS; i++) {
		if ((rank & chan_table[i].bit) && (all || n == 0))
			dst[n++] = chan_table[i].prefix;
	}
	dst[n] = '\0';
	return n;
}

char rank_prefix(uint8_t rank)
{
	for (size_t i = CHAN_ROWS - PREFIX_ROWS; rank && i < CHAN_ROWS; i++) {
		if (rank & chan_table[i].bit)
			return chan_table[i].prefix;
	}
	return 0;
}

uint8_t rank_of_prefix(char prefix)
{
	for (size_t i = CHAN_ROWS - PREFIX_ROWS; i < CHAN_ROWS; i++) {
		if (chan_table[i].prefix == prefix)
			return (uint8_t)chan_table[i].bit;
	}
	return 0;
}

enum { PACE_COUNT_MAX = 1000, PACE_SECONDS_MAX = 3600, SLOW_SECONDS_MAX = 6 * 3600, FORWARD_MAX = 200 };

static bool parse_number(struct str s, uint32_t max, uint32_t *out)
{
	unsigned long long n;

	if (!str_u64(s, max, &n) || n == 0)
		return false;
	*out = (uint32_t)n;
	return true;
}

bool chan_pace_parse(struct str value, struct pace *out)
{
	struct str count;

	return str_split(&value, ':', &count) && parse_number(count, PACE_COUNT_MAX, &out->count) &&
	       parse_number(value, PACE_SECONDS_MAX, &out->seconds);
}

static const char *const history_names[] = {
	[CHAN_HISTORY_USUAL] = "",
	[CHAN_HISTORY_JOINED] = "joined",
	[CHAN_HISTORY_ALWAYS] = "always",
	[CHAN_HISTORY_NEVER] = "never",
};

const char *chan_history_name(enum chan_history h)
{
	return history_names[h];
}

enum chan_history chan_history_parse(struct str name)
{
	int h = CHAN_HISTORY_NEVER;

	while (h > CHAN_HISTORY_USUAL && !str_eq(name, str_of(history_names[h])))
		h--;
	return (enum chan_history)h;
}

static bool number_normalise(struct buf *out, struct str value, uint32_t max)
{
	uint32_t n;

	if (!parse_number(value, max, &n))
		return false;
	buf_u64(out, n);
	return true;
}

bool chan_param_normalise(struct buf *out, enum chan_param which, struct str value)
{
	struct pace pace;

	switch (which) {
	case CHAN_PARAM_LIMIT:
		return number_normalise(out, value, INT32_MAX);
	case CHAN_PARAM_SLOW:
		return number_normalise(out, value, SLOW_SECONDS_MAX);
	case CHAN_PARAM_FLOOD:
	case CHAN_PARAM_JOINS:
		if (!chan_pace_parse(value, &pace))
			return false;
		buf_fmt(out, "%u:%u", pace.count, pace.seconds);
		return true;
	case CHAN_PARAM_HISTORY:
		if (chan_history_parse(value) == CHAN_HISTORY_USUAL)
			return false;
		break;
	case CHAN_PARAM_FORWARD:
		if (!name_channel_valid(value, FORWARD_MAX))
			return false;
		break;
	case CHAN_PARAM_KEY:
	case CHAN_PARAM_COUNT:
		break;
	}
	buf_str(out, value);
	return true;
}

void mode_parse_init(struct mode_parse *m, const char *modes, const char *const *params, size_t nparams)
{
	*m = (struct mode_parse){modes, params, nparams, true};
}

static bool takes_param(const struct chan_mode *mode, bool set)
{
	switch (mode->type) {
	case CHAN_MODE_LIST:
	case CHAN_MODE_PARAM:
	case CHAN_MODE_PREFIX:
		return true;
	case CHAN_MODE_PARAM_SET:
		return set;
	case CHAN_MODE_FLAG:
		break;
	}
	return false;
}

static const char *next_param(struct mode_parse *m)
{
	if (m->nparams == 0)
		return NULL;
	m->nparams--;
	return *m->params++;
}

static void skip_signs(struct mode_parse *m)
{
	for (; *m->at == '+' || *m->at == '-'; m->at++)
		m->set = *m->at == '+';
}

/* An empty parameter to a list is none: "+b :" asks for the list, it does not ban everybody. */
bool mode_parse_next(struct mode_parse *m, struct mode_step *out)
{
	skip_signs(m);
	if (*m->at == '\0')
		return false;
	*out = (struct mode_step){.set = m->set, .letter = *m->at++};
	out->mode = chan_mode_find(out->letter);
	if (!out->mode || !takes_param(out->mode, m->set))
		return true;
	out->param = next_param(m);
	if (out->mode->type == CHAN_MODE_LIST) {
		if (out->param && out->param[0] == '\0')
			out->param = NULL;
		out->query = !out->param;
	}
	return true;
}
