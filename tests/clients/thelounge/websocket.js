// node --require websocket.js thelounge/index.js start: The Lounge, whose irc-framework comes through a WebSocket instead of a plain socket.
"use strict";

const { createRequire } = require("module");

const from = createRequire(process.argv[1]);
const Transport = from("irc-framework/src/transports/websocket");

globalThis.WebSocket = from("ws");
from("irc-framework").Client.setDefaultTransport(
	class extends Transport {
		constructor(options) {
			super({ ...options, path: "/", websocket_protocol: "text.ircv3.net" });
		}
	},
);
