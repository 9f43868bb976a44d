#include <string.h>

#include "base/mem.h"
#include "network/metadata.h"
#include "network/state.h"
#include "proto/utf8.h"

struct str state_text_cut(struct str s)
{
	return s.n <= NETWORK_TEXT_MAX ? s : utf8_cut(s, NETWORK_TEXT_MAX);
}

/* All texts in one block. The views may be of the block that is replaced. */
static void pack(struct user *u, const struct str text[USER_TEXT_COUNT])
{
	size_t size = 0;
	char *block;

	for (int i = 0; i < USER_TEXT_COUNT; i++)
		size += text[i].n + 1;
	block = mem_alloc(size);
	size = 0;
	for (int i = 0; i < USER_TEXT_COUNT; i++) {
		u->text_at[i] = (uint16_t)size;
		if (text[i].n)
			memcpy(block + size, text[i].p, text[i].n);
		size += text[i].n;
		block[size++] = '\0';
	}
	u->text_at[USER_TEXT_COUNT] = (uint16_t)size;
	mem_free(u->text);
	u->text = block;
}

static void count_modes(struct network *net, uint32_t modes, uint32_t by)
{
	if (modes & USER_INVISIBLE)
		net->counts.invisible += by;
	if (modes & USER_OPER)
		net->counts.opers += by;
}

struct user *state_user_add(struct network *net, uint64_t id, const struct str text[USER_TEXT_COUNT])
{
	struct user *u = mem_zalloc(sizeof(*u));
	struct str cut[USER_TEXT_COUNT];
	BUF_MEMORY char folded[NETWORK_FOLDED_MAX];

	for (int i = 0; i < USER_TEXT_COUNT; i++)
		cut[i] = state_text_cut(text[i]);
	cut[USER_NICK_FOLDED] = casemap_fold(net->config.casemap, folded, cut[USER_NICK]);
	pack(u, cut);
	u->id = id;
	map_put(&net->users_by_id, u);
	map_put(&net->users_by_nick, u);
	u->at = vec_push(&net->users, u);
	net->counts.users++;
	if (net->counts.users_max < net->counts.users)
		net->counts.users_max = net->counts.users;
	state_ban_look(net, u);
	return u;
}

static void forget_oper(struct user *u)
{
	if (!u->oper)
		return;
	mem_free(u->oper->name);
	mem_free(u->oper->class_name);
	mem_free(u->oper->title);
	mem_free(u->oper);
	u->oper = NULL;
}

static char *copy_text(struct str s)
{
	s = state_text_cut(s);
	return mem_strndup(s.n ? s.p : "", s.n);
}

void state_user_set_oper(struct user *u, const struct state_oper *text, priv_set privileges)
{
	struct user_oper *oper = mem_alloc(sizeof(*oper));

	*oper = (struct user_oper){.name = copy_text(text->name),
				   .class_name = copy_text(text->class_name),
				   .title = copy_text(text->title),
				   .privileges = privileges & PRIV_ALL,
				   .notices = text->notices & notices_allowed(privileges)};
	forget_oper(u);
	u->oper = oper;
}

void state_user_free(struct user *u)
{
	forget_oper(u);
	vec_deinit(&u->memberships);
	mem_free(u->metadata);
	mem_free(u->markers);
	mem_free(u->invites);
	mem_free(u->away);
	mem_free(u->text);
	mem_free(u);
}

void state_user_remove(struct network *net, struct user *u)
{
	struct user *moved;

	while (u->memberships.count)
		state_member_remove(net, u->memberships.items[u->memberships.count - 1]);
	state_user_set_modes(net, u, 0);
	map_del(&net->users_by_id, (struct str){(const char *)&u->id, sizeof(u->id)});
	map_del(&net->users_by_nick, user_str(u, USER_NICK_FOLDED));
	moved = vec_remove(&net->users, u->at);
	if (moved)
		moved->at = u->at;
	net->counts.users--;
	state_user_free(u);
}

void state_user_set_text(struct network *net, struct user *u, enum user_text which, struct str value)
{
	struct str text[USER_TEXT_COUNT];
	BUF_MEMORY char folded[NETWORK_FOLDED_MAX];

	for (int i = 0; i < USER_TEXT_COUNT; i++)
		text[i] = user_str(u, i);
	text[which] = state_text_cut(value);
	if (which == USER_NICK) {
		map_del(&net->users_by_nick, text[USER_NICK_FOLDED]);
		text[USER_NICK_FOLDED] = casemap_fold(net->config.casemap, folded, text[USER_NICK]);
	}
	pack(u, text);
	if (which == USER_NICK)
		map_put(&net->users_by_nick, u);
	state_ban_look(net, u);
}

/* They are few. */
static void list_oper(struct network *net, struct user *u, bool is)
{
	uint32_t at = 0;

	while (at < net->opers.count && net->opers.items[at] != u)
		at++;
	if (is && at == net->opers.count)
		vec_push(&net->opers, u);
	else if (!is && at < net->opers.count)
		vec_remove(&net->opers, at);
}

void state_user_set_modes(struct network *net, struct user *u, uint32_t modes)
{
	if (!(modes & USER_OPER))
		modes &= ~USER_OPER_MODES;
	if ((modes ^ u->modes) & USER_OPER)
		list_oper(net, u, modes & USER_OPER);
	count_modes(net, u->modes, (uint32_t)-1);
	u->modes = modes;
	if (!(modes & USER_OPER))
		forget_oper(u);
	count_modes(net, u->modes, 1);
}

void state_user_set_away(struct user *u, struct str text)
{
	mem_free(u->away);
	u->away = text.n ? mem_strndup(text.p, text.n) : NULL;
}

void state_user_uninvite(struct user *u, uint64_t channel)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < u->ninvites; i++) {
		if (u->invites[i] != channel)
			u->invites[kept++] = u->invites[i];
	}
	u->ninvites = kept;
	if (!kept) {
		mem_free(u->invites);
		u->invites = NULL;
	}
}

void state_user_invite(struct user *u, uint64_t channel)
{
	state_user_uninvite(u, channel);
	if (u->ninvites == NETWORK_INVITES_MAX)
		state_user_uninvite(u, u->invites[0]);
	u->invites = mem_realloc(u->invites, (u->ninvites + 1) * sizeof(*u->invites));
	u->invites[u->ninvites++] = channel;
}

void state_user_mask(struct buf *out, const struct user *u, enum user_text which)
{
	if (!u) {
		buf_cstr(out, STATE_SERVER_ACTOR);
		return;
	}
	buf_str(out, user_str(u, USER_NICK));
	buf_chr(out, '!');
	buf_str(out, user_str(u, USER_NAME));
	buf_chr(out, '@');
	buf_str(out, user_str(u, which));
}
