// From a failing row to its trace: from the Test Explorer, and as a quick fix of its eval.
import assert from "node:assert/strict";
import { log, until } from "../harness.mjs";

export const workspace = "examples/refund-agent";
const FILE = "refund.adal";
const EVAL_MS = 120_000;

export default async function ({ vscode }) {
  await vscode.open(FILE);
  await vscode.status("Adalang: ready");
  await vscode.command("Testing: Focus on Test Explorer View");
  const rows = vscode.page.locator(".test-explorer .monaco-list-row");
  await rows.filter({ hasText: FILE }).first().waitFor();
  await vscode.command("Test: Run All Tests");
  await vscode.page.locator(".test-explorer .result-summary", { hasText: "0/" }).waitFor({ timeout: EVAL_MS });
  const failing = rows.filter({ hasText: /row \w+/ }).first();
  await until("a failing row is listed", async () => {
    for (const row of await rows.all()) {
      if ((await row.getAttribute("aria-expanded")) !== "false") continue;
      await row.click();
      await vscode.page.keyboard.press("ArrowRight");
    }
    return (await failing.count()) > 0;
  });
  await vscode.screenshot("1-failing");
  log("the rows that failed are listed");

  await failing.click({ button: "right" });
  const open = vscode.page.locator(".monaco-menu .action-item", { hasText: "Open a Trace" });
  await open.waitFor();
  await vscode.page.waitForTimeout(300); // a menu takes no click within 100 ms of its opening
  await open.click();
  const shown = vscode.page.frameLocator("iframe.webview").frameLocator("#active-frame");
  await shown.locator("h1", { hasText: "Trace of desk" }).waitFor();
  assert.equal(await shown.locator(".trace summary", { hasText: "desk" }).first().isVisible(), true);
  await vscode.screenshot("2-trace");
  log("its menu opens its trace");

  await vscode.page.locator(".tab", { hasText: FILE }).click();
  await vscode.gotoLine(FILE, "eval outcomes");
  await (await vscode.quickFix("Open the trace of row")).click();
  await until("another trace is open", async () => (await vscode.page.locator(".tab", { hasText: "Trace of desk" }).count()) === 2);
  log("a quick fix of the eval opens one");

  assert.deepEqual(vscode.outsideRequests, []);
}
