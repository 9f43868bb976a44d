#include "net/transport.h"

#include "base/wire.h"
#include "net/tls_internal.h"
#include "net/websocket.h"

bool transport_load(struct transport *t, struct wire_in *in)
{
	switch (wire_u8(in)) {
	case TRANSPORT_PLAIN:
		return true;
	case TRANSPORT_KTLS:
		transport_ktls_init(t, t->fd);
		return true;
	case TRANSPORT_WEBSOCKET:
		return transport_websocket_load(t, in);
	default:
		return false;
	}
}
