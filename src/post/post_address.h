#pragma once

#include <stdbool.h>

#include "post/post.h"

struct sockaddr;

/* An address of the Internet, or one of the policy's own networks. */
bool post_address_allowed(const struct post_policy *policy, const struct cidr *address);
/* The same, as a socket has it; false too for what is no address of IP. */
bool post_sockaddr_allowed(const struct post_policy *policy, const struct sockaddr *address);
