#pragma once

struct server;

/* The part of server_deinit that is about operators and classes. */
void server_opers_deinit(struct server *s);
