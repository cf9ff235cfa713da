/** Evals as the Test Explorer shows them: where a file declares them, and what came of one. Knows no VS Code. */

export interface Declared {
  readonly name: string;
  readonly line: number;
  readonly column: number;
}

/** What the server answers to `adalang.server.evaluate`. */
export interface Evaluated {
  readonly cancelled?: boolean;
  readonly void: boolean;
  readonly score: number | null;
  readonly goal: number | null;
  readonly goal_missed: boolean;
  readonly n: number;
  readonly failing: readonly Row[];
}

interface Row {
  readonly id: string;
  readonly sample: number;
  readonly score: number | null;
  readonly reason: string;
  readonly error: string;
  readonly output: unknown;
  readonly expected: unknown;
  readonly run: string;
}

/** A failing row; `id` is that of its run, where a trace of it is kept. */
export interface FailingRow {
  readonly id: string;
  readonly run: string;
  readonly label: string;
  readonly score: string;
  readonly message: string;
  readonly expected: string | undefined;
  readonly actual: string | undefined;
}

/** The evals that a text declares. A declaration starts at column 0 with its keyword. */
export function evalsIn(text: string): Declared[] {
  return text.split(/\r\n|\r|\n/).flatMap((content, line) => {
    const [, before, name] = /^(eval\s+)(\w+)/.exec(content) ?? [];
    return before && name ? [{ name, line, column: before.length }] : [];
  });
}

export function failingRows(found: Evaluated): FailingRow[] {
  return found.failing.map((row) => {
    const compared = !row.error && row.expected !== null && row.expected !== undefined;
    const expected = compared ? shown(row.expected) : undefined;
    const actual = compared ? shown(row.output) : undefined;
    return {
      id: row.run || `${row.id}/${row.sample}`,
      run: row.run,
      label: row.sample ? `row ${row.id}, sample ${row.sample + 1}` : `row ${row.id}`,
      score: row.score === null ? "no answer" : `${Math.round(100 * row.score)}%`,
      message: row.error || row.reason || (compared ? `expected ${expected}, got ${actual}` : `got ${shown(row.output)}`),
      expected,
      actual,
    };
  });
}

/** Why an eval did not pass: it missed its goal, or without one a row failed. Undefined when it passed. */
export function goalMissed(found: Evaluated): string | undefined {
  if (found.void) return "Too many calls got no answer: the score would say nothing.";
  if (found.score === null) return "Nothing could be scored.";
  const score = `${(100 * found.score).toFixed(1)}% on ${found.n} examples`;
  if (found.goal !== null) return found.goal_missed ? `${score}; the goal is ${(100 * found.goal).toFixed(1)}%` : undefined;
  return found.failing.length > 0 ? score : undefined;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
