// node page.js DEBUG_PORT: the first page of a Chromium. Expressions as lines of JSON on stdin are evaluated in it, and their values come as lines of JSON
// on stdout; null where one fails, as it does while the page is still being loaded. It needs the WebSocket that Node.js has from 22 on.
"use strict";

const readline = require("readline");

async function open(port) {
	for (;;) {
		const pages = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
		const page = pages.find((p) => p.type === "page");
		if (page) return new WebSocket(page.webSocketDebuggerUrl);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

async function main() {
	const socket = await open(process.argv[2]);
	await new Promise((resolve) => socket.addEventListener("open", resolve));
	socket.addEventListener("message", (event) => {
		const { id, result } = JSON.parse(event.data);
		if (id) process.stdout.write(JSON.stringify(result?.exceptionDetails ? null : (result?.result?.value ?? null)) + "\n");
	});
	let id = 0;
	for await (const line of readline.createInterface({ input: process.stdin })) {
		const params = { expression: JSON.parse(line), returnByValue: true };
		socket.send(JSON.stringify({ id: ++id, method: "Runtime.evaluate", params }));
	}
	process.exit();
}

main();
