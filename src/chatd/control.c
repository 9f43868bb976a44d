#include "chatd/control_private.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "chatd/control_backup.h"
#include "chatd/control_hooks.h"
#include "command/known.h"
#include "proto/line.h"
#include "proto/utf8.h"

enum {
	DEADLINE_MS = 5 * 60 * 1000, /* without a request, or without reading the answer */
	SENDQ_MAX = 2 << 20,         /* the longest channel of an export, and more */
	ENTRY_MAX = 4096,
	SOCKET_MODE = 0660,
	STEPS_MAX = 256, /* of a long answer in one turn */
};

static void put(void *ctx, const char *p, size_t n)
{
	struct control_conn *c = ctx;

	conn_write(&c->base.conn, p, n);
}

void control_ok(struct control_conn *c)
{
	json_begin(&c->json);
	json_bool(&c->json, "ok", true);
	json_end(&c->json);
}

void control_fail(struct control_conn *c, const char *code, const char *error)
{
	json_begin(&c->json);
	json_bool(&c->json, "ok", false);
	json_str(&c->json, "code", str_of(code));
	json_str(&c->json, "error", str_of(error));
	json_end(&c->json);
}

const char *control_user(struct control_conn *c)
{
	char memory[ENTRY_MAX];
	struct passwd entry, *found = NULL;

	if (c->user[0])
		return c->user;
	if (getpwuid_r(c->who.uid, &entry, memory, sizeof(memory), &found) == 0 && found)
		(void)strlcpy(c->user, entry.pw_name, sizeof(c->user));
	else
		snprintf(c->user, sizeof(c->user), "%lu", (unsigned long)c->who.uid);
	return c->user;
}

void control_log(struct control_conn *c, const struct control_deed *deed)
{
	const char *user = control_user(c);
	char uid[16];

	snprintf(uid, sizeof(uid), "%lu", (unsigned long)c->who.uid);
	log_event(EVENT_CONTROL,
		  LOG_FIELDS({"CHATD_COMMAND", deed->command}, {"CHATD_ADMIN", user}, {"CHATD_UID", uid},
			     {"CHATD_CHANNEL", deed->channel}, {"CHATD_TARGET", deed->target},
			     {"CHATD_REASON", deed->reason}),
		  "%s%s%s by %s (uid %s) on the control socket", deed->command, deed->target ? " of " : "",
		  deed->target ? deed->target : "", user, uid);
}

static void log_denied(struct control_conn *c)
{
	const char *user = control_user(c);
	char uid[16];

	snprintf(uid, sizeof(uid), "%lu", (unsigned long)c->who.uid);
	log_event(EVENT_CONTROL_DENIED, LOG_FIELDS({"CHATD_ADMIN", user}, {"CHATD_UID", uid}),
		  "%s (uid %s) may not use the control socket", user, uid);
}

static bool may_enter(const struct control *control, const struct control_conn *c)
{
	if (c->who.uid == 0 || c->who.uid == geteuid())
		return true;
	return control->grouped && peer_has_group(&c->who, c->base.conn.watch.fd, control->group);
}

static void end(struct side_conn *base)
{
	struct control_conn *c = (struct control_conn *)base;

	loop_timer_stop(control_of(c)->loop, &c->again);
	control_backup_forget(c);
	known_free(c->known);
	control_hook_forget(c);
}

/* What the peer can take of a long answer, and the others can wait for. True: it is through. */
static bool go_on(struct control_conn *c)
{
	struct loop *loop = control_of(c)->loop;

	for (int i = 0; c->step; i++) {
		if (c->waits || conn_is_clogged(&c->base.conn) || conn_is_dead(&c->base.conn))
			return false;
		if (i == STEPS_MAX) {
			loop_timer_set(loop, &c->again, loop_clock(loop)->mono_ms);
			return false;
		}
		if (c->step(c))
			c->step = NULL;
	}
	return !c->waits && !conn_is_clogged(&c->base.conn);
}

static void go_on_later(struct timer *t)
{
	struct control_conn *c = (struct control_conn *)((char *)t - offsetof(struct control_conn, again));

	if (go_on(c))
		conn_resume(&c->base.conn);
}

static void begin(struct side_conn *base, bool busy)
{
	struct control_conn *c = (struct control_conn *)base;

	c->json.put = put;
	c->json.ctx = c;
	c->again.due = go_on_later;
	if (peer_get(&c->who, base->conn.watch.fd) < 0) {
		control_fail(c, "denied", "the system does not say who you are");
		side_conn_close(base);
	} else if (!may_enter(control_of(c), c)) {
		log_denied(c);
		control_fail(c, "denied", "only root, the user of the server and members of its group may do this");
		side_conn_close(base);
	} else if (busy) {
		control_fail(c, "busy", "there are too many connections here already");
	}
}

/* Splits the line in place. Returns how many words there are, at most max; the last one is then the rest. */
static size_t split(char *text, const char **words, size_t max)
{
	size_t n = 0;

	for (text += strspn(text, " "); *text && n < max; text += strspn(text, " ")) {
		words[n++] = text;
		if (n == max)
			break;
		text += strcspn(text, " ");
		if (*text)
			*text++ = '\0';
	}
	return n;
}

static void answer(struct control_conn *c, char *text)
{
	const struct control_request *request;
	const char *words[CONTROL_WORDS_MAX + 1];
	size_t name = strcspn(text, " "), n;
	char *rest = text + name + (text[name] == ' ');

	text[name] = '\0';
	request = control_request_find(text);
	if (!request) {
		control_fail(c, "bad_request", "there is no such request");
		return;
	}
	n = split(rest, words, request->rest ? request->max : request->max + 1);
	if (n < request->min || n > request->max)
		control_fail(c, "bad_request", "the request has too few words, or too many");
	else
		request->run(c, words, n);
}

static bool is_clean(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return utf8_valid((struct str){text, n});
}

static enum conn_line on_line(struct conn *conn, char *text, size_t n, bool too_long)
{
	struct control_conn *c = (struct control_conn *)conn;
	char copy[CONTROL_REQUEST_MAX + 1];

	side_conn_touch(&c->base);
	if (n && text[n - 1] == '\r')
		n--;
	if (too_long || n > CONTROL_REQUEST_MAX || !is_clean(text, n)) {
		control_fail(c, "bad_request", "the line is too long, or not clean UTF-8");
		return CONN_NEXT;
	}
	memcpy(copy, text, n);
	copy[n] = '\0';
	answer(c, copy);
	return go_on(c) ? CONN_NEXT : CONN_HOLD;
}

static void on_drained(struct conn *conn)
{
	struct control_conn *c = (struct control_conn *)conn;

	side_conn_touch(&c->base);
	if (go_on(c))
		conn_resume(conn);
}

static const struct side_kind kind = {
	.what = "control",
	.size = sizeof(struct control_conn),
	.line = on_line,
	.drained = on_drained,
	.limits = {.sendq_max = SENDQ_MAX, .recvq_max = LINE_MAX_BYTES},
	.deadline_ms = DEADLINE_MS,
	.begin = begin,
	.end = end,
};

struct control *control_new(struct loop *loop, struct conn_hub *hub, const struct control_host *host)
{
	struct control *c = mem_zalloc(sizeof(*c));

	c->loop = loop;
	c->host = *host;
	c->side = side_new(loop, hub, &kind, c);
	return c;
}

int control_prepare(struct control *c, const struct config *config, char *why, size_t size)
{
	struct endpoint at = {.mode = SOCKET_MODE};

	if (config->control_path && address_parse(&at.address, config->control_path, NULL) < 0) {
		snprintf(why, size, "%s: the control socket wants an absolute path of at most 107 bytes",
			 config->control_path);
		return -EINVAL;
	}
	return side_prepare(c->side, config->control_path, &at, why, size);
}

/* So it is where the process runs with that group, and then it may have no right to say so again. */
static bool is_given(const char *path, gid_t group)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_gid == group;
}

/* Members of the group must be able to open the file; whether they may come in is asked once more when they do. */
static void give_file(const char *path, const char *name, gid_t group)
{
	if (!is_given(path, group) && chown(path, (uid_t)-1, group) < 0)
		log_event(EVENT_CONTROL_GROUP, LOG_FIELDS({"CHATD_FILE", path}, {"CHATD_REASON", strerror(errno)}),
			  "%s cannot be given to group %s: %s. Its members may not be able to open it", path, name,
			  strerror(errno));
}

static void take_group(struct control *c, const char *name)
{
	char memory[ENTRY_MAX];
	struct group entry, *found = NULL;

	c->grouped = getgrnam_r(name, &entry, memory, sizeof(memory), &found) == 0 && found;
	if (!c->grouped)
		return;
	c->group = found->gr_gid;
	if (side_text(c->side))
		give_file(side_text(c->side), name, c->group);
}

void control_commit(struct control *c, const struct config *config)
{
	side_commit(c->side);
	take_group(c, config->control_group);
}

void control_drop(struct control *c)
{
	side_drop(c->side);
}

void control_shut(struct control *c)
{
	side_shut(c->side);
}

void control_end(struct control *c)
{
	side_end(c->side);
}

uint32_t control_count(const struct control *c)
{
	return side_count(c->side);
}

void control_free(struct control *c)
{
	if (!c)
		return;
	control_backup_end(c->backup);
	side_free(c->side);
	mem_free(c);
}
