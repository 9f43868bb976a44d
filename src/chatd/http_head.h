#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/*
 * The head of a request of HTTP/1.1 (RFC 9112), line by line; strict, for those who ask are few and well made. A body is
 * not taken, but where bodied says so.
 */
enum { HTTP_HEAD_MAX = 4096 }; /* bytes, with all ends of lines */

struct http_head {
	size_t bytes; /* so far */
	size_t max;   /* 0: HTTP_HEAD_MAX */
	bool started; /* the first line was there */
	bool hosted;  /* a Host was */
	bool known;   /* the path is the one that is served */
	bool get;     /* the method is GET */
	bool modern;  /* HTTP/1.1 */
	bool bodied;  /* a length of a body is a field like others */
	/* Each field, its value without blanks around it, valid during the call. NULL: nobody looks. */
	void (*field)(void *ctx, struct str name, struct str value);
	void *ctx;
};

enum { HTTP_MORE = 0, HTTP_OK = 200, HTTP_BAD = 400, HTTP_NOT_FOUND = 404, HTTP_NOT_ALLOWED = 405 };

/*
 * One line without its LF. HTTP_MORE until the head is complete; else what to answer. path is what can be asked for; a
 * query behind it is let pass.
 */
int http_head_line(struct http_head *h, struct str line, const char *path);
