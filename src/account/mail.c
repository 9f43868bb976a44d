#include "account/mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "account/mail_private.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "loop/child.h"
#include "loop/loop.h"
#include "loop/poller.h"
#include "loop/worker.h"
#include "proto/base64.h"
#include "proto/utf8.h"

enum { LOCAL_MAX = 64, LABEL_MAX = 63, DATE_MAX = 48, ID_BYTES = 16, SUBJECT_MAX = 256 };

/* Policy */

void mail_policy_deinit(struct mail_policy *p)
{
	mem_free(p->command);
	mem_free(p->relay);
	mem_free(p->user);
	if (p->password)
		explicit_bzero(p->password, strlen(p->password));
	mem_free(p->password);
	mem_free(p->from);
}

bool mail_possible(const struct mail_policy *p)
{
	return p->from && (p->command || p->relay);
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Words with a dot between them; those that are commands or other recipients to some program are no marks of ours. */
static bool is_local(struct str local)
{
	struct str word;

	if (!local.n || local.n > LOCAL_MAX || !is_alnum(local.p[0]) || local.p[local.n - 1] == '.')
		return false;
	while (str_split(&local, '.', &word)) {
		if (!word.n)
			return false;
		for (size_t i = 0; i < word.n; i++)
			if (!is_alnum(word.p[i]) && !memchr("#$&'*+-/=?^_{}~", word.p[i], 15))
				return false;
	}
	return true;
}

static bool is_label(struct str label)
{
	if (!label.n || label.n > LABEL_MAX || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!is_alnum(label.p[i]) && label.p[i] != '-')
			return false;
	return true;
}

static bool is_domain(struct str domain)
{
	struct str label;
	int labels = 0;

	if (!domain.n || domain.p[domain.n - 1] == '.')
		return false;
	for (; str_split(&domain, '.', &label); labels++)
		if (!is_label(label))
			return false;
	return labels > 1;
}

bool mail_address_valid(const char *address)
{
	const char *at = strchr(address, '@');

	if (!at || strlen(address) > MAIL_ADDRESS_MAX)
		return false;
	return is_local((struct str){address, (size_t)(at - address)}) && is_domain(str_of(at + 1));
}

/* The mailer */

STAILQ_HEAD(mail_list, mail);

struct mailer {
	struct loop *loop;
	struct mail_list waiting;
	unsigned count; /* of those that wait */
	const struct mail_policy *policy;

	struct mail *current; /* NULL: nothing is under way */
	struct child child;
	struct watch exited;
	struct timer deadline;
	bool late;

	struct worker *worker; /* of the relay; NULL: not needed so far */
	struct job job;
	struct mail_relay relay;
	atomic_bool vain;
	bool sent;
	char why[MAIL_WHY_MAX];
	char whole[MAIL_WHOLE_MAX];
};

static void go_on(struct mailer *m);

static void finish(struct mailer *m, const char *why)
{
	struct mail *mail = m->current;

	m->current = NULL;
	explicit_bzero(m->whole, sizeof(m->whole));
	mail->done(mail, why);
}

static bool is_ascii(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	return true;
}

/* RFC 2047, where it is not ASCII: words of at most 75 characters, each with whole letters. */
static void subject_encode(struct buf *out, struct str subject)
{
	enum { WORD_BYTES = 45 };

	if (is_ascii(subject)) {
		buf_str(out, subject);
		return;
	}
	while (subject.n) {
		struct str word = utf8_cut(subject, WORD_BYTES);

		buf_cstr(out, "=?UTF-8?B?");
		base64_encode(out, word);
		buf_cstr(out, "?=");
		subject = (struct str){subject.p + word.n, subject.n - word.n};
		if (subject.n)
			buf_chr(out, ' ');
	}
}

/* RFC 5322, with what keeps programs that answer mail by themselves quiet: RFC 3834, 5 */
static bool compose(struct mailer *m, const struct mail *mail)
{
	time_t seconds = (time_t)(loop_clock(m->loop)->real_ms / 1000);
	unsigned char random[ID_BYTES];
	char date[DATE_MAX], id[2 * ID_BYTES + 1], subject[SUBJECT_MAX];
	struct tm tm;
	struct buf b;
	int n;

	buf_init(&b, subject, sizeof(subject) - 1);
	subject_encode(&b, str_of(mail->subject));
	subject[b.n] = '\0';
	gmtime_r(&seconds, &tm);
	(void)strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	arc4random_buf(random, sizeof(random));
	str_hex(id, random, sizeof(random));
	n = snprintf(
		m->whole, sizeof(m->whole),
		"From: <%s>\nTo: <%s>\nSubject: %s\nDate: %s\nMessage-ID: <%s@%s>\nAuto-Submitted: auto-generated\n"
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s",
		m->policy->from, mail->to, subject, date, id, mail->host, mail->text);
	return n > 0 && (size_t)n < sizeof(m->whole);
}

/* By a command. What is written is less than a pipe takes at once. */

static void child_gone(struct watch *w, unsigned happened)
{
	struct mailer *m = (struct mailer *)((char *)w - offsetof(struct mailer, exited));
	char why[MAIL_WHY_MAX];
	int status;

	(void)happened;
	loop_watch_stop(m->loop, w);
	loop_timer_stop(m->loop, &m->deadline);
	status = child_reap(&m->child);
	if (m->late)
		snprintf(why, sizeof(why), "the command took too long");
	else if (status != -1 && WIFEXITED(status))
		snprintf(why, sizeof(why), "the command ended with %d", WEXITSTATUS(status));
	else
		snprintf(why, sizeof(why), "the command was ended");
	finish(m, status == 0 && !m->late ? NULL : why);
	go_on(m);
}

/* Its end is what comes next, as if it had ended by itself. */
static void late(struct timer *t)
{
	struct mailer *m = (struct mailer *)((char *)t - offsetof(struct mailer, deadline));

	m->late = true;
	child_kill(&m->child);
}

static const char *start_command(struct mailer *m)
{
	size_t n = strlen(m->whole);

	if (child_start(&m->child, m->policy->command, false) < 0)
		return "the command could not be started";
	m->exited = (struct watch){.ready = child_gone, .fd = m->child.exited};
	m->late = false;
	if (write(m->child.in, m->whole, n) != (ssize_t)n || loop_watch(m->loop, &m->exited, POLL_READ) < 0) {
		child_end(&m->child);
		return "the command took nothing";
	}
	child_close_in(&m->child);
	loop_timer_set(m->loop, &m->deadline, loop_clock(m->loop)->mono_ms + m->policy->timeout_ms);
	return NULL;
}

/* By a relay */

static void relay_work(struct job *job)
{
	struct mailer *m = (struct mailer *)((char *)job - offsetof(struct mailer, job));

	m->sent = mail_relay_send(&m->relay, m->why);
}

static void relay_free(struct mail_relay *r)
{
	mem_free(r->url);
	mem_free(r->user);
	if (r->password)
		explicit_bzero(r->password, strlen(r->password));
	mem_free(r->password);
	mem_free((char *)(uintptr_t)r->from);
}

/* The next mail may be days away. */
static void drop_worker(struct mailer *m)
{
	struct worker *w = m->worker;

	m->worker = NULL;
	worker_free(w);
}

static void relay_done(struct job *job)
{
	struct mailer *m = (struct mailer *)((char *)job - offsetof(struct mailer, job));

	relay_free(&m->relay);
	finish(m, m->sent ? NULL : m->why);
	go_on(m);
	if (!m->current)
		drop_worker(m);
}

/* A thread of its own: whoever logs in does not wait for a relay that is slow. */
static const char *start_relay(struct mailer *m)
{
	const struct mail_policy *p = m->policy;

	if (!m->worker && worker_new(&m->worker, m->loop) < 0)
		return "there is no thread for it";
	m->relay = (struct mail_relay){.url = mem_strdup(p->relay),
				       .user = mem_strdup(p->user),
				       .password = mem_strdup(p->password),
				       .from = mem_strdup(p->from),
				       .to = m->current->to,
				       .whole = m->whole,
				       .timeout_ms = (long)p->timeout_ms,
				       .vain = &m->vain};
	m->job = (struct job){.work = relay_work, .done = relay_done};
	worker_run(m->worker, &m->job);
	return NULL;
}

static const char *start(struct mailer *m)
{
	if (!mail_possible(m->policy))
		return "mail was turned off";
	if (!compose(m, m->current))
		return "it is too long";
	return m->policy->command ? start_command(m) : start_relay(m);
}

/* One at a time. */
static void go_on(struct mailer *m)
{
	const char *why;

	while (!m->current && (m->current = STAILQ_FIRST(&m->waiting))) {
		STAILQ_REMOVE_HEAD(&m->waiting, next);
		m->count--;
		why = atomic_load(&m->vain) ? "the server is ending" : start(m);
		if (why)
			finish(m, why);
	}
}

struct mailer *mailer_new(struct loop *loop)
{
	struct mailer *m = mem_zalloc(sizeof(*m));

	m->loop = loop;
	m->deadline.due = late;
	STAILQ_INIT(&m->waiting);
	atomic_init(&m->vain, false);
	return m;
}

bool mailer_send(struct mailer *m, const struct mail_policy *p, struct mail *mail)
{
	if (m->count >= MAIL_QUEUE_MAX || !mail_possible(p))
		return false;
	m->policy = p;
	STAILQ_INSERT_TAIL(&m->waiting, mail, next);
	m->count++;
	go_on(m);
	return true;
}

void mailer_free(struct mailer *m)
{
	if (!m)
		return;
	atomic_store(&m->vain, true);
	if (m->child.pid) {
		loop_watch_stop(m->loop, &m->exited);
		loop_timer_stop(m->loop, &m->deadline);
		child_end(&m->child);
		finish(m, "the server is ending");
	}
	drop_worker(m);
	go_on(m);
	mem_free(m);
}
