#pragma once

#include <stdbool.h>
#include <stddef.h>

struct service_ask;

/* What NickServ does in more than one file: nickserv.c has the rest, and the table. */

/* More words came than there are, which means that a password has blanks: that was answered. */
bool nickserv_is_cut(const struct service_ask *a, size_t most);

/* nickserv_data.c */
void nickserv_data(const struct service_ask *a);
void nickserv_forgetme(const struct service_ask *a);

/* nickserv_password.c */
void nickserv_set_password(const struct service_ask *a, const char *password);
void nickserv_set_email(const struct service_ask *a, const char *address);
/* VERIFY of somebody who is logged in: the code of a new address. False: the caller is not logged in to that account.
 */
bool nickserv_verify_email(const struct service_ask *a);
void nickserv_sendpass(const struct service_ask *a);
void nickserv_resetpass(const struct service_ask *a);
