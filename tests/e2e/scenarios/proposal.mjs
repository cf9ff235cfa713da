// From a mistake to an accepted proposal: squiggle, quick fix, save; optimize from the lens, apply the proposal as a quick
// fix that carries its evidence, save, and find exactly that text on disk.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { log, until } from "../harness.mjs";

export const workspace = "examples/support-triage";
export const FILE = "triage.adal";
const MISTAKE = ["{{ instruction }}", "{{ instrucion }}"];
const OPTIMIZE_MS = 300_000;

export function prepare(folder) {
  const file = path.join(folder, FILE);
  const text = readFileSync(file, "utf8");
  assert(text.includes(MISTAKE[0]), `${FILE} has no ${MISTAKE[0]} to misspell`);
  writeFileSync(file, text.replace(...MISTAKE));
}

export default async function ({ vscode, interpreter, picture }) {
  const broken = vscode.read(FILE);
  const intact = broken.replace(MISTAKE[1], MISTAKE[0]);

  await vscode.open(FILE);
  await vscode.status("Adalang: ready");
  log("the server is ready");

  await vscode.squiggle("error");
  await vscode.gotoProblem("instrucion");
  await vscode.screenshot("1-mistake");
  const fix = await vscode.quickFix("instruction");
  await vscode.screenshot("2-quick-fix");
  await fix.click();
  await vscode.noSquiggle("error");
  assert.equal(vscode.read(FILE), broken, "a quick fix is not on disk before it is saved");
  await vscode.save();
  await until("the mended file is on disk", () => vscode.read(FILE) === intact);
  log("the mistake is mended");

  await vscode.gotoLine(FILE, "eval ");
  await vscode.lens("Optimize").first().click();
  await vscode.gotoProblem("Proposed edit", OPTIMIZE_MS);
  log("the proposal is there");
  await vscode.command("Adalang: Explain a Proposal");
  await vscode.page.locator(".tab.active", { hasText: "proposal-" }).waitFor();
  await vscode.shows("USD per call");
  await vscode.gotoProblem("Proposed edit");
  log("its evidence is shown");
  const apply = await vscode.quickFix("Apply proposed edit");
  assert.match(await apply.innerText(), /Apply proposed edit: .*\d+(\.\d+)?% -> \d+(\.\d+)?% on \d+ held-out examples/);
  await vscode.screenshot("3-proposal");
  await picture("proposal-quick-fix.png");

  const expected = appliedByCommandLine(vscode.workspace, interpreter);
  await apply.click();
  await vscode.page.locator(".tab.active.dirty").waitFor();
  assert.equal(vscode.read(FILE), intact, "a proposal is not on disk before it is saved");
  await vscode.save();
  await until("the proposed text is on disk", () => vscode.read(FILE) !== intact);
  assert.equal(vscode.read(FILE), expected);
  await vscode.screenshot("4-applied");
  log("the proposal is applied and saved");

  assert.deepEqual(vscode.outsideRequests, []);
}

/** The file's text after `adalang proposals apply` in a copy of the workspace: what the editor must arrive at too. */
function appliedByCommandLine(folder, interpreter) {
  const copy = mkdtempSync(path.join(os.tmpdir(), "adalang-applied-"));
  try {
    cpSync(folder, copy, { recursive: true });
    const adalang = (...args) => execFileSync(interpreter, ["-P", "-m", "adalang", ...args], { cwd: copy, encoding: "utf8" });
    const proposals = JSON.parse(adalang("proposals", "list", "--json"));
    assert.equal(proposals.length, 1, "one proposal was made");
    adalang("proposals", "apply", proposals[0].id);
    return readFileSync(path.join(copy, FILE), "utf8");
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
