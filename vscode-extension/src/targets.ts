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

export type Verb = "run" | "evaluate" | "optimize" | "preview" | "save";

const COMPONENTS = ["prompt", "retriever", "tool", "agent", "pipeline"];

/** The declarations that a verb applies to. Only `eval` names an evaluation; an `optimize` block is named after its eval. */
const KEYWORDS: Record<Verb, readonly string[]> = {
  run: COMPONENTS,
  evaluate: ["eval"],
  optimize: ["eval"],
  preview: ["prompt", "agent"],
  save: COMPONENTS,
};

/**
 * The file's targets for a verb, in the order of the file; the one at the cursor comes first.
 *
 * A declaration starts at column 0 with its keyword, so the first word there says what it is.
 */
export function targets(symbols: readonly Symbol[], lineAt: (line: number) => string, cursor: number, verb: Verb): Target[] {
  const found = applicable(symbols, lineAt, verb);
  const here = found.findIndex((symbol) => holds(symbol, cursor));
  if (here > 0) found.unshift(...found.splice(here, 1));
  return found.map(({ name, detail }) => ({ name, detail }));
}

/** The target at the cursor: meant without a question where a wrong guess costs nothing. */
export function targetAt(
  symbols: readonly Symbol[],
  lineAt: (line: number) => string,
  cursor: number,
  verb: Verb,
): Target | undefined {
  const found = applicable(symbols, lineAt, verb).find((symbol) => holds(symbol, cursor));
  return found && { name: found.name, detail: found.detail };
}

function applicable(symbols: readonly Symbol[], lineAt: (line: number) => string, verb: Verb): Symbol[] {
  return symbols
    .filter((symbol) => KEYWORDS[verb].includes(keyword(symbol, lineAt)))
    .sort((one, other) => one.range.start.line - other.range.start.line);
}

function holds({ range }: Symbol, line: number): boolean {
  return range.start.line <= line && line <= range.end.line;
}

function keyword({ range, selectionRange }: Symbol, lineAt: (line: number) => string): string {
  for (let line = range.start.line; line <= selectionRange.start.line; line++) {
    const word = /^\w+/.exec(lineAt(line))?.[0];
    if (word) return word;
  }
  return "";
}
