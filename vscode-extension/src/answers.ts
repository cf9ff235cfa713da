/** The run view: answers while they are written, in an output channel of their own. */
import type * as vscode from "vscode";

/** What the server tells of a run: new text of an answer that is one, else its value so far; at the end the whole. */
export interface Answer {
  readonly component: string;
  readonly text?: string;
  readonly value?: unknown;
  readonly restart?: boolean;
  readonly done?: boolean;
  /** At the end: the file, and the run's id where a trace of it is kept. */
  readonly uri?: string;
  readonly run?: string;
}

type Channel = Pick<vscode.OutputChannel, "append" | "replace" | "show">;

/** The runs of this window, one below the other; those that are written at the same time each keep to their place. */
export class Answers {
  private finished = "";
  private readonly running = new Map<string, string>();

  constructor(private readonly channel: Channel) {}

  tell(answer: Answer): void {
    const name = answer.component;
    const before = this.running.get(name);
    if (before === undefined) this.channel.show(true);
    const now = written(answer, before ?? "");
    this.running.set(name, now);
    const grows = before !== undefined && this.running.size === 1 && now.startsWith(before);
    if (answer.done) {
      this.running.delete(name);
      this.finished += `${headed(name, now)}\n\n`;
    }
    if (grows) this.channel.append(now.slice(before.length) + (answer.done ? "\n\n" : ""));
    else this.channel.replace(this.finished + [...this.running].map(([one, text]) => headed(one, text)).join("\n\n"));
  }

  /** The server ended: what was not finished will not be. */
  stop(): void {
    for (const [name, text] of this.running) this.finished += `${headed(name, text)}…\n\n`;
    this.running.clear();
  }
}

function written(answer: Answer, before: string): string {
  if (answer.value !== undefined && answer.value !== null) {
    return typeof answer.value === "string" ? answer.value : JSON.stringify(answer.value, null, 2);
  }
  return (answer.restart ? "" : before) + (answer.text ?? "");
}

function headed(name: string, text: string): string {
  return `${name}:\n${text}`;
}
