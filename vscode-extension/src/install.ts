/** Installs the language server into a Python interpreter, in a terminal that the user sees. */
import * as vscode from "vscode";
import { installCommand } from "./python";

/** Resolves to whether it was installed. */
export async function install(interpreter: string): Promise<boolean> {
  const command = await installCommand(interpreter);
  if (!command) {
    void vscode.window.showErrorMessage(
      `Adalang: ${interpreter} has no pip, and uv is not on PATH. ` +
        "Install the package 'adalang' there, then restart the server.",
    );
    return false;
  }
  const [program, ...args] = command;
  const task = new vscode.Task(
    { type: "adalang", task: "install" },
    vscode.TaskScope.Workspace,
    "Install the language server",
    "Adalang",
    new vscode.ProcessExecution(program, args),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always };
  const execution = await vscode.tasks.executeTask(task);
  const exitCode = await new Promise<number | undefined>((resolve) => {
    const subscription = vscode.tasks.onDidEndTaskProcess((event) => {
      if (event.execution !== execution) return;
      subscription.dispose();
      resolve(event.exitCode);
    });
  });
  if (exitCode !== 0) {
    void vscode.window.showErrorMessage("Adalang: the installation failed; the terminal says why.");
  }
  return exitCode === 0;
}
