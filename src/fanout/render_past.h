#pragma once

struct record;
struct session;

/*
 * What was kept -> the line that a client gets who reads it later, with the time, message id and tags that it had. It
 * is replied, in the batch that the session is in. target: the channel as it is called now. A client that knows nothing
 * of server-time is told the time in the text.
 */
void render_past(struct session *s, const struct record *r, const char *target, const char *server);
