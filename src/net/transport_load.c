#include "net/transport.h"

#include "base/wire.h"

bool transport_load(struct transport *t, struct wire_in *in)
{
	(void)t;
	return wire_u8(in) == TRANSPORT_PLAIN;
}
