import { readFileSync } from "node:fs";
import { beforeEach, expect, test } from "vitest";
import { COMMANDS, type Host, run } from "../src/commands";
import { describe as describeState, type State } from "../src/status";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

let events: unknown[];
let answer: string | undefined;

beforeEach(() => {
  events = [];
  answer = undefined;
});

function host(state: State, facts: Partial<Host> = {}): Host {
  return {
    state,
    installInto: undefined,
    settled: async () => void events.push("settled"),
    restart: async () => void events.push("restart"),
    execute: async (command, args) => void events.push([command, ...args]),
    chooseTarget: async (verb, name) => ({ uri: "file:///a.adal", name: typeof name === "string" ? name : `the ${verb}` }),
    inputsFor: async () => null,
    chooseRow: async () => 3,
    activeFile: () => "file:///a.adal",
    chooseProposal: async () => "p1",
    preview: undefined,
    tell: async (message, choices) => {
      events.push([message, ...choices]);
      return answer;
    },
    choose: async (_, items) => {
      events.push(items.map(({ command }) => command));
      return answer;
    },
    dispatch: async (command) => void events.push(command),
    install: async () => void events.push("install"),
    showLog: () => void events.push("log"),
    showInfo: async () => void events.push("info"),
    openTrace: async (uri, run) => void events.push(["trace", uri, run]),
    ...facts,
  };
}

test("the palette offers exactly what the table has, without the two that only the extension calls", () => {
  const offered = manifest.contributes.commands.map(({ command }: { command: string }) => command);
  const internal = ["adalang.statusMenu", "adalang.explainFailure"];
  expect([...offered, ...internal].sort()).toEqual(Object.keys(COMMANDS).sort());
});

test.each([
  ["adalang.run", "adalang.server.run", "the run"],
  ["adalang.evaluate", "adalang.server.evaluate", "the evaluate"],
  ["adalang.optimize", "adalang.server.optimize", "the optimize"],
  ["adalang.preview", "adalang.server.preview", "the preview"],
  ["adalang.saveRow", "adalang.server.saveRow", "the save"],
])("%s asks for a target and hands it to the server", async (command, serverCommand, name) => {
  await run(host({ kind: "ready" }), command, []);
  expect(events).toEqual([[serverCommand, "file:///a.adal", name]]);
});

test("a key binding may name the target", async () => {
  await run(host({ kind: "ready" }), "adalang.evaluate", ["routing"]);
  expect(events).toEqual([["adalang.server.evaluate", "file:///a.adal", "routing"]]);
});

test("what the user gives is what a component is run with, and giving up runs nothing", async () => {
  await run(host({ kind: "ready" }, { inputsFor: async () => ({ ticket: "x" }) }), "adalang.run", []);
  await run(host({ kind: "ready" }, { inputsFor: async () => undefined }), "adalang.run", []);
  await run(host({ kind: "ready" }), "adalang.runRow", []);
  await run(host({ kind: "ready" }, { chooseRow: async () => undefined }), "adalang.runRow", []);
  expect(events).toEqual([
    ["adalang.server.run", "file:///a.adal", "the run", { ticket: "x" }],
    ["adalang.server.run", "file:///a.adal", "the run", { row: 3 }],
  ]);
});

test("paging turns the preview that is looked at, or opens that of the prompt at the cursor", async () => {
  const preview = { uri: "adalang:/preview/a.adal/p.md", file: "file:///a.adal", name: "p" };
  await run(host({ kind: "ready" }, { preview }), "adalang.nextRow", []);
  await run(host({ kind: "ready" }), "adalang.previousRow", []);
  await run(host({ kind: "ready" }, { preview }), "adalang.previewRow", []);
  await run(host({ kind: "ready" }), "adalang.previewRow", []);
  await run(host({ kind: "ready" }, { chooseRow: async () => undefined }), "adalang.previewRow", []);
  expect(events).toEqual([
    ["adalang.server.preview", "adalang:/preview/a.adal/p.md", "p", "next"],
    ["adalang.server.preview", "file:///a.adal", "the preview", "previous"],
    ["adalang.server.preview", "file:///a.adal", "p", 3],
    ["adalang.server.preview", "file:///a.adal", "the preview", 3],
  ]);
});

test("what is done with a proposal is done with the one that is chosen, or given", async () => {
  await run(host({ kind: "ready" }), "adalang.explainProposal", []);
  await run(host({ kind: "ready" }), "adalang.applyProposal", ["p2"]);
  await run(host({ kind: "ready" }, { chooseProposal: async () => undefined }), "adalang.dismissProposal", []);
  expect(events).toEqual([
    ["adalang.server.explainProposal", "p1"],
    ["adalang.server.applyProposal", "p2"],
  ]);
});

test("previews and graphs cost nothing and need no trust", async () => {
  await run(host({ kind: "untrusted" }), "adalang.preview", []);
  await run(host({ kind: "untrusted" }), "adalang.showGraph", []);
  await run(host({ kind: "ready" }), "adalang.showGraph", ["answer"]);
  await run(host({ kind: "ready" }, { activeFile: () => undefined }), "adalang.showGraph", []);
  expect(events).toEqual([
    ["adalang.server.preview", "file:///a.adal", "the preview"],
    ["adalang.server.showGraph", "file:///a.adal"],
    ["adalang.server.showGraph", "file:///a.adal", "answer"],
  ]);
});

test("in a workspace that is not trusted the server is never asked to run anything", async () => {
  const spendOrWrite = ["run", "runRow", "saveRow", "evaluate", "optimize", "openTrace", "explainProposal", "applyProposal", "dismissProposal"];
  for (const command of spendOrWrite.map((name) => `adalang.${name}`)) {
    answer = "Manage Workspace Trust";
    events = [];
    await run(host({ kind: "untrusted" }), command, []);
    expect(events).toEqual([
      ["Adalang: nothing is run and nothing is spent until you trust this workspace.", "Manage Workspace Trust"],
      "workbench.trust.manage",
    ]);
  }
});

test("a trace is opened by its run, by a row of the Test Explorer, or by asking", async () => {
  await run(host({ kind: "ready" }), "adalang.openTrace", ["file:///b.adal", "r1"]);
  await run(host({ kind: "ready" }), "adalang.openTrace", [{ id: "r2", uri: { toString: () => "file:///c.adal" } }]);
  await run(host({ kind: "ready" }), "adalang.openTrace", []);
  expect(events).toEqual([
    ["trace", "file:///b.adal", "r1"],
    ["trace", "file:///c.adal", "r2"],
    ["trace", "file:///a.adal", undefined],
  ]);
});

test("without a server a command says why and offers to install it", async () => {
  answer = "Install into /py";
  const state: State = { kind: "error", why: "no language server was found" };
  await run(host(state, { installInto: "/py" }), "adalang.evaluate", []);
  expect(events).toEqual([
    ["Adalang: no language server was found.", "Install into /py", "Open Settings", "Show Log"],
    "adalang.installServer",
  ]);
});

test("a command waits for a server that is starting", async () => {
  let state: State = { kind: "starting" };
  const starting = host(state, { settled: async () => void (state = { kind: "ready" }) });
  Object.defineProperty(starting, "state", { get: () => state });
  await run(starting, "adalang.optimize", ["routing"]);
  expect(events).toEqual([["adalang.server.optimize", "file:///a.adal", "routing"]]);
});

test.each(["adalang.restartServer", "adalang.showLog", "adalang.showServerInfo", "adalang.installServer"])(
  "%s works without a server",
  async (command) => {
    await run(host({ kind: "error", why: "gone" }), command, []);
    expect(events).toHaveLength(1);
    expect(events[0]).toBeTypeOf("string");
  },
);

test("the status menu offers what makes sense in its state", async () => {
  const offered = async (state: State) => {
    events = [];
    await run(host(state), "adalang.statusMenu", []);
    return events[0] as string[];
  };
  expect(await offered({ kind: "running", what: "evaluating" })).toContain("adalang.cancel");
  expect(await offered({ kind: "ready" })).not.toContain("adalang.cancel");
  expect(await offered({ kind: "untrusted" })).not.toContain("adalang.optimize");
  expect(await offered({ kind: "error", why: "gone" })).toContain("adalang.explainFailure");
});

test("each state looks different in the status bar and says itself to a screen reader", () => {
  const states: State[] = [
    { kind: "starting" },
    { kind: "ready" },
    { kind: "running", what: "optimizing routing" },
    { kind: "untrusted" },
    { kind: "error", why: "gone" },
  ];
  const shown = states.map(describeState);
  expect(new Set(shown.map(({ text }) => text)).size).toBe(states.length);
  expect(shown[2]?.tooltip).toBe("Adalang: optimizing routing");
  expect(shown[4]?.tooltip).toBe("Adalang: gone");
});
