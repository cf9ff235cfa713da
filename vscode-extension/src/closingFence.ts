/**
 * Pressing Enter between `"""` and `"""` puts the cursor on a line of its own. The closing quotes must stand as far in as
 * the text does, because their indentation is what is taken off each of its lines; a language configuration cannot say so.
 */
import * as vscode from "vscode";

const ATTEMPTS = 5; // an edit is refused when a key came in between

/**
 * The indentation to add before the closing quotes of a text that was opened on line `opening` and has one line;
 * undefined when there is nothing to do. `lineAt` gives a line's text, or undefined past the end.
 */
export function missingIndentation(lineAt: (line: number) => string | undefined, opening: number): string | undefined {
  const fence = /=\s*("{3,})\s*$/.exec(lineAt(opening) ?? "")?.[1];
  const text = indentation(lineAt(opening + 1) ?? "");
  const closing = lineAt(opening + 2) ?? "";
  const present = indentation(closing);
  if (!fence || closing.trim() !== fence || !text.startsWith(present) || text === present) return undefined;
  return text.slice(present.length);
}

/** Moves the closing quotes in whenever Enter was pressed right before them. */
export function moveClosingFences(): vscode.Disposable {
  return vscode.workspace.onDidChangeTextDocument(async ({ document, contentChanges, reason }) => {
    const change = contentChanges[0];
    const editor = vscode.window.activeTextEditor;
    if (editor?.document !== document || document.languageId !== "adal" || reason !== undefined) return;
    if (contentChanges.length !== 1 || !change || !/^\r?\n[ \t]*\r?\n[ \t]*$/.test(change.text)) return;

    const opening = change.range.start.line;
    const lineAt = (line: number) => (line < document.lineCount ? document.lineAt(line).text : undefined);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const missing = missingIndentation(lineAt, opening);
      if (missing === undefined) return;
      const start = new vscode.Position(opening + 2, 0);
      // One step of undo with the Enter that caused it.
      if (await editor.edit((edit) => edit.insert(start, missing), { undoStopBefore: false, undoStopAfter: false })) return;
    }
  });
}

function indentation(line: string): string {
  return line.slice(0, line.length - line.trimStart().length);
}
