#include "account/mail_private.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

/* It is asked for in another way from 7.85 on. */
#if LIBCURL_VERSION_NUM >= 0x075500
#define MAIL_PROTOCOLS(curl) curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
#else
#define MAIL_PROTOCOLS(curl) curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_SMTP | CURLPROTO_SMTPS))
#endif

bool mail_relay_built(void)
{
	return true;
}

/* The text on its way, with the ends of lines that SMTP has. */
struct reading {
	const char *at;
	bool cr; /* the '\r' before the '\n' at `at` is out */
};

static size_t give(char *dst, size_t size, size_t count, void *ctx)
{
	struct reading *r = ctx;
	size_t room = size * count, n = 0;

	while (n < room && *r->at) {
		if (*r->at == '\n' && !r->cr) {
			dst[n++] = '\r';
			r->cr = true;
			continue;
		}
		r->cr = false;
		dst[n++] = *r->at++;
	}
	return n;
}

static int look(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct mail_relay *r = ctx;

	(void)a, (void)b, (void)c, (void)d;
	return atomic_load(r->vain);
}

static void set_up(CURL *curl, const struct mail_relay *r, struct reading *reading, struct curl_slist *to)
{
	bool inside = strncmp(r->url, "smtps://", 8) == 0;

	curl_easy_setopt(curl, CURLOPT_URL, r->url);
	MAIL_PROTOCOLS(curl);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, r->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, r->from);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(curl, CURLOPT_READDATA, reading);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)(uintptr_t)r);
	/* No password goes over a line that others can read; without one TLS is taken where it is offered. */
	curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(r->password && !inside ? CURLUSESSL_ALL : CURLUSESSL_TRY));
	if (r->user)
		curl_easy_setopt(curl, CURLOPT_USERNAME, r->user);
	if (r->password)
		curl_easy_setopt(curl, CURLOPT_PASSWORD, r->password);
}

bool mail_relay_send(const struct mail_relay *r, char why[MAIL_WHY_MAX])
{
	struct reading reading = {.at = r->whole};
	struct curl_slist *to = curl_slist_append(NULL, r->to);
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_FAILED_INIT;

	if (curl && to) {
		set_up(curl, r, &reading, to);
		code = curl_easy_perform(curl);
	}
	if (code != CURLE_OK)
		snprintf(why, MAIL_WHY_MAX, "the relay: %s", curl_easy_strerror(code));
	curl_slist_free_all(to);
	curl_easy_cleanup(curl);
	return code == CURLE_OK;
}
