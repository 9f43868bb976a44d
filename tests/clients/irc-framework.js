// node irc-framework.js HOST PORT NICK [SUBPROTOCOL]: over WebSocket where one is named. What happens as lines of JSON on stdout; commands as lines of JSON on stdin.
"use strict";

const { createRequire } = require("module");
const path = require("path");
const readline = require("readline");

const from = createRequire(path.join(process.cwd(), "package.json"));
const { Client } = from("irc-framework");
const [host, port, nick, protocol] = process.argv.slice(2);
const client = new Client();

function tell(event, fields) {
	process.stdout.write(JSON.stringify({ event, ...fields }) + "\n");
}

client.on("registered", (e) => tell("registered", { nick: e.nick }));
client.on("join", (e) => tell("join", { nick: e.nick, channel: e.channel }));
client.on("userlist", (e) => tell("userlist", { channel: e.channel, nicks: e.users.map((u) => u.nick) }));
client.on("message", (e) => tell("message", { nick: e.nick, target: e.target, text: e.message }));
client.on("nick", (e) => tell("nick", { nick: e.nick, now: e.new_nick }));
client.on("part", (e) => tell("part", { nick: e.nick, channel: e.channel }));
client.on("close", () => tell("close", {}));
const options = { host, port: Number(port), nick, username: "frame", gecos: "irc-framework", auto_reconnect: false };
if (protocol) {
	globalThis.WebSocket = from("ws");
	options.path = "/";
	options.websocket_protocol = protocol;
	options.transport = from("irc-framework/src/transports/websocket");
}
client.connect(options);

readline.createInterface({ input: process.stdin }).on("line", (line) => {
	const [method, ...words] = JSON.parse(line);
	client[method](...words);
});
