/** What the commands need from VS Code. */
import * as vscode from "vscode";
import type { Host, Target } from "./commands";
import { readSettings } from "./config";
import { rowLabel } from "./inputs";
import { install } from "./install";
import { activePreview } from "./pages";
import { openProposals } from "./proposals";
import { selectedInterpreter } from "./pythonExtension";
import type { Session } from "./session";
import { openTrace } from "./traces";
import { type Target as Declared, targetAt, targets, type Verb } from "./targets";

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
    inputsFor: (target) => session.inputsFor(target.uri, target.name),
    chooseRow: (target, verb) => chooseRow(session, target, verb),
    chooseProposal,
    activeFile,
    openTrace: (uri, run) => openTrace(session, uri, run),
    get preview() {
      return activePreview();
    },
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
  preview: "declares no prompt or agent to preview",
  save: "declares no prompt, pipeline, agent, tool or retriever whose run could be saved",
};

function activeFile(purpose: string): string | undefined {
  return activeEditor(purpose)?.document.uri.toString();
}

function activeEditor(purpose: string): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor?.document.languageId === "adal") return editor;
  void vscode.window.showWarningMessage(`Adalang: open an .adal file to ${purpose}.`);
  return undefined;
}

async function chooseTarget(verb: Verb, name: unknown): Promise<Target | undefined> {
  const editor = activeEditor(verb === "save" ? "save a run of what it declares" : `${verb} what it declares`);
  if (!editor) return undefined;
  const { document } = editor;
  const uri = document.uri.toString();
  if (typeof name === "string") return { uri, name };

  const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
    "vscode.executeDocumentSymbolProvider",
    document.uri,
  );
  const lineAt = (line: number) => document.lineAt(line).text;
  const cursor = editor.selection.active.line;
  const here = verb === "preview" ? targetAt(symbols ?? [], lineAt, cursor, verb) : undefined;
  if (here) return { uri, name: here.name };
  const found = targets(symbols ?? [], lineAt, cursor, verb);
  if (found.length === 0) {
    const file = vscode.workspace.asRelativePath(document.uri);
    void vscode.window.showWarningMessage(`Adalang: ${file} ${NOTHING_TO[verb]}.`);
  }
  const target = found.length > 1 ? await pick(verb, found) : found[0];
  return target && { uri, name: target.name };
}

async function chooseRow(session: Session, { uri, name }: Target, verb: Verb): Promise<number | undefined> {
  const offer = await session.offer(uri, name);
  if (!offer) return undefined;
  if (offer.rows.length === 0) {
    void vscode.window.showWarningMessage(`Adalang: no eval of ${name} has a row to ${verb} it with.`);
    return undefined;
  }
  const items = offer.rows.map((inputs, index) => ({ label: `${index + 1}`, description: rowLabel(inputs), row: index + 1 }));
  const title = `Adalang: ${verb} ${name} with which row of ${offer.eval}?`;
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.row;
}

async function chooseProposal(purpose: string): Promise<string | undefined> {
  const marks = vscode.languages.getDiagnostics().map(([uri, diagnostics]) => [uri.toString(), diagnostics] as const);
  const found = openProposals(marks, vscode.window.activeTextEditor?.document.uri.toString());
  if (found.length === 0) {
    void vscode.window.showWarningMessage("Adalang: there is no open proposal. Optimize an eval to get one.");
  }
  if (found.length < 2) return found[0]?.id;
  const items = found.map(({ id, message, file }) => ({
    label: message,
    description: vscode.workspace.asRelativePath(vscode.Uri.parse(file)),
    id,
  }));
  const title = `Adalang: ${purpose} which proposal?`;
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.id;
}

async function pick(verb: Verb, found: readonly Declared[]): Promise<Declared | undefined> {
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
