/** The interpreter that is selected in the Python extension, when that is installed. */
import * as vscode from "vscode";

const ACTIVATION_MS = 10_000;

/** The few members of the Python extension's public interface that are used here. */
interface PythonApi {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(path: { readonly path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** Undefined when the extension is missing, fails, or takes so long to start that the server should not wait for it. */
async function environments(): Promise<PythonApi["environments"]> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  if (!extension) return undefined;
  const patience = new Promise<undefined>((resolve) => setTimeout(resolve, ACTIVATION_MS, undefined));
  const api = await Promise.race([Promise.resolve(extension.activate()).catch(() => undefined), patience]);
  return api?.environments;
}

export async function selectedInterpreter(): Promise<string | undefined> {
  const known = await environments();
  if (!known) return undefined;
  const selected = known.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri);
  return (await known.resolveEnvironment(selected))?.executable.uri?.fsPath;
}

/** Calls back when another interpreter is selected. */
export async function onSelect(callback: () => void): Promise<vscode.Disposable | undefined> {
  return (await environments())?.onDidChangeActiveEnvironmentPath(callback);
}
