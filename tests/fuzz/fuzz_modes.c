#include <stdint.h>

#include "base/buf.h"
#include "check.h"
#include "proto/mask.h"
#include "proto/modes.h"
#include "proto/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 1024,
	PARAMS_MAX = 15,
	MASK_MAX = NAME_NICK_MAX + 1 + NAME_USER_MAX + 1 + NAME_HOST_MAX,
};

/* The input's lines: a mode string and its parameters. */
struct input {
	char text[INPUT_MAX + 1];
	const char *params[PARAMS_MAX];
	size_t nparams;
};

static void split_input(struct input *in, const uint8_t *data, size_t size)
{
	char *line = in->text;

	memcpy(in->text, data, size);
	in->text[size] = '\0';
	in->nparams = 0;
	while (in->nparams < PARAMS_MAX) {
		line = strchr(line, '\n');
		if (!line)
			break;
		*line++ = '\0';
		in->params[in->nparams++] = line;
	}
}

static void check_step(const struct mode_step *step)
{
	CHECK(step->letter != '\0' && step->letter != '+' && step->letter != '-');
	CHECK(step->mode == chan_mode_find(step->letter));
	if (!step->mode) {
		CHECK(!step->param && !step->query);
		return;
	}
	if (step->mode->type == CHAN_MODE_FLAG)
		CHECK(!step->param);
	if (step->mode->type == CHAN_MODE_PARAM_SET && !step->set)
		CHECK(!step->param);
	if (step->mode->type == CHAN_MODE_LIST)
		CHECK(step->query == !step->param);
	else
		CHECK(!step->query);
}

/* Every letter is one step; parameters are handed out once each, in their order. */
static void check_modes(const struct input *in)
{
	size_t letters = 0, steps = 0, used = 0;
	struct mode_parse m;
	struct mode_step step;

	for (const char *p = in->text; *p; p++)
		letters += *p != '+' && *p != '-';
	mode_parse_init(&m, in->text, in->params, in->nparams);
	while (mode_parse_next(&m, &step)) {
		steps++;
		check_step(&step);
		if (!step.param)
			continue;
		while (used < in->nparams && in->params[used] != step.param)
			used++;
		CHECK(used < in->nparams);
		used++;
	}
	CHECK(steps == letters);
	CHECK(m.nparams <= in->nparams - used);
}

/* A whole mask is within its limits, safe to send as a parameter, and stays as it is when made whole again. */
static void check_mask(struct str mask)
{
	char memory[MASK_MAX], again[MASK_MAX];
	struct buf b, c;

	buf_init(&b, memory, sizeof(memory));
	mask_normalise(&b, mask);
	CHECK(!b.full);
	if (b.n == 0)
		return;
	CHECK(b.p[0] != ':' && !memchr(b.p, ' ', b.n) && !memchr(b.p, '\r', b.n) && !memchr(b.p, '\n', b.n));
	CHECK(memchr(b.p, '!', b.n) && memchr(b.p, '@', b.n) && !memmem(b.p, b.n, "**", 2));
	buf_init(&c, again, sizeof(again));
	mask_normalise(&c, buf_view(&b));
	CHECK(str_eq(buf_view(&c), buf_view(&b)));
}

static void check_match(struct str mask, struct str text)
{
	char folded[CASEMAP_ROOM(INPUT_MAX)];
	struct str lower = casemap_fold(CASEMAP_RFC1459, folded, text);

	CHECK(casemap_eq(CASEMAP_RFC1459, text, lower));
	CHECK(mask_match(CASEMAP_RFC1459, mask, text) == mask_match(CASEMAP_RFC1459, mask, lower));
	CHECK(mask_match(CASEMAP_ASCII, STR("*"), text));
	CHECK(mask_match(CASEMAP_ASCII, text, text) || (text.n && memchr(text.p, '?', text.n)));
	/* What matches the narrower casemapping matches the wider. */
	if (mask_match(CASEMAP_ASCII, mask, text))
		CHECK(mask_match(CASEMAP_RFC1459, mask, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in;

	if (size > INPUT_MAX)
		return 0;
	split_input(&in, data, size);
	check_modes(&in);
	check_mask(str_of(in.text));
	for (size_t i = 0; i < in.nparams; i++) {
		check_mask(str_of(in.params[i]));
		check_match(str_of(in.text), str_of(in.params[i]));
	}
	return 0;
}
