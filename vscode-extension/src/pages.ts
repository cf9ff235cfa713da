/** Pages of the server's, previews and graphs, are opened beside the file that they are about. */
import * as vscode from "vscode";

export const SCHEME = "adalang";

/** Shows a page in the column where it is open already, else beside; the cursor stays where it is. */
export async function showPage(uri: vscode.Uri): Promise<void> {
  const wanted = uri.toString();
  const open = vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === wanted);
  const viewColumn = open?.viewColumn ?? vscode.ViewColumn.Beside;
  await vscode.window.showTextDocument(uri, { viewColumn, preserveFocus: true, preview: false });
}

/** The page that is being looked at. */
export function activePage(): string | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri?.scheme === SCHEME ? uri.toString() : undefined;
}
