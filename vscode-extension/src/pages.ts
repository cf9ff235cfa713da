/** Pages of the server's, previews and graphs, are opened beside the file that they are about. */
import * as vscode from "vscode";
import { type LanguageClient, type StaticFeature, TextDocumentContentRequest } from "vscode-languageclient/node";

export const SCHEME = "adalang";

/** A preview: its own URI, and the file and the prompt that it is about. */
export interface Preview {
  readonly uri: string;
  readonly file: string;
  readonly name: string;
}

/** Shows a page in the column where it is open already, else beside; the cursor stays where it is. */
export async function showPage(uri: vscode.Uri): Promise<void> {
  const wanted = uri.toString();
  const open = vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === wanted);
  const viewColumn = open?.viewColumn ?? vscode.ViewColumn.Beside;
  await vscode.window.showTextDocument(uri, { viewColumn, preserveFocus: true, preview: false });
}

/** The preview that is being looked at. */
export function activePreview(): Preview | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  const about = uri?.scheme === SCHEME ? previewed(uri.path) : undefined;
  return uri && about && { uri: uri.toString(), file: vscode.Uri.file(about.path).toString(), name: about.name };
}

/** What the preview with a path is about; undefined for any other page. The server makes the paths. */
export function previewed(path: string): { readonly path: string; readonly name: string } | undefined {
  const [, file, name] = /^\/preview(\/.+)\/([^/]+)\.md$/.exec(path) ?? [];
  return file && name ? { path: file, name } : undefined;
}

/** Has the open pages read again by each server that starts: a new one does not know that they are looked at. */
export function openPages(client: LanguageClient): StaticFeature {
  return {
    fillClientCapabilities: () => undefined,
    initialize: () => readAgain(client), // the client's own features, which tell of the open files, come before this
    getState: () => ({ kind: "static" }),
    clear: () => undefined,
  };
}

function readAgain(client: LanguageClient): void {
  const providers = client.getFeature(TextDocumentContentRequest.method)?.getProviders() ?? [];
  for (const { uri } of vscode.workspace.textDocuments) {
    for (const provider of providers) if (provider.scheme === uri.scheme) provider.onDidChangeEmitter.fire(uri);
  }
}
