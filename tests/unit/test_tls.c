#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "fd_count.h"
#include "loop/poller.h"
#include "net/tls.h"
#include "net/tls_internal.h"

enum { NAME = 64, BIG = 300 << 10 };

struct fixture {
	char folder[NAME];
	char cert[2][2 * NAME], key[2][2 * NAME];
	struct tls_context *server, *client;
	struct transport s, c; /* the two ends */
	bool open;
	int before;
};

static const char *const names[] = {"chat.example", "other.example"};

static struct tls_pair pair(struct fixture *f, int i)
{
	return (struct tls_pair){f->cert[i], f->key[i]};
}

static int new_server(struct fixture *f, struct tls_context **out, const char *cert, char *why)
{
	struct tls_pair pairs[] = {pair(f, 0), pair(f, 1)};
	struct tls_server_config config = {.pairs = pairs, .count = 2};

	if (cert)
		pairs[1].certificate = cert;
	return tls_server_new(out, &config, why, 256);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct tls_client_config config = {0};
	char why[256] = "";

	assert_non_null(f);
	f->before = fd_count();
	strcpy(f->folder, "/tmp/test-tls-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	for (int i = 0; i < 2; i++) {
		struct tls_pair files;

		snprintf(f->cert[i], sizeof(f->cert[i]), "%s/%d.crt", f->folder, i);
		snprintf(f->key[i], sizeof(f->key[i]), "%s/%d.key", f->folder, i);
		files = pair(f, i);
		assert_int_equal(tls_make_pair(&files, names[i], why, sizeof(why)), 0);
	}
	assert_int_equal(new_server(f, &f->server, NULL, why), 0);
	config.authorities = f->cert[0];
	assert_int_equal(tls_client_new(&f->client, &config, why, sizeof(why)), 0);
	*state = f;
	return 0;
}

static void hang_up(struct fixture *f)
{
	if (!f->open)
		return;
	f->s.ops->free(&f->s);
	f->c.ops->free(&f->c);
	f->open = false;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	hang_up(f);
	tls_context_unref(f->server);
	tls_context_unref(f->client);
	for (int i = 0; i < 2; i++) {
		unlink(f->cert[i]);
		unlink(f->key[i]);
	}
	rmdir(f->folder);
	assert_int_equal(fd_count(), f->before);
	free(f);
	return 0;
}

static void dial(struct fixture *f, const char *host)
{
	int ends[2];

	hang_up(f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	transport_plain_init(&f->s, ends[0]);
	transport_plain_init(&f->c, ends[1]);
	assert_int_equal(transport_tls_accept(&f->s, f->server), 0);
	assert_int_equal(transport_tls_connect(&f->c, f->client, host), 0);
	f->open = true;
}

/* Both sides, as far as they get. */
static void shake_hands(struct fixture *f)
{
	int s = -EAGAIN, c = -EAGAIN;
	char why[256];

	for (int i = 0; i < 20 && (s || c); i++) {
		if (c)
			c = transport_tls_handshake(&f->c, why, sizeof(why));
		if (s)
			s = transport_tls_handshake(&f->s, why, sizeof(why));
	}
	assert_int_equal(s, 0);
	assert_int_equal(c, 0);
}

static ssize_t put(struct transport *t, const char *p, size_t n)
{
	struct iovec iov[2] = {{(void *)p, n / 3}, {(void *)(p + n / 3), n - n / 3}};

	return t->ops->write(t, iov, 2);
}

static ssize_t get(struct transport *t, char *p, size_t n)
{
	struct iovec iov[2] = {{p, n / 2}, {p + n / 2, n - n / 2}};

	return t->ops->read(t, iov, 2);
}

static void test_talk(void **state)
{
	struct fixture *f = *state;
	struct tls_facts facts;
	char text[64];

	dial(f, "chat.example");
	shake_hands(f);
	assert_int_equal(put(&f->c, "NICK ann\r\n", 10), 10);
	assert_int_equal(get(&f->s, text, sizeof(text)), 10);
	assert_memory_equal(text, "NICK ann\r\n", 10);
	assert_int_equal(get(&f->s, text, sizeof(text)), -EAGAIN);
	assert_true(transport_tls_facts(&f->c, &facts));
	assert_true(facts.trusted);
	assert_string_equal(facts.version, "TLSv1.3");
	assert_string_equal(facts.alpn, "irc");
	assert_int_equal(strlen(facts.certfp), 64);
	assert_true(transport_tls_facts(&f->s, &facts));
	assert_string_equal(facts.certfp, "");
}

static void test_each_name_has_its_certificate(void **state)
{
	struct fixture *f = *state;
	struct tls_facts facts[2];
	char pin[TLS_PIN_MAX];

	for (int i = 0; i < 2; i++) {
		dial(f, names[i]);
		shake_hands(f);
		assert_true(transport_tls_facts(&f->c, &facts[i]));
	}
	assert_string_not_equal(facts[0].pin, facts[1].pin);
	assert_true(facts[0].trusted && !facts[1].trusted);
	assert_string_not_equal(facts[1].distrust, "");
	tls_context_pin(f->server, pin);
	assert_string_equal(pin, facts[0].pin);
	dial(f, "nobody.example");
	shake_hands(f);
	assert_true(transport_tls_facts(&f->c, &facts[1]));
	assert_string_equal(facts[1].pin, facts[0].pin);
	assert_false(facts[1].trusted);
}

static void test_a_client_that_shows_one(void **state)
{
	struct fixture *f = *state;
	struct tls_client_config config = {.certificate = f->cert[1], .key = f->key[1]};
	struct tls_facts facts;
	char why[256];

	tls_context_unref(f->client);
	assert_int_equal(tls_client_new(&f->client, &config, why, sizeof(why)), 0);
	dial(f, names[0]);
	shake_hands(f);
	assert_true(transport_tls_facts(&f->s, &facts));
	assert_int_equal(strlen(facts.certfp), 64);
}

/* Another connection has another exporter; the certificate is the same. */
static void test_binding(void **state)
{
	struct fixture *f = *state;
	struct tls_binding b[2];
	char name[TLS_NAME_MAX];

	for (int i = 0; i < 2; i++) {
		dial(f, names[0]);
		shake_hands(f);
		assert_true(transport_tls_binding(&f->s, &b[i]));
		assert_int_equal(b[i].exporter_size, TLS_EXPORTER_SIZE);
		assert_int_equal(b[i].endpoint_size, 32);
	}
	assert_memory_not_equal(b[0].exporter, b[1].exporter, TLS_EXPORTER_SIZE);
	assert_memory_equal(b[0].endpoint, b[1].endpoint, 32);
	assert_false(transport_tls_name(&f->s, TLS_NAME_CN, name));
}

/* More than the socket takes, with breaks in the middle of records. */
static void test_much(void **state)
{
	struct fixture *f = *state;
	char *sent = malloc(BIG), *got = malloc(BIG);
	size_t out = 0, in = 0, blocked = 0;

	assert_true(sent && got);
	for (size_t i = 0; i < BIG; i++)
		sent[i] = (char)(i * 7 + i / 251);
	dial(f, names[0]);
	shake_hands(f);
	while (in < BIG) {
		ssize_t n = out < BIG ? put(&f->s, sent + out, BIG - out) : 0;

		blocked += n == -EAGAIN || out + (size_t)n < BIG;
		out += n > 0 ? (size_t)n : 0;
		n = get(&f->c, got + in, BIG - in < 5000 ? BIG - in : 5000);
		in += n > 0 ? (size_t)n : 0;
		assert_true(n > 0 || n == -EAGAIN);
	}
	assert_true(blocked > 0);
	assert_memory_equal(sent, got, BIG);
	free(sent);
	free(got);
}

/* What one read left is told of, for no descriptor tells of it. */
static void test_what_is_pending(void **state)
{
	struct fixture *f = *state;
	char text[64];

	dial(f, names[0]);
	shake_hands(f);
	assert_int_equal(put(&f->c, "0123456789", 10), 10);
	assert_false(f->s.ops->pending(&f->s));
	assert_int_equal(get(&f->s, text, 4), 4);
	assert_true(f->s.ops->pending(&f->s));
	assert_int_equal(get(&f->s, text, 6), 6);
	assert_false(f->s.ops->pending(&f->s));
}

static void test_goodbye(void **state)
{
	struct fixture *f = *state;
	char text[64];

	dial(f, names[0]);
	shake_hands(f);
	assert_int_equal(get(&f->c, text, sizeof(text)), -EAGAIN);
	assert_int_equal(put(&f->s, "bye", 3), 3);
	assert_int_equal(f->s.ops->shutdown(&f->s), 0);
	assert_int_equal(get(&f->c, text, sizeof(text)), 3);
	assert_int_equal(get(&f->c, text, sizeof(text)), 0);
	assert_true(f->s.ops->save == NULL);
}

/*
 * The kernel's records on a socket that has none, where the alert goes as its two bytes: what stands before it in a
 * full buffer is not lost, and it comes last.
 */
static void test_goodbye_of_the_kernels_with_a_full_buffer(void **state)
{
	struct transport t;
	size_t sent = 0, got = 0;
	char text[4096] = "";
	ssize_t n;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	transport_ktls_init(&t, ends[0]);
	if (t.fd < 0) {
		close(ends[1]);
		skip();
	}
	while ((n = put(&t, text, sizeof(text))) > 0)
		sent += (size_t)n;
	assert_int_equal(n, -EAGAIN);
	assert_int_equal(t.ops->wants(&t), 0);
	assert_int_equal(t.ops->shutdown(&t), -EAGAIN);
	assert_int_equal(t.ops->wants(&t), POLL_WRITE);
	while ((n = recv(ends[1], text, sizeof(text), 0)) > 0)
		got += (size_t)n;
	assert_int_equal(n, -1);
	assert_int_equal(got, sent);
	assert_int_equal(t.ops->shutdown(&t), 0);
	assert_int_equal(t.ops->wants(&t), 0);
	assert_int_equal(recv(ends[1], text, sizeof(text), 0), 2);
	assert_memory_equal(text, "\1\0", 2);
	assert_int_equal(recv(ends[1], text, sizeof(text), 0), 0);
	t.ops->free(&t);
	close(ends[1]);
}

static void test_garbage(void **state)
{
	struct fixture *f = *state;
	char why[256];
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	transport_plain_init(&f->s, ends[0]);
	assert_int_equal(transport_tls_accept(&f->s, f->server), 0);
	assert_int_equal(transport_tls_handshake(&f->s, why, sizeof(why)), -EAGAIN);
	assert_int_equal(send(ends[1], "NICK ann\r\nUSER a 0 * :a\r\n", 25, MSG_NOSIGNAL), 25);
	assert_true(transport_tls_handshake(&f->s, why, sizeof(why)) < 0);
	assert_string_not_equal(why, "");
	f->s.ops->free(&f->s);
	close(ends[1]);
}

/* What the certificate is said with finds no room: that is waited for, and nothing that the other side would say. */
static void test_a_handshake_that_waits_to_write(void **state)
{
	struct fixture *f = *state;
	char why[256], junk[4096] = {0};
	ssize_t n, full = 0;

	dial(f, names[0]);
	assert_int_equal(transport_tls_handshake(&f->c, why, sizeof(why)), -EAGAIN);
	assert_int_equal(f->c.ops->wants(&f->c), 0);
	while ((n = write(f->s.fd, junk, sizeof(junk))) > 0)
		full += n;
	assert_int_equal(transport_tls_handshake(&f->s, why, sizeof(why)), -EAGAIN);
	assert_int_equal(f->s.ops->wants(&f->s), POLL_WRITE);
	for (; full > 0; full -= n) {
		n = read(f->c.fd, junk, full < (ssize_t)sizeof(junk) ? (size_t)full : sizeof(junk));
		assert_true(n > 0);
	}
	shake_hands(f);
	assert_int_equal(f->s.ops->wants(&f->s), 0);
}

/* OpenSSL has one queue of errors for the thread, and takes the oldest in it for the call's own. */
static void test_errors_of_others_are_not_ours(void **state)
{
	struct fixture *f = *state;
	char buf[16], why[256] = "";

	dial(f, names[0]);
	ERR_raise(ERR_LIB_SSL, SSL_R_HTTP_REQUEST);
	assert_int_equal(transport_tls_handshake(&f->s, why, sizeof(why)), -EAGAIN);
	shake_hands(f);

	ERR_raise(ERR_LIB_SSL, SSL_R_HTTP_REQUEST);
	assert_int_equal(f->s.ops->read(&f->s, &(struct iovec){buf, sizeof(buf)}, 1), -EAGAIN);
	ERR_raise(ERR_LIB_SSL, SSL_R_HTTP_REQUEST);
	assert_int_equal(put(&f->s, "abc", 3), 3);
	ERR_raise(ERR_LIB_SSL, SSL_R_HTTP_REQUEST);
	assert_int_equal(get(&f->c, buf, 3), 3);
	ERR_raise(ERR_LIB_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING);
	assert_int_equal(f->c.ops->read(&f->c, &(struct iovec){buf, sizeof(buf)}, 1), -EAGAIN);
}

static void test_files_that_do_not_fit(void **state)
{
	struct fixture *f = *state;
	struct tls_context *ctx = NULL;
	struct tls_pair files = pair(f, 0);
	char why[256] = "";

	assert_int_equal(new_server(f, &ctx, "/nonexistent.crt", why), -EINVAL);
	assert_non_null(strstr(why, "/nonexistent.crt"));
	assert_int_equal(new_server(f, &ctx, f->cert[0], why), -EINVAL);
	assert_non_null(strstr(why, f->key[1]));
	assert_null(ctx);
	assert_int_equal(tls_make_pair(&files, names[0], why, sizeof(why)), -EEXIST);
}

static void test_what_is_made(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	int64_t years = (tls_context_expires(f->server) / 1000 - time(NULL)) / (365 * 24 * 3600);

	assert_in_range(years, 9, 10);
	assert_int_equal(stat(f->key[0], &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* A client of TLS 1.2, where the ticket is a part of the handshake, comes with what it was given the last time. */
static bool resumes(struct fixture *f, SSL_CTX *ctx, SSL_SESSION **session)
{
	SSL *ssl = SSL_new(ctx);
	struct tls_facts facts;
	char why[256];
	int ends[2], s = -EAGAIN, c = 0;

	assert_non_null(ssl);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	transport_plain_init(&f->s, ends[0]);
	assert_int_equal(transport_tls_accept(&f->s, f->server), 0);
	assert_int_equal(SSL_set_fd(ssl, ends[1]), 1);
	if (*session)
		assert_int_equal(SSL_set_session(ssl, *session), 1);
	for (int i = 0; i < 20 && (s || c != 1); i++) {
		c = c == 1 ? 1 : SSL_connect(ssl);
		s = s ? transport_tls_handshake(&f->s, why, sizeof(why)) : 0;
	}
	assert_int_equal(s, 0);
	assert_int_equal(c, 1);
	assert_true(transport_tls_facts(&f->s, &facts));
	assert_int_equal(facts.resumed, SSL_session_reused(ssl));
	SSL_SESSION_free(*session);
	*session = SSL_get1_session(ssl);
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(ends[1]);
	f->s.ops->free(&f->s);
	return facts.resumed;
}

static void test_tickets_end_with_their_keys(void **state)
{
	const unsigned char keys[TLS_TICKET_KEYS] = {1, 2, 3};
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct fixture *f = *state;
	SSL_SESSION *session = NULL;

	assert_non_null(ctx);
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	assert_false(resumes(f, ctx, &session));
	assert_true(resumes(f, ctx, &session));
	tls_context_set_tickets(f->server, keys);
	assert_false(resumes(f, ctx, &session));
	assert_true(resumes(f, ctx, &session));
	SSL_SESSION_free(session);
	SSL_CTX_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_talk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_each_name_has_its_certificate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_client_that_shows_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_binding, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_much, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_pending, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_goodbye, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_goodbye_of_the_kernels_with_a_full_buffer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_garbage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_handshake_that_waits_to_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors_of_others_are_not_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_files_that_do_not_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_made, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tickets_end_with_their_keys, set_up, tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
