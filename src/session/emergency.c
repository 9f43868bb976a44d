#include "session/emergency.h"

#include "base/mem.h"

static const struct {
	const char *name;
	enum emergency_step step;
} steps[] = {
	{"slow-connects", EMERGENCY_SLOW_CONNECTS}, {"no-registration", EMERGENCY_NO_REGISTRATION},
	{"no-strangers", EMERGENCY_NO_STRANGERS},   {"no-new-channels", EMERGENCY_NO_NEW_CHANNELS},
	{"need-account", EMERGENCY_NEED_ACCOUNT},
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

void emergency_init(struct emergency *e)
{
	static const char *const names[] = {NULL, "closed", "tight", "guarded", "watchful", "normal"};

	*e = (struct emergency){.connects = 2};
	for (int i = DEFCON_LEAST; i <= DEFCON_NORMAL; i++)
		e->names[i] = mem_strdup(names[i]);
	e->steps[4] = EMERGENCY_SLOW_CONNECTS | EMERGENCY_NO_REGISTRATION;
	e->steps[3] = e->steps[4] | EMERGENCY_NO_STRANGERS;
	e->steps[2] = e->steps[3] | EMERGENCY_NO_NEW_CHANNELS;
	e->steps[1] = e->steps[2] | EMERGENCY_NEED_ACCOUNT;
}

void emergency_deinit(struct emergency *e)
{
	for (int i = DEFCON_LEAST; i <= DEFCON_NORMAL; i++)
		mem_free(e->names[i]);
}

static uint32_t find(struct str word)
{
	for (size_t i = 0; i < STEPS; i++) {
		if (str_eq(word, str_of(steps[i].name)))
			return steps[i].step;
	}
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == ',' || c == '\t';
}

static struct str take_word(struct str *rest)
{
	struct str word;

	for (; rest->n && is_blank(*rest->p); rest->n--)
		rest->p++;
	word = (struct str){rest->p, 0};
	for (; rest->n && !is_blank(*rest->p); rest->n--) {
		rest->p++;
		word.n++;
	}
	return word;
}

bool emergency_parse(struct str list, uint32_t *out, struct str *bad)
{
	uint32_t set = 0, step;
	struct str word;

	while ((word = take_word(&list)).n) {
		step = find(word);
		if (!step) {
			*bad = word;
			return false;
		}
		set |= step;
	}
	*out = set;
	return true;
}

void emergency_show(struct buf *out, uint32_t set)
{
	size_t before = out->n;

	for (size_t i = 0; i < STEPS; i++) {
		if (!(set & steps[i].step))
			continue;
		if (out->n > before)
			buf_chr(out, ' ');
		buf_cstr(out, steps[i].name);
	}
	if (out->n == before)
		buf_cstr(out, "none");
}
