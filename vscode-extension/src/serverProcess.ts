/** The language server as a process of the operating system, which is always ended. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Server } from "./locator";

const PATIENCE_MS = 2000;

export class ServerProcess {
  private readonly ended: Promise<void>;

  private constructor(readonly child: ChildProcessWithoutNullStreams) {
    this.ended = new Promise((resolve) => child.once("exit", () => resolve()));
  }

  /** Rejects when the command cannot be started. */
  static async start(server: Server, folder: string | undefined): Promise<ServerProcess> {
    const child = spawn(server.command, [...server.args], { cwd: folder, windowsHide: true });
    const process = new ServerProcess(child);
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    return process;
  }

  /** Waits a moment for it to end by itself, then ends it. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const timer = setTimeout(() => this.child.kill("SIGKILL"), PATIENCE_MS);
    this.child.stdin.end();
    await this.ended;
    clearTimeout(timer);
  }
}
