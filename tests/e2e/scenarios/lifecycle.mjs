// The server is missing, is found once the setting is right, and comes back when it dies; a text typed by hand is closed
// where the language wants it.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { log, until } from "../harness.mjs";

export const workspace = "tests/e2e/workspaces/empty";
export const machineSettings = { "adalang.server.path": "/nowhere/adalang" };
export const expectedErrors = [/does not exist/, /SIGKILL/];
const FILE = "new.adal";

export function prepare(folder) {
  writeFileSync(path.join(folder, FILE), "");
}

export default async function ({ vscode }) {
  await vscode.open(FILE);
  await vscode.status("/nowhere/adalang does not exist");
  const message = vscode.notification("/nowhere/adalang does not exist (setting adalang.server.path)");
  await message.waitFor();
  await message.getByRole("button", { name: "Open Settings" }).waitFor();
  await vscode.screenshot("1-missing");
  log("a missing server is explained");

  mkdirSync(path.join(vscode.workspace, ".vscode"));
  writeFileSync(path.join(vscode.workspace, ".vscode/settings.json"), '{ "adalang.server.path": "" }');
  await vscode.status("Adalang: ready");
  log("a changed setting starts the server");

  const [first, ...others] = vscode.servers();
  assert.deepEqual(others, [], "one server runs");
  process.kill(first, "SIGKILL");
  await until("another server runs", () => vscode.servers().some((pid) => pid !== first));
  await vscode.status("Adalang: ready");
  log("a killed server is started again");

  const restarted = await vscode.restartServer();
  const settings = '{ "adalang.server.path": "", "adalang.evaluateOnSave": false }';
  writeFileSync(path.join(vscode.workspace, ".vscode/settings.json"), settings);

  await vscode.goto(1);
  await vscode.page.keyboard.type('param voice = """');
  await vscode.page.keyboard.press("Enter");
  await vscode.page.keyboard.type("Be brief.");
  const typed = 'param voice = """\n  Be brief.\n  """';
  await until("the closing quotes are moved in", async () => (await vscode.visibleText()) === typed);
  await vscode.save();
  await until("the text is on disk", () => vscode.read(FILE) === typed);
  await vscode.screenshot("2-typed");
  assert.deepEqual(vscode.servers(), [restarted], "a setting that the server follows costs no restart");
  assert.deepEqual(vscode.outsideRequests, []);
}
