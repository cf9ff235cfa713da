// A workspace that is not trusted: files are checked, nothing is run, nothing is spent.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { log } from "../harness.mjs";
import { FILE, prepare, workspace } from "./proposal.mjs";

export { prepare, workspace };
export const trusted = false;

export default async function ({ vscode }) {
  const before = vscode.read(FILE);
  await vscode.open(FILE);
  await vscode.status("not trusted");
  await vscode.squiggle("error");
  await vscode.problem("instrucion");
  await vscode.screenshot("1-checked");
  log("the file is checked");

  // The palette says why it does nothing.
  await vscode.gotoLine(FILE, "eval ");
  await vscode.command("Adalang: Optimize");
  await vscode.notification("nothing is run and nothing is spent until you trust this workspace").waitFor();
  await vscode.screenshot("2-refused");

  // Nothing offers to run what may not be run.
  assert.equal(await vscode.lens("Optimize").count(), 0);
  assert.equal(existsSync(path.join(vscode.workspace, ".adalang")), false, "nothing was run, so nothing was stored");
  assert.equal(vscode.read(FILE), before);

  // Trust is told to the running server.
  await vscode.command("Workspaces: Manage Workspace Trust");
  await vscode.page.locator(".workspace-trust-buttons-row a, .workspace-trust-buttons-row .monaco-button", { hasText: "Trust" }).first().click();
  await vscode.status("Adalang: ready");
  await vscode.page.keyboard.press("Escape");
  await vscode.lens("Optimize").first().waitFor();
  await vscode.screenshot("3-trusted");
  assert.deepEqual(vscode.outsideRequests, []);
}
