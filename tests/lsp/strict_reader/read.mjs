// A client with the reader of VS Code (vscode-jsonrpc), and beside it one that counts every byte. Plays the messages of
// a script against a server and writes to a file, as JSON, what came back and what was wrong with it.
//
//     node read.mjs script.json report.json
//
// script.json: {"command": ["adalang", "server"], "messages": [{"id": 1, "method": "initialize", …}, …]}
//
// A message with an id is waited for before the next is sent, unless it says `"wait": false`.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.env.ADALANG_NODE_MODULES + "/");
const { StreamMessageReader, StreamMessageWriter } = require("vscode-jsonrpc/node");

const { command, messages } = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const server = spawn(command[0], command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
const report = { answers: {}, notifications: [], errors: [], bytes: 0, framed: 0, code: null };
const waiting = new Map();

// After an error nothing more can be read: what is known is told at once.
function giveUp(error) {
  report.errors.push(error);
  finish();
  server.kill();
  process.exit();
}

function finish() {
  writeFileSync(process.argv[3], JSON.stringify(report));
}

const reader = new StreamMessageReader(server.stdout);
const writer = new StreamMessageWriter(server.stdin);
reader.onError((error) => giveUp(String(error)));
reader.onPartialMessage((info) => giveUp(`a message that does not come to its end: ${JSON.stringify(info)}`));
reader.listen((message) => {
  if (message.jsonrpc !== "2.0") report.errors.push(`not JSON-RPC: ${JSON.stringify(message)}`);
  if ("method" in message) {
    report.notifications.push(message.method);
    if ("id" in message) writer.write({ jsonrpc: "2.0", id: message.id, result: null });
    return;
  }
  (report.answers[message.id] ??= []).push(message.error ?? { result: message.result });
  waiting.get(message.id)?.();
});

// Nothing but `Content-Length: n`, an empty line, and n bytes of JSON in UTF-8.
let rest = Buffer.alloc(0);
server.stdout.on("data", (data) => {
  report.bytes += data.length;
  rest = Buffer.concat([rest, data]);
  for (;;) {
    const header = /^Content-Length: (\d+)\r\n\r\n/.exec(rest.subarray(0, 64).toString("latin1"));
    if (!header || rest.length < header[0].length + Number(header[1])) return;
    const end = header[0].length + Number(header[1]);
    const body = new TextDecoder("utf-8", { fatal: true }).decode(rest.subarray(header[0].length, end));
    JSON.parse(body);
    report.framed += end;
    rest = rest.subarray(end);
  }
});

const closed = new Promise((resolve) => server.on("close", resolve));
for (const { wait = true, ...message } of messages) {
  const answered = "id" in message && wait ? new Promise((resolve) => waiting.set(message.id, resolve)) : null;
  await writer.write({ jsonrpc: "2.0", ...message });
  await answered;
}
report.code = await closed;
finish();
