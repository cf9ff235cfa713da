/** The trace of a run, as the page that the server draws. It is whole without scripts, so none may run in it. */
import * as vscode from "vscode";
import type { Session } from "./session";

interface Failing {
  readonly run: string;
  readonly eval: string;
  readonly row: string;
  readonly score: number | null;
  readonly error: string;
}

export async function openTrace(session: Session, uri: string, given: string | undefined): Promise<void> {
  const run = given ?? (await chooseFailing(session, uri));
  if (!run) return;
  const page = await session.request<{ title: string; html: string }>("adalang.server.openTrace", [uri, run, false]);
  if (!page) return;
  const panel = vscode.window.createWebviewPanel("adalang.trace", page.title, vscode.ViewColumn.Beside, {
    enableScripts: false,
    localResourceRoots: [],
  });
  panel.webview.html = page.html;
}

async function chooseFailing(session: Session, uri: string): Promise<string | undefined> {
  const found = await session.request<Failing[]>("adalang.server.failingRuns", [uri]);
  if (found?.length === 0) void vscode.window.showInformationMessage("Adalang: no failing row of this file has a trace. Evaluate it first.");
  if (!found || found.length === 0) return undefined;
  const items = found.map(({ run, eval: name, row, score, error }) => ({
    label: `row ${row}`,
    description: `${name}, ${score === null ? "no answer" : `${Math.round(100 * score)}%`}`,
    detail: error,
    run,
  }));
  return (await vscode.window.showQuickPick(items, { title: "Adalang: open the trace of which row?", matchOnDescription: true }))?.run;
}
