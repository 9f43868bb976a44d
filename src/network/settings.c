#include "network/settings.h"

#include "base/mem.h"
#include "network/apply.h"

/* RECORD_CHANNEL_SETTINGS: what its owners want of a registered channel beside modes, and when it was used last. */

static const struct channel_settings none = {0};

const struct channel_settings *channel_settings(const struct channel *c)
{
	return c->settings ? c->settings : &none;
}

void state_settings_drop(struct channel *c)
{
	if (!c->settings)
		return;
	mem_free(c->settings->entry);
	mem_free(c->settings);
	c->settings = NULL;
}

static void set_entry(struct channel_settings *s, struct str entry)
{
	char *was = s->entry;

	entry = state_text_cut(entry);
	s->entry = entry.n ? mem_strndup(entry.p, entry.n) : NULL;
	mem_free(was);
}

/* Time of use never runs back: of two that note it, the later one is right. */
void state_settings_take(struct channel *c, const struct record *r)
{
	uint32_t what = r->channel_settings.what;
	struct channel_settings *s;

	if (!c->settings)
		c->settings = mem_zalloc(sizeof(*c->settings));
	s = c->settings;
	if (what & CHANNEL_SET_ENTRY)
		set_entry(s, r->channel_settings.entry);
	if (what & CHANNEL_SET_FLAGS)
		s->flags = r->channel_settings.flags & CHANNEL_SETTING_FLAGS;
	if ((what & CHANNEL_SET_USED) && r->channel_settings.used > s->used)
		s->used = r->channel_settings.used;
	if (!s->entry && !s->flags && !s->used)
		state_settings_drop(c);
}

/* Nobody is told: whoever asked for it looks at the channel. */
void apply_channel_settings(struct apply *a)
{
	struct channel *c = state_channel(a->net, a->r->channel_settings.channel);

	if (a->unchecked && c && (c->flags & CHAN_REGISTERED))
		state_settings_take(c, a->r);
}

void network_settings_record(const struct channel *c, struct record *out)
{
	const struct channel_settings *s = channel_settings(c);

	*out = (struct record){.type = RECORD_CHANNEL_SETTINGS, .flags = RECORD_OVERRIDE};
	out->channel_settings.channel = str_of(c->name);
	out->channel_settings.what = CHANNEL_SET_ENTRY | CHANNEL_SET_FLAGS | CHANNEL_SET_USED;
	out->channel_settings.entry = str_of(s->entry);
	out->channel_settings.flags = s->flags;
	out->channel_settings.used = s->used;
}
