// What a person does while writing: sees types, token counts and what a template's variable is; follows a name to another
// file, lists where it is used, renames it in both; lets a quick fix import what a third file declares; previews by a key.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { log, until } from "../harness.mjs";

export const workspace = "tests/e2e/workspaces/empty";
export const settings = { "adalang.codeLens.graph": false };
const FILES = {
  "common.adal": 'param voice = "Be brief and kind."\n',
  "polish.adal": 'prompt polish(text: str) -> str {\n  user = """Polish: {{ text }}"""\n}\n',
  "desk.adal": `import "common.adal"

prompt greet(name: str) -> str {
  param manner = "Use the first name, and say what the weather is like on the water today."
  system = """{{ common.voice }} {{ manner }}"""
  user = """Greet {{ name }}"""
}

prompt thank(name: str) -> str {
  system = """{{ common.voice }}"""
  user = """Thank {{ name }}"""
}

pipeline welcome(name: str) -> str {
  text = greet(name)
  better = polish(text)
  return better
}
`,
};

export function prepare(folder) {
  for (const [file, text] of Object.entries(FILES)) writeFileSync(path.join(folder, file), text);
}

export default async function ({ vscode }) {
  await vscode.open("desk.adal");
  await vscode.status("Adalang: ready");

  await vscode.shows("text: str = greet(name)");
  await vscode.shows(" tokens");
  await until("a trainable param looks different from an input", async () => {
    const [param, input] = [await vscode.colour("}} {{ ", "manner"), await vscode.colour("Greet {{ ", "name")];
    return param !== undefined && input !== undefined && param !== input;
  });
  await vscode.lens("1 reference").first().waitFor();
  assert.equal(await vscode.lens("Graph").count(), 0, "a lens that is switched off is not shown");
  await vscode.screenshot("1-presentation");
  log("types, token counts, colours and lenses are shown");

  await vscode.goto(5, 26);
  await vscode.page.keyboard.press("F12");
  await vscode.page.locator(".tab.active", { hasText: "common.adal" }).waitFor();
  log("a name in a template leads to the file that declares it");

  await vscode.lens("2 references").click();
  const peek = vscode.page.locator(".reference-zone-widget");
  await until("both places are listed", async () => (await peek.locator(".monaco-list-row", { hasText: "voice" }).count()) === 2);
  await vscode.screenshot("2-references");
  await vscode.page.keyboard.press("Escape");
  await peek.waitFor({ state: "detached" });
  log("the lens lists the places");

  await vscode.goto(1, 8);
  await vscode.rename("tone", "common.adal", "desk.adal");
  assert.equal(vscode.read("common.adal"), FILES["common.adal"].replace("voice", "tone"));
  assert.equal(vscode.read("desk.adal"), FILES["desk.adal"].replaceAll("common.voice", "common.tone"));
  log("a name is renamed in both files");

  await vscode.open("desk.adal");
  await vscode.gotoProblem("polish");
  await (await vscode.quickFix("polish.adal")).click();
  await vscode.noSquiggle("error");
  await vscode.save();
  await until("the fix is on disk", () => vscode.read("desk.adal").includes("better = polish.polish(text)"));
  assert.match(vscode.read("desk.adal"), /^import "common\.adal"\nimport "polish\.adal"\n/);
  await vscode.shows("better: str");
  log("a quick fix imports what another file declares");

  mkdirSync(path.join(vscode.workspace, ".vscode"));
  const changed = { "adalang.inlayHints.types": false, "adalang.codeLens.graph": true };
  writeFileSync(path.join(vscode.workspace, ".vscode/settings.json"), JSON.stringify(changed));
  await until("the graph is offered", async () => {
    await vscode.page.keyboard.press("End");
    await vscode.page.keyboard.type(" "); // hints and lenses are asked for after an edit
    return vscode.lens("Graph").first().waitFor({ timeout: 1500 }).then(() => true, () => false);
  });
  await vscode.showsNo("better: str");
  log("changed settings are followed without a restart");

  await vscode.gotoLine("desk.adal", "prompt greet");
  await vscode.page.keyboard.press("Control+Shift+V");
  await vscode.page.locator(".tab", { hasText: "greet.md" }).waitFor();
  await vscode.shows("Greet ‹name›");
  await vscode.screenshot("3-preview");
  log("a key previews the prompt at the cursor");
  assert.deepEqual(vscode.outsideRequests, []);
}
