/** What the commands need from VS Code. */
import * as vscode from "vscode";
import type { Host } from "./commands";
import { readSettings } from "./config";
import { install } from "./install";
import { selectedInterpreter } from "./pythonExtension";
import type { Session } from "./session";
import { type Target, targets, type Verb } from "./targets";

export function createHost(session: Session): Host {
  return {
    get state() {
      return session.state;
    },
    get installInto() {
      return session.installInto;
    },
    settled: () => session.settled(),
    restart: () => session.restart(),
    execute: (command, args) => session.execute(command, args),
    chooseTarget,
    tell: async (message, choices) => vscode.window.showWarningMessage(message, ...choices),
    choose: async (title, items) => (await vscode.window.showQuickPick([...items], { title }))?.command,
    dispatch: async (command) => void (await vscode.commands.executeCommand(command)),
    install: () => installAndRestart(session),
    showLog: () => session.log.show(),
    showInfo: () => showInfo(session),
  };
}

const AN_EVAL = "eval quality of NAME { data = …, expect = row.…, metric = exact_match }";
const NOTHING_TO: Record<Verb, string> = {
  run: "declares no prompt, pipeline, agent, tool or retriever to run",
  evaluate: `declares no eval. Add one: ${AN_EVAL}`,
  optimize: `declares no eval to optimize for. Add one: ${AN_EVAL}`,
};

async function chooseTarget(verb: Verb, name: unknown): Promise<{ uri: string; name: string } | undefined> {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId !== "adal") {
    void vscode.window.showWarningMessage(`Adalang: open an .adal file to ${verb} what it declares.`);
    return undefined;
  }
  const { document } = editor;
  const uri = document.uri.toString();
  if (typeof name === "string") return { uri, name };

  const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
    "vscode.executeDocumentSymbolProvider",
    document.uri,
  );
  const found = targets(symbols ?? [], (line) => document.lineAt(line).text, editor.selection.active.line, verb);
  if (found.length === 0) {
    const file = vscode.workspace.asRelativePath(document.uri);
    void vscode.window.showWarningMessage(`Adalang: ${file} ${NOTHING_TO[verb]}.`);
  }
  const target = found.length > 1 ? await pick(verb, found) : found[0];
  return target && { uri, name: target.name };
}

async function pick(verb: Verb, found: readonly Target[]): Promise<Target | undefined> {
  const items = found.map((target) => ({ label: target.name, description: target.detail, target }));
  return (await vscode.window.showQuickPick(items, { title: `Adalang: ${verb} which?`, matchOnDescription: true }))?.target;
}

async function installAndRestart(session: Session): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    void vscode.window.showWarningMessage("Adalang: trust this workspace first; then the language server can be installed.");
    return;
  }
  const interpreter = session.installInto ?? (readSettings().interpreter || (await selectedInterpreter()));
  if (!interpreter) {
    void vscode.window.showWarningMessage(
      "Adalang: no Python interpreter is known. Select one in the Python extension, or set adalang.interpreter.",
    );
    return;
  }
  if (await install(interpreter)) await session.restart();
}

async function showInfo(session: Session): Promise<void> {
  const detail = session.describe();
  const taken = await vscode.window.showInformationMessage("Adalang language server", { modal: true, detail }, "Copy");
  if (taken === "Copy") await vscode.env.clipboard.writeText(detail);
}
