#include "chatd/control_outgoing.h"

#include <string.h>

#include "chatd/control_private.h"
#include "chatd/outgoing.h"

/* There are few of them: the configuration bounds their number. */
static void list(struct control_conn *c)
{
	struct outgoing *o = control_of(c)->host.outgoing;
	struct json *j = &c->json;
	struct outgoing_view v;

	for (size_t i = 0; outgoing_nth(o, i, &v); i++) {
		json_begin(j);
		json_str(j, "webhook", str_of(v.name));
		json_u64(j, "waiting", v.waiting);
		json_u64(j, "sent", v.sent);
		json_u64(j, "dropped", v.dropped);
		json_u64(j, "refused", v.refused);
		json_u64(j, "failures", v.failures);
		if (v.paused_until)
			json_time(j, "paused_until", v.paused_until);
		json_str(j, "trouble", str_of(v.trouble));
		json_end(j);
	}
	control_ok(c);
}

static void conclude(struct control_conn *c, bool found)
{
	if (found)
		control_ok(c);
	else
		control_fail(c, "no_such_webhook", "there is no such webhook in the configuration");
}

void control_outgoing(struct control_conn *c, const char *const *words, size_t n)
{
	struct outgoing *o = control_of(c)->host.outgoing;

	if (strcmp(words[0], "list") == 0 && n == 1)
		list(c);
	else if (strcmp(words[0], "ping") == 0 && n == 2)
		conclude(c, outgoing_ping(o, str_of(words[1])));
	else if (strcmp(words[0], "resume") == 0 && n == 2)
		conclude(c, outgoing_resume(o, str_of(words[1])));
	else
		control_fail(c, "bad_request", "wanted is outgoing list, ping NAME or resume NAME");
}
