/** Which evals and components a file offers, read from the symbols that the server gives for it. */

/** The part of vscode.DocumentSymbol that is used here. */
export interface Symbol {
  readonly name: string;
  readonly detail: string;
  readonly range: { readonly start: { readonly line: number }; readonly end: { readonly line: number } };
  readonly selectionRange: { readonly start: { readonly line: number } };
}

export interface Target {
  readonly name: string;
  readonly detail: string;
}

export type Verb = "run" | "evaluate" | "optimize";

/** The declarations that a verb applies to. Only `eval` names an evaluation; an `optimize` block is named after its eval. */
const KEYWORDS: Record<Verb, readonly string[]> = {
  run: ["prompt", "retriever", "tool", "agent", "pipeline"],
  evaluate: ["eval"],
  optimize: ["eval"],
};

/**
 * The file's targets for a verb, in the order of the file; the one at the cursor comes first.
 *
 * A declaration starts at column 0 with its keyword, so the first word there says what it is.
 */
export function targets(symbols: readonly Symbol[], lineAt: (line: number) => string, cursor: number, verb: Verb): Target[] {
  const found = symbols
    .filter((symbol) => KEYWORDS[verb].includes(keyword(symbol, lineAt)))
    .sort((one, other) => one.range.start.line - other.range.start.line);
  const here = found.findIndex(({ range }) => range.start.line <= cursor && cursor <= range.end.line);
  if (here > 0) found.unshift(...found.splice(here, 1));
  return found.map(({ name, detail }) => ({ name, detail }));
}

function keyword({ range, selectionRange }: Symbol, lineAt: (line: number) => string): string {
  for (let line = range.start.line; line <= selectionRange.start.line; line++) {
    const word = /^\w+/.exec(lineAt(line))?.[0];
    if (word) return word;
  }
  return "";
}
