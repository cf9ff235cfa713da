/** Asks the user before a tool is called. A page that is closed is a no; one whose run has ended is closed. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { approvalPage, type Asked, REFUSED, type Verdict, verdictOf } from "./approvalPage";

export class Approvals {
  private readonly open = new Set<vscode.WebviewPanel>();

  /** Shows a page of its own for each call that waits. */
  ask(asked: Asked, ended: vscode.CancellationToken): Promise<Verdict> {
    const panel = vscode.window.createWebviewPanel("adalang.approval", `Approve ${asked.tool}?`, vscode.ViewColumn.Beside, {
      enableScripts: true,
      localResourceRoots: [],
      retainContextWhenHidden: true, // what was typed stays while another tab is looked at
    });
    this.open.add(panel);
    const close = ended.onCancellationRequested(() => panel.dispose());
    return new Promise((resolve) => {
      panel.webview.onDidReceiveMessage((message: unknown) => {
        resolve(verdictOf(message));
        panel.dispose();
      });
      panel.onDidDispose(() => {
        this.open.delete(panel);
        close.dispose();
        resolve(REFUSED); // unless it was answered before
      });
      panel.webview.html = approvalPage(asked, randomBytes(16).toString("hex"));
      if (ended.isCancellationRequested) panel.dispose();
    });
  }

  /** The server that asked is gone. */
  stop(): void {
    for (const panel of [...this.open]) panel.dispose();
  }
}
