/** The open proposals of the optimizer, read from the diagnostics that the server marks them with. */

/** The part of a vscode.Diagnostic that is used here; `data` is kept by the language client. */
export interface Marked {
  readonly message: string;
  readonly code?: unknown;
  readonly data?: unknown;
}

export interface Proposal {
  readonly id: string;
  /** What it proposes, with its evidence. */
  readonly message: string;
  readonly file: string;
}

/** Each proposal once, those that are marked in `first` before the others. One that changes several params has a mark at each. */
export function openProposals(marks: Iterable<readonly [file: string, diagnostics: readonly Marked[]]>, first?: string): Proposal[] {
  const found = new Map<string, Proposal>();
  for (const [file, diagnostics] of [...marks].sort(([one], [other]) => Number(other === first) - Number(one === first))) {
    for (const { code, message, data } of diagnostics) {
      const id = code === "proposal" ? idOf(data) : undefined;
      if (id !== undefined && !found.has(id)) found.set(id, { id, message, file });
    }
  }
  return [...found.values()];
}

function idOf(data: unknown): string | undefined {
  const id = typeof data === "object" && data !== null && "proposal" in data ? data.proposal : undefined;
  return typeof id === "string" ? id : undefined;
}
