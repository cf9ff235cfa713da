/** Wires the extension together; everything it does lives in the modules that it imports. */
import * as vscode from "vscode";
import { registerClientCommands } from "./clientCommands";
import { moveClosingFences } from "./closingFence";
import { COMMANDS, run } from "./commands";
import { concernsServer, needsRestart } from "./config";
import { createHost } from "./host";
import { onSelect } from "./pythonExtension";
import { Session } from "./session";
import { testExplorer } from "./testExplorer";

let session: Session | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  session = new Session();
  const current = session;
  const host = createHost(current);
  context.subscriptions.push(
    current,
    ...Object.keys(COMMANDS).map((name) =>
      vscode.commands.registerCommand(name, (...args: unknown[]) => run(host, name, args)),
    ),
    ...registerClientCommands(),
    vscode.commands.registerCommand("adalang.openSettings", () =>
      vscode.commands.executeCommand("workbench.action.openSettings", "@ext:adalang.adalang"),
    ),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (needsRestart(change)) void current.restart();
      else if (concernsServer(change)) void current.configure();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void current.trust()),
    moveClosingFences(),
    testExplorer(current),
  );
  await current.restart();
  const selection = await onSelect(() => void current.restart());
  if (selection) context.subscriptions.push(selection);
}

export async function deactivate(): Promise<void> {
  await session?.stop();
}
