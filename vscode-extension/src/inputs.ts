/** What a component is run with, where the user is asked for it. */

export type Inputs = Readonly<Record<string, unknown>>;

/** What the server says of a component: its inputs, and the inputs of the rows of an eval of it. */
export interface Offer {
  readonly inputs: readonly Input[];
  readonly eval: string | null;
  readonly rows: readonly Inputs[];
}

export interface Input {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly kind: "text" | "choice" | "json";
  readonly choices: readonly string[];
}

/** Asks for one input; `undefined` when the user gave up. `wrong` says what is wrong with a text, if anything. */
export type Ask = (input: Input, wrong: (text: string) => string | undefined) => Promise<string | undefined>;

/**
 * The inputs for a run: null where the server has some (from a row, or because none is required); else those that the user
 * gives; undefined when the user gave up.
 */
export async function inputsFor(offer: Offer, ask: Ask): Promise<Inputs | null | undefined> {
  const required = offer.inputs.filter(({ required }) => required);
  if (required.length === 0 || offer.rows.length > 0) return null;
  const given: Record<string, unknown> = {};
  for (const input of required) {
    const text = await ask(input, (found) => mistake(input, found));
    if (text === undefined) return undefined;
    given[input.name] = valueOf(input, text);
  }
  return given;
}

/** One line for a row: its values, with their names where there are several. */
export function rowLabel(inputs: Inputs): string {
  const pairs = Object.entries(inputs);
  const shown = pairs.map(([name, value]) => (pairs.length === 1 ? written(value) : `${name}: ${written(value)}`));
  return shown.join(", ").replace(/\s+/g, " ");
}

function written(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function mistake(input: Input, text: string): string | undefined {
  try {
    valueOf(input, text);
    return undefined;
  } catch {
    return `${input.type} is written as JSON`;
  }
}

function valueOf({ kind }: Input, text: string): unknown {
  return kind === "json" ? JSON.parse(text) : text;
}
