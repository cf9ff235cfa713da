/** What state the language server is in, and how the status bar shows it. */
import * as vscode from "vscode";

export type State =
  | { readonly kind: "starting" }
  | { readonly kind: "ready" }
  | { readonly kind: "running"; readonly what: string }
  | { readonly kind: "untrusted" }
  | { readonly kind: "error"; readonly why: string };

/** Text and tooltip for a state; apart from the item so that it can be tested without an editor. */
export function describe(state: State): { readonly text: string; readonly tooltip: string } {
  switch (state.kind) {
    case "starting":
      return { text: "$(loading~spin) Adalang", tooltip: "Adalang: the language server is starting" };
    case "ready":
      return { text: "$(check) Adalang", tooltip: "Adalang: ready" };
    case "running":
      return { text: "$(sync~spin) Adalang", tooltip: `Adalang: ${state.what}` };
    case "untrusted":
      return {
        text: "$(shield) Adalang",
        tooltip: "Adalang: the workspace is not trusted. Files are checked, nothing is run and nothing is spent.",
      };
    case "error":
      return { text: "$(error) Adalang", tooltip: `Adalang: ${state.why}` };
  }
}

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("adalang.status", vscode.StatusBarAlignment.Left, 0);

  constructor() {
    this.item.name = "Adalang";
    this.item.command = "adalang.statusMenu";
  }

  show(state: State): void {
    const { text, tooltip } = describe(state);
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: tooltip, role: "button" };
    this.item.backgroundColor = state.kind === "error" ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }
}
