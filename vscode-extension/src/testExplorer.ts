/** The evals of the workspace in the Test Explorer: run one, see which of its rows failed, and open the trace of each. */
import * as vscode from "vscode";
import { evalsIn, type Evaluated, failingRows, goalMissed } from "./evals";
import type { Session } from "./session";

const FILES = "**/*.adal";
const NOT_IN = "**/{node_modules,venv,.venv,site-packages,build,dist}/**";

/** Fills the Test Explorer. Nothing is read before it is looked at, and nothing runs but what is asked for. */
export function testExplorer(session: Session): vscode.Disposable {
  const controller = vscode.tests.createTestController("adalang", "Adalang evals");

  const read = (document: { readonly uri: vscode.Uri; getText(): string }) => fill(controller, document.uri, document.getText());
  controller.resolveHandler = async (item) => {
    if (item) return;
    for (const uri of await vscode.workspace.findFiles(FILES, NOT_IN)) await readFile(controller, uri);
  };
  controller.refreshHandler = () => controller.resolveHandler?.(undefined);
  controller.createRunProfile("Evaluate", vscode.TestRunProfileKind.Run, (request, token) => evaluate(controller, session, request, token), true);

  const watcher = vscode.workspace.createFileSystemWatcher(FILES);
  const isAdal = ({ languageId, uri }: vscode.TextDocument) => languageId === "adal" && uri.scheme === "file";
  for (const document of vscode.workspace.textDocuments) if (isAdal(document)) read(document);
  return vscode.Disposable.from(
    controller,
    watcher,
    watcher.onDidCreate((uri) => readFile(controller, uri)),
    watcher.onDidChange((uri) => readFile(controller, uri)),
    watcher.onDidDelete((uri) => controller.items.delete(uri.toString())),
    vscode.workspace.onDidOpenTextDocument((document) => isAdal(document) && read(document)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => isAdal(document) && read(document)),
  );
}

async function readFile(controller: vscode.TestController, uri: vscode.Uri): Promise<void> {
  const open = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri.toString());
  const text = open?.getText() ?? new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  fill(controller, uri, text);
}

/** The file's evals below it; what is known of those that stay is kept. */
function fill(controller: vscode.TestController, uri: vscode.Uri, text: string): void {
  const evals = evalsIn(text);
  const id = uri.toString();
  if (evals.length === 0) return controller.items.delete(id);
  const file = controller.items.get(id) ?? controller.createTestItem(id, vscode.workspace.asRelativePath(uri), uri);
  const items = evals.map(({ name, line, column }) => {
    const item = file.children.get(name) ?? controller.createTestItem(name, name, uri);
    item.range = new vscode.Range(line, column, line, column + name.length);
    return item;
  });
  file.children.replace(items);
  controller.items.add(file);
}

async function evaluate(
  controller: vscode.TestController,
  session: Session,
  request: vscode.TestRunRequest,
  token: vscode.CancellationToken,
): Promise<void> {
  const run = controller.createTestRun(request);
  try {
    const wanted = evalItems(controller, request);
    for (const item of wanted) run.enqueued(item);
    for (const item of wanted) {
      if (token.isCancellationRequested) run.skipped(item);
      else await evaluateOne(controller, session, run, item, token);
    }
  } finally {
    run.end();
  }
}

/** Evaluates; `token` stops this evaluation, and nothing else that the server does. */
async function evaluateOne(
  controller: vscode.TestController,
  session: Session,
  run: vscode.TestRun,
  item: vscode.TestItem,
  token: vscode.CancellationToken,
): Promise<void> {
  if (!item.uri) return;
  run.started(item);
  const began = Date.now();
  const file = item.uri.toString();
  const found = await session.request<Evaluated>("adalang.server.evaluate", [file, item.id], token);
  const took = Date.now() - began;
  if (found ? found.cancelled : token.isCancellationRequested) return run.skipped(item);
  if (!found) return run.errored(item, new vscode.TestMessage("It could not be evaluated."), took);

  item.children.replace([]);
  for (const row of failingRows(found)) {
    const child = controller.createTestItem(row.id, row.label, item.uri);
    child.description = row.score;
    child.range = item.range;
    item.children.add(child);
    const message = new vscode.TestMessage(markdown(row.message, file, row.run));
    if (row.expected !== undefined && row.actual !== undefined) {
      message.expectedOutput = row.expected;
      message.actualOutput = row.actual;
    }
    if (item.range) message.location = new vscode.Location(item.uri, item.range);
    run.failed(child, message);
  }
  item.description = found.score === null ? "" : `${Math.round(100 * found.score)}%`;
  const missed = goalMissed(found);
  run.appendOutput(`${item.id}: ${missed ?? `${item.description} on ${found.n} examples`}\r\n`);
  if (missed === undefined) run.passed(item, took);
  else run.failed(item, new vscode.TestMessage(missed), took);
}

/** What is to be run, as evals: those of a file that is named, the eval of a row that is. */
function evalItems(controller: vscode.TestController, { include, exclude }: vscode.TestRunRequest): vscode.TestItem[] {
  const roots = include ?? [...controller.items].map(([, item]) => item);
  const found = new Set<vscode.TestItem>();
  for (const item of roots) {
    if (!item.parent) for (const [, one] of item.children) found.add(one);
    else found.add(item.parent.parent ? item.parent : item);
  }
  return [...found].filter((item) => !exclude?.some((one) => one === item || one === item.parent));
}

/** A message with a link to the row's trace, where it has one. */
function markdown(text: string, file: string, run: string): vscode.MarkdownString {
  const message = new vscode.MarkdownString();
  message.appendText(text);
  if (run) {
    message.appendMarkdown(`\n\n[Open trace](command:adalang.openTrace?${encodeURIComponent(JSON.stringify([file, run]))})`);
    message.isTrusted = { enabledCommands: ["adalang.openTrace"] };
  }
  return message;
}
