// Runs end-to-end scenarios in a real VS Code. Each gets its own copy of a workspace and its own profile.
//
//     node tests/e2e/run.mjs [--vsix FILE] [--interpreter PYTHON] [--screenshots DIR] [--pictures DIR] [SCENARIO …]
//
// Without names all scenarios run. --pictures takes the pictures of the documentation.
//
// A scenario is a file in scenarios/ that exports `workspace` (a folder of the repository, to be copied), optionally
// `prepare(folder)`, `settings`, `machineSettings`, `trusted` and `expectedErrors` (patterns of lines in the extension's log),
// and a default function ({ vscode, interpreter, picture }) that throws when something is wrong.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { launch, log } from "./harness.mjs";

const HERE = import.meta.dirname;
const ROOT = path.join(HERE, "../..");
const ALL = readdirSync(path.join(HERE, "scenarios")).map((file) => path.basename(file, ".mjs")).sort();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    vsix: { type: "string", default: path.join(ROOT, "vscode-extension/adalang.vsix") },
    interpreter: { type: "string", default: path.join(ROOT, ".venv/bin/python") },
    screenshots: { type: "string" },
    pictures: { type: "string" },
  },
});

let failed = 0;
for (const name of positionals.length > 0 ? positionals : ALL) {
  try {
    await runScenario(name);
    log("PASS", name);
  } catch (error) {
    failed += 1;
    log("FAIL", name, error);
  }
}
process.exit(failed > 0 ? 1 : 0);

async function runScenario(name) {
  const scenario = await import(`./scenarios/${name}.mjs`);
  const copy = realpathSync(mkdtempSync(path.join(os.tmpdir(), "adalang-workspace-")));
  try {
    cpSync(path.join(ROOT, scenario.workspace), copy, {
      recursive: true,
      filter: (file) => path.basename(file) !== ".adalang", // a store from somebody's own runs
    });
    await scenario.prepare?.(copy);
    const vscode = await launch({
      workspace: copy,
      vsix: values.vsix,
      screenshots: values.screenshots && path.join(values.screenshots, name),
      trusted: scenario.trusted ?? true,
      settings: scenario.settings,
      scale: values.pictures ? 2 : 1,
      machineSettings: { "adalang.interpreter": values.interpreter, ...scenario.machineSettings },
    });
    try {
      const picture = async (file, what = vscode.page.locator(".part.editor")) => {
        if (values.pictures) await what.screenshot({ path: path.join(values.pictures, file) });
      };
      await scenario.default({ vscode, interpreter: values.interpreter, picture });
      const expected = scenario.expectedErrors ?? [];
      const errors = vscode.loggedErrors().filter((line) => !expected.some((pattern) => pattern.test(line)));
      assert.deepEqual(errors, [], "nothing went wrong unseen");
    } catch (error) {
      await vscode.screenshot("failure").catch(() => undefined);
      console.log(vscode.logs());
      throw error;
    } finally {
      await vscode.close();
    }
  } finally {
    rmSync(copy, { recursive: true, force: true, maxRetries: 5 });
  }
}
