#pragma once

#include <stddef.h>

struct control_conn;

/* "ban add [DURATION] TARGET [REASON]", "ban del TARGET|NUMBER", "ban list": words[1] is the rest of the line. */
void control_ban(struct control_conn *c, const char *const *words, size_t n);
/* "forbid add NAME [DURATION] [REASON]", "forbid del NAME", "forbid list": the same. */
void control_forbid(struct control_conn *c, const char *const *words, size_t n);

/* Of channels, see control_channels.h. rest: "CHANNEL [DURATION] [REASON]". */
void control_suspend(struct control_conn *c, const char *rest);
void control_unsuspend(struct control_conn *c, const char *channel);
void control_suspensions(struct control_conn *c);
