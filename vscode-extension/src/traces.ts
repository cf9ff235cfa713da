/** Traces of runs, as the page that the server draws. It is whole without scripts, so none may run in it. */
import * as vscode from "vscode";
import { type Answer, told } from "./answers";
import type { Session } from "./session";

interface Kept {
  readonly run: string;
  readonly component: string;
  readonly eval: string;
  readonly row: string;
  readonly score: number | null;
  readonly error: string;
  readonly began: number;
}

export async function openTrace(session: Session, uri: string, given: string | undefined): Promise<void> {
  const run = given ?? (await choose(session, uri));
  if (!run) return;
  const page = await session.request<{ title: string; html: string }>("adalang.server.openTrace", [uri, run, false]);
  if (!page) return;
  const panel = vscode.window.createWebviewPanel("adalang.trace", page.title, vscode.ViewColumn.Beside, {
    enableScripts: false,
    localResourceRoots: [],
  });
  panel.webview.html = page.html;
}

/** Says what a run that has ended gave, and offers its trace where one is kept. */
export async function offerTrace(answer: Answer): Promise<void> {
  if (!answer.done || answer.error) return;
  const taken = await vscode.window.showInformationMessage(told(answer), ...(answer.run ? ["Open Trace"] : []));
  if (taken) await vscode.commands.executeCommand("adalang.openTrace", answer.uri, answer.run);
}

async function choose(session: Session, uri: string): Promise<string | undefined> {
  const found = await session.request<Kept[]>("adalang.server.traces", [uri]);
  if (found?.length === 0) void vscode.window.showInformationMessage("Adalang: no run of this file has left a trace. Run or evaluate it first.");
  if (!found || found.length === 0) return undefined;
  const items = found.map((one) => ({
    label: one.eval ? `row ${one.row}` : one.component,
    description: `${one.eval ? `${one.eval}, ${one.score === null ? "no answer" : `${Math.round(100 * one.score)}%`}` : "run"}, ${new Date(1000 * one.began).toLocaleString()}`,
    detail: one.error,
    run: one.run,
  }));
  return (await vscode.window.showQuickPick(items, { title: "Adalang: open the trace of which run?", matchOnDescription: true }))?.run;
}
