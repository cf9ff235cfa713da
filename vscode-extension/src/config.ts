/** The extension's settings, read in one place. */
import { homedir } from "node:os";
import * as vscode from "vscode";

export interface Settings {
  readonly serverPath: string;
  readonly serverArguments: readonly string[];
  readonly interpreter: string;
}

/** What the server follows, as it is sent; the server says what is wrong in it. */
export interface Followed {
  readonly evaluateOnSave: boolean;
  readonly inlayHints: unknown;
  readonly codeLens: unknown;
}

const FOLLOWED = ["evaluateOnSave", "inlayHints", "codeLens"] as const satisfies readonly (keyof Followed)[];

/** A setting of the wrong type counts as one that is not set; the editor marks it in settings.json. */
export function readSettings(): Settings {
  const settings = vscode.workspace.getConfiguration("adalang");
  const text = (name: string) => {
    const value = settings.get<unknown>(name);
    return typeof value === "string" ? expand(value) : "";
  };
  const serverArguments = settings.get<unknown>("server.arguments");
  return {
    serverPath: text("server.path"),
    serverArguments: Array.isArray(serverArguments) ? serverArguments.map(String) : [],
    interpreter: text("interpreter"),
  };
}

export function readFollowed(): Followed {
  const settings = vscode.workspace.getConfiguration("adalang");
  return {
    evaluateOnSave: settings.get<unknown>("evaluateOnSave") === true, // what may spend needs a clear yes
    inlayHints: settings.get<unknown>("inlayHints"),
    codeLens: settings.get<unknown>("codeLens"),
  };
}

/** Whether a change of settings needs another server. (The client itself follows adalang.trace.server.) */
export function needsRestart(change: vscode.ConfigurationChangeEvent): boolean {
  return ["adalang.server", "adalang.interpreter"].some((name) => change.affectsConfiguration(name));
}

/** Whether a change of settings is one that the running server has to know. */
export function concernsServer(change: vscode.ConfigurationChangeEvent): boolean {
  return FOLLOWED.some((name) => change.affectsConfiguration(`adalang.${name}`));
}

export function workspaceFolders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file").map(({ uri }) => uri.fsPath);
}

function expand(setting: string): string {
  return setting
    .trim()
    .replace(/^~(?=[/\\]|$)/, homedir())
    .replaceAll("${userHome}", homedir())
    .replaceAll("${workspaceFolder}", workspaceFolders()[0] ?? "")
    .replace(/\$\{env:([^}]+)\}/g, (_, name: string) => process.env[name] ?? "");
}
