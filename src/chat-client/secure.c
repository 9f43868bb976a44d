#include "chat-client/secure.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "chat-client/dial.h"
#include "chat-client/keep.h"
#include "chat-client/options.h"
#include "chat-client/words.h"
#include "loop/poller.h"

static const char known_hosts[] = "known-hosts";

__attribute__((format(printf, 3, 4))) static int refuse(struct secure_report *report, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(report->why, sizeof(report->why), fmt, args);
	va_end(args);
	return -code;
}

static bool signs_itself(const struct tls_facts *facts)
{
	return !strcmp(facts->distrust, X509_verify_cert_error_string(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT));
}

/* Trust on first use. */
static int judge_known(const struct options *o, const char *folder, const struct tls_facts *facts,
		       struct secure_report *report)
{
	char key[KEEP_KEY_MAX], known[KEEP_VALUE_MAX];
	int r;

	snprintf(key, sizeof(key), "%s:%s", o->host, o->port);
	if (keep_get(folder, known_hosts, key, known)) {
		if (!strcmp(known, facts->pin))
			return 0;
		return refuse(
			report, EX_NOPERM,
			_("WARNING: %s port %s HAS ANOTHER KEY THAN BEFORE. Somebody may be listening in. It was %s "
			  "and is %s. If you know that it was changed, take its line out of %s/%s"),
			o->host, o->port, known, facts->pin, folder, known_hosts);
	}
	r = keep_put(folder, known_hosts, key, facts->pin);
	snprintf(report->note, sizeof(report->note),
		 r ? _("the certificate of %s signs itself, and its key cannot be kept: %s")
		   : _("the certificate of %s signs itself; from now on it must have this key: %s"),
		 o->host, r ? strerror(-r) : facts->pin);
	return 0;
}

int secure_judge(const struct options *o, const char *folder, const struct tls_facts *facts,
		 struct secure_report *report)
{
	if (o->pin[0]) {
		if (!strcmp(o->pin, facts->pin))
			return 0;
		return refuse(report, EX_NOPERM, _("%s has another key than the pin says: %s"), o->host, facts->pin);
	}
	if (facts->trusted)
		return 0;
	if (signs_itself(facts) && folder)
		return judge_known(o, folder, facts, report);
	return refuse(report, EX_NOPERM, _("the certificate of %s is not trusted: %s (to trust it: --pin=%s)"), o->host,
		      facts->distrust, facts->pin);
}

static bool is_near_v4(uint32_t a)
{
	static const struct {
		uint32_t net;
		unsigned bits;
	} nets[] = {{0x7F000000, 8},  {0x0A000000, 8},  {0xAC100000, 12},
		    {0xC0A80000, 16}, {0xA9FE0000, 16}, {0x64400000, 10}};

	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		if ((a ^ nets[i].net) >> (32 - nets[i].bits) == 0)
			return true;
	}
	return false;
}

bool secure_is_near(const struct sockaddr *peer)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	uint32_t last;

	/* getpeername(2) wrote it: NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	if (peer->sa_family == AF_INET) {
		memcpy(&v4, peer, sizeof(v4));
		return is_near_v4(ntohl(v4.sin_addr.s_addr));
	}
	if (peer->sa_family != AF_INET6)
		return peer->sa_family == AF_UNIX;
	memcpy(&v6, peer, sizeof(v6));
	memcpy(&last, v6.sin6_addr.s6_addr + 12, sizeof(last));
	if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
		return is_near_v4(ntohl(last));
	return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) || IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) ||
	       (v6.sin6_addr.s6_addr[0] & 0xFE) == 0xFC;
}

static bool is_near(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && secure_is_near((struct sockaddr *)&peer);
}

static int shake_hands(struct transport *t, char *why, size_t size)
{
	int64_t deadline = clock_mono_us() + DIAL_SECONDS * 1000000LL;
	int r;

	while ((r = transport_tls_handshake(t, why, size)) == -EAGAIN) {
		unsigned wants = t->ops->wants(t);
		struct pollfd p = {.fd = t->fd, .events = wants & POLL_WRITE ? POLLOUT : POLLIN};
		int64_t left_ms = (deadline - clock_mono_us()) / 1000;

		if (left_ms <= 0) {
			snprintf(why, size, "%s", _("no answer in time"));
			return -ETIMEDOUT;
		}
		if (poll(&p, 1, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
	}
	return r;
}

static int begin(const struct options *o, struct transport *t, struct secure_report *report)
{
	struct tls_client_config config = {.authorities = o->authorities[0] ? o->authorities : NULL,
					   .certificate = o->certificate[0] ? o->certificate : NULL,
					   .key = o->key[0] ? o->key : o->certificate};
	struct tls_context *context = NULL;
	int r = tls_client_new(&context, &config, report->why, sizeof(report->why));

	if (r)
		return -EX_CONFIG;
	r = transport_tls_connect(t, context, o->host);
	tls_context_unref(context);
	return r ? refuse(report, EX_OSERR, _("TLS: %s"), strerror(-r)) : 0;
}

int secure_transport(const struct options *o, struct transport *t, struct secure_report *report)
{
	char folder[KEEP_FOLDER_MAX], why[256] = "";
	struct tls_facts facts;
	int r = begin(o, t, report);

	if (!r && shake_hands(t, why, sizeof(why)))
		r = refuse(report, EX_UNAVAILABLE, _("no TLS with %s port %s: %s"), o->host, o->port,
			   why[0] ? why : _("the server closed the connection"));
	if (!r && !transport_tls_facts(t, &facts))
		r = refuse(report, EX_NOPERM, _("nothing is known of the certificate of %s"), o->host);
	if (!r)
		(void)transport_tls_binding(t, &report->binding);
	if (!r)
		r = secure_judge(o, is_near(t->fd) && keep_folder(folder) ? folder : NULL, &facts, report);
	if (r)
		t->ops->free(t);
	return r;
}
