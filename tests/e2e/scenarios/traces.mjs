// From a failing row to its trace: in the Test Explorer, by its menu and by the link of its message; as a quick fix of its eval. The
// model of the example's agent is a server on this machine, so that the trace shows waiting, tokens and prices.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { log, until } from "../harness.mjs";

export const workspace = "examples/refund-agent";
const FILE = "refund.adal";
const ROOT = path.join(import.meta.dirname, "../../..");
const EVAL_MS = 120_000;

export function prepare() {
  process.env.DESK_KEY = "no-key-of-anybody"; // VS Code is started with it
}

export default async function ({ vscode, interpreter, picture }) {
  const model = await startModel(interpreter);
  try {
    const text = vscode.read(FILE);
    const desk = "agent desk(message: str) -> Outcome {\n";
    assert(text.includes(desk));
    const declared = `model small = "openai/gpt-4o-mini" { api_base = "${model.address}", api_key = env("DESK_KEY") }\n\n`;
    writeFileSync(path.join(vscode.workspace, FILE), text.replace(desk, `${declared}${desk}  model = small\n`));
    await opens(vscode, picture);
  } finally {
    model.stop();
  }
}

async function opens(vscode, picture) {
  await vscode.open(FILE);
  await vscode.status("Adalang: ready");
  await vscode.command("Testing: Focus on Test Explorer View");
  const rows = vscode.page.locator(".test-explorer .monaco-list-row");
  await rows.filter({ hasText: FILE }).first().waitFor();
  await vscode.command("Test: Run All Tests");
  const failing = rows.filter({ hasText: /row \w+/ }).first();
  await until("a failing row is listed", async () => {
    if (await failing.count()) return true;
    await vscode.command("Testing: Expand All Tests").catch(() => undefined);
    return false;
  }, EVAL_MS);
  await vscode.screenshot("1-failing");
  log("the rows that failed are listed");

  await failing.click({ button: "right" });
  await vscode.page.locator(".monaco-menu .action-item", { hasText: "Open a Trace" }).click();
  const shown = vscode.page.frameLocator("iframe.webview").frameLocator("#active-frame");
  await shown.locator("h1", { hasText: "Trace of desk" }).waitFor();
  assert.equal(await shown.locator(".trace summary", { hasText: "find_order" }).first().isVisible(), true);
  await vscode.screenshot("2-trace");
  log("its menu opens its trace");

  await vscode.page.locator(".tab", { hasText: FILE }).click();
  await vscode.gotoLine(FILE, "eval outcomes");
  await (await vscode.quickFix("Open the trace of row")).click();
  await until("another trace is open", async () => (await vscode.page.locator(".tab", { hasText: "Trace of desk" }).count()) === 2);
  log("a quick fix of the eval opens one");

  const [page] = globSync(path.join(vscode.workspace, ".adalang/shown/trace-*.html"));
  const browser = await vscode.page.context().newPage();
  await browser.setViewportSize({ width: 1200, height: 800 });
  await browser.goto(pathToFileURL(page).href);
  await picture("trace.png", browser.locator("body"));
  await browser.close();
  assert.deepEqual(vscode.outsideRequests, []);
}

/** A server that answers as OpenAI's do, after a while. */
async function startModel(interpreter) {
  const server = spawn(interpreter, ["-m", "tests.servers", "--latency-ms", "150"], {
    cwd: ROOT,
    env: { ...process.env, PYTHONPATH: `${path.join(ROOT, "server")}:${ROOT}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(server.stdout, "data");
  return { address: String(line).trim(), stop: () => server.kill() };
}
