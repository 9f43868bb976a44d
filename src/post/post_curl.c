#include "post/post_private.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/mem.h"
#include "chat_version.h"
#include "post/post_address.h"

/* It is asked for in another way from 7.85 on. */
#if LIBCURL_VERSION_NUM >= 0x075500
#define POST_PROTOCOLS(curl, plain) curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, plain ? "https,http" : "https")
#else
#define POST_PROTOCOLS(curl, plain)                                                                                    \
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTPS | (plain ? CURLPROTO_HTTP : 0)))
#endif
/* From 7.87 on nobody waits for a name that is being looked up when all ends. */
#if LIBCURL_VERSION_NUM >= 0x075700
#define POST_QUICK_EXIT(curl) curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L)
#else
#define POST_QUICK_EXIT(curl) ((void)(curl))
#endif

/* ANSWER_MAX: bytes of head and body that are passed over before the connection is given up. */
enum { ANSWER_MAX = 64 << 10, CONNECTIONS_KEPT = 16, LOOK_MS = 1000, WAIT_MAX_S = 24 * 3600 };

struct transfer {
	struct post *post;
	struct post_terms *terms;
	CURL *curl;
	struct curl_slist *headers;
	size_t answer;
	bool refused; /* an address that it would have gone to */
	bool over;
	CURLcode code;
};

struct post_engine {
	CURLM *multi;
	atomic_bool woken;
	struct transfer *transfers[POST_UNDER_WAY_MAX];
};

bool post_built(void)
{
	return true;
}

struct post_engine *post_engine_new(void)
{
	struct post_engine *e;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	e = mem_zalloc(sizeof(*e));
	e->multi = curl_multi_init();
	if (!e->multi) {
		mem_free(e);
		return NULL;
	}
	curl_multi_setopt(e->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	return e;
}

void post_engine_free(struct post_engine *e)
{
	if (!e)
		return;
	curl_multi_cleanup(e->multi);
	mem_free(e);
}

/* Too much of it ends the transfer; what it is nobody wants to know. */
static size_t pass_over(char *bytes, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;

	(void)bytes;
	t->answer += size * count;
	return t->answer > ANSWER_MAX ? 0 : size * count;
}

/* The name has become an address, and this is the one that would be connected to. */
static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = ctx;

	if (purpose != CURLSOCKTYPE_IPCXN || !post_sockaddr_allowed(&t->terms->policy, &address->addr)) {
		t->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void limit(struct transfer *t, const struct post_policy *policy)
{
	CURL *curl = t->curl;

	POST_PROTOCOLS(curl, policy->plain);
	POST_QUICK_EXIT(curl);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)policy->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (policy->authorities)
		curl_easy_setopt(curl, CURLOPT_CAINFO, policy->authorities);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, pass_over);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, pass_over);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
}

/* Without "Expect: 100-continue", which costs a round trip and is understood by few. */
static bool set_up(struct transfer *t)
{
	const struct post *p = t->post;
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; headers && i < POST_HEADERS_MAX && p->headers[i]; i++) {
		struct curl_slist *more = curl_slist_append(headers, p->headers[i]);

		if (!more)
			curl_slist_free_all(headers);
		headers = more;
	}
	t->headers = headers;
	curl_easy_setopt(t->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, p->body.n ? p->body.p : "");
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->body.n);
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(t->curl, CURLOPT_USERAGENT, "chatd/" CHAT_VERSION);
	curl_easy_setopt(t->curl, CURLOPT_PRIVATE, t);
	return headers && curl_easy_setopt(t->curl, CURLOPT_URL, p->url) == CURLE_OK;
}

static void transfer_free(struct transfer *t)
{
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	mem_free(t);
}

static struct transfer **place_of(struct post_engine *e, const struct transfer *t)
{
	for (size_t i = 0; i < POST_UNDER_WAY_MAX; i++)
		if (e->transfers[i] == t)
			return &e->transfers[i];
	return NULL;
}

bool post_engine_add(struct post_engine *e, struct post *p, struct post_terms *terms, bool fresh)
{
	struct transfer **place = place_of(e, NULL);
	struct transfer *t = mem_zalloc(sizeof(*t));

	t->post = p;
	t->terms = terms;
	t->curl = place ? curl_easy_init() : NULL;
	if (!t->curl || !set_up(t)) {
		transfer_free(t);
		return false;
	}
	limit(t, &terms->policy);
	curl_easy_setopt(t->curl, CURLOPT_FRESH_CONNECT, (long)fresh);
	if (curl_multi_add_handle(e->multi, t->curl) != CURLM_OK) {
		transfer_free(t);
		return false;
	}
	*place = t;
	p->transfer = t;
	return true;
}

struct post_terms *post_engine_remove(struct post_engine *e, struct post *p)
{
	struct transfer *t = p->transfer;
	struct post_terms *terms = t->terms;

	curl_multi_remove_handle(e->multi, t->curl);
	*place_of(e, t) = NULL;
	p->transfer = NULL;
	transfer_free(t);
	return terms;
}

/* True: there is one more that is over. */
static bool gather(struct post_engine *e)
{
	bool any = false;
	int left;
	CURLMsg *msg;

	while ((msg = curl_multi_info_read(e->multi, &left))) {
		struct transfer *t = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		t->over = true;
		t->code = msg->data.result;
		any = true;
	}
	return any;
}

void post_engine_run(struct post_engine *e)
{
	int running;

	for (;;) {
		if (curl_multi_perform(e->multi, &running) != CURLM_OK || gather(e) || atomic_exchange(&e->woken, false))
			return;
		curl_multi_poll(e->multi, NULL, 0, LOOK_MS, NULL);
	}
}

void post_engine_wake(struct post_engine *e)
{
	atomic_store(&e->woken, true);
	curl_multi_wakeup(e->multi);
}

/* An answer counts from its status on: that somebody then says too much is nothing. */
static void conclude(struct transfer *t)
{
	struct post *p = t->post;
	curl_off_t wait = 0;
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &wait);
	if (t->code == CURLE_OK || (t->code == CURLE_WRITE_ERROR && status >= 200))
		p->status = (int)status;
	p->wait_ms = wait <= 0 ? 0 : wait < WAIT_MAX_S ? wait * 1000 : WAIT_MAX_S * 1000ll;
	p->barred = !p->status && t->refused && t->code == CURLE_COULDNT_CONNECT;
	if (p->status)
		snprintf(p->why, sizeof(p->why), "the answer was %d", p->status);
	else
		snprintf(p->why, sizeof(p->why), "%s",
			 p->barred ? "its address is none that may be used" : curl_easy_strerror(t->code));
}

struct post *post_engine_finished(struct post_engine *e)
{
	for (size_t i = 0; i < POST_UNDER_WAY_MAX; i++) {
		struct transfer *t = e->transfers[i];

		if (!t || !t->over)
			continue;
		conclude(t);
		return t->post;
	}
	return NULL;
}
