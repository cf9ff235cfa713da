/** The run view: answers while they are written, in an output channel of their own. */
import type * as vscode from "vscode";

/** What the server tells of a run: new text of an answer that is one, else its value so far; at the end the whole. */
export interface Answer {
  /** Which run: there may be several of a component at a time. */
  readonly id: string;
  readonly component: string;
  readonly text?: string;
  readonly value?: unknown;
  readonly restart?: boolean;
  readonly done?: boolean;
  /** Why there is no answer, of a run that is done. */
  readonly error?: string;
  /** The id of the run, whose trace is kept, and the file that it is of, at its end. */
  readonly run?: string;
  readonly uri?: string;
}

type Channel = Pick<vscode.OutputChannel, "append" | "replace" | "show">;

interface Running {
  readonly component: string;
  readonly text: string;
}

/** The runs of this window, one below the other; those that are written at the same time each keep to their place. */
export class Answers {
  private finished = "";
  private readonly running = new Map<string, Running>();

  constructor(private readonly channel: Channel) {}

  tell(answer: Answer): void {
    const { id, component } = answer;
    const before = this.running.get(id)?.text;
    if (before === undefined) this.channel.show(true);
    const now = written(answer, before ?? "");
    this.running.set(id, { component, text: now });
    const grows = before !== undefined && this.running.size === 1 && now.startsWith(before);
    if (answer.done) {
      this.running.delete(id);
      this.finished += `${headed(component, now)}\n\n`;
    }
    if (grows) this.channel.append(now.slice(before.length) + (answer.done ? "\n\n" : ""));
    else this.channel.replace(this.finished + [...this.running.values()].map((one) => headed(one.component, one.text)).join("\n\n"));
  }

  /** The server ended: what was not finished will not be. */
  stop(): void {
    for (const { component, text } of this.running.values()) this.finished += `${headed(component, text)}…\n\n`;
    this.running.clear();
  }
}

const SHORT = 300;

/** One line or a few for a message: what a run has answered. */
export function told({ component, value }: Answer): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `${component}: ${text.length > SHORT ? `${text.slice(0, SHORT - 1)}…` : text}`;
}

function written({ error, restart, text, value }: Answer, before: string): string {
  if (error !== undefined) return `${before}${before ? "…\n" : ""}(no answer: ${error})`;
  if (value !== undefined && value !== null) return typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (restart ? "" : before) + (text ?? "");
}

function headed(name: string, text: string): string {
  return `${name}:\n${text}`;
}
