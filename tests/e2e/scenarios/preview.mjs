// A prompt's messages beside its file: they follow each key and turn to the next row; the component graph; a run with inputs
// that the user is asked for.
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { log } from "../harness.mjs";

export const workspace = "tests/e2e/workspaces/empty";
const FILE = "page.adal";
const TEXT = `prompt shout(word: str) -> str {
  user = """Say {{ word }}"""
}

dataset words = [{ word = "apple" }, { word = "pear" }]

eval loud of shout {
  data = words
  expect = row.word
  metric = exact_match
}

prompt whisper(word: str) -> str {
  user = """Whisper {{ word }}"""
}
`;

export function prepare(folder) {
  writeFileSync(path.join(folder, FILE), TEXT);
}

export default async function ({ vscode }) {
  await vscode.open(FILE);
  await vscode.status("Adalang: ready");
  await vscode.goto(1);
  await vscode.command("Adalang: Preview a Rendered Prompt");
  await vscode.page.locator(".tab", { hasText: "shout.md" }).waitFor();
  await vscode.shows("Say apple");
  await vscode.screenshot("1-preview");
  assert.equal(existsSync(path.join(vscode.workspace, ".adalang/shown")), false, "the page is no file");
  log("the prompt is rendered beside its file");

  await vscode.goto(2, 13);
  await vscode.page.keyboard.type("it loudly: ");
  await vscode.shows("it loudly: Say apple");
  log("the page follows each key");

  await vscode.command("Adalang: Preview the Next Row");
  await vscode.shows("it loudly: Say pear");
  assert.equal(await vscode.page.locator(".tab", { hasText: "shout.md" }).count(), 1, "the page is turned, not opened again");
  await vscode.command("Adalang: Preview with a Chosen Row", "apple");
  await vscode.shows("it loudly: Say apple");
  log("the next row is shown, and one that is chosen");

  await vscode.restartServer();
  await vscode.page.keyboard.type("now, ");
  await vscode.shows("it loudly: now, Say apple");
  log("the page follows another server too");

  await vscode.command("Adalang: Show the Component Graph");
  await vscode.shows("flowchart");
  await vscode.screenshot("2-graph");
  log("the graph is shown");

  await vscode.goto(13);
  await vscode.lens("Run").nth(1).click();
  const input = vscode.page.locator(".quick-input-widget input").first();
  await input.waitFor();
  await input.fill("hello");
  await vscode.page.keyboard.press("Enter");
  await vscode.notification("whisper: ").waitFor();
  await vscode.screenshot("3-run");
  log("a run asks for the inputs that nothing gives");
  await vscode.notification("whisper: ").getByText("Open Trace").click();
  await vscode.page.locator(".tab", { hasText: "Trace of whisper" }).waitFor();
  log("its result offers its trace");
  assert.deepEqual(vscode.outsideRequests, []);
}
