/**
 * Runs one task at a time, with at most one more waiting: however many settings change while the server starts, it is
 * restarted once.
 */
export class RestartQueue {
  private running: Promise<void> | undefined;
  private waiting: Promise<void> | undefined;

  constructor(private readonly task: () => Promise<void>) {}

  /** Resolves when a run of the task that began after this call has ended; rejects when that run failed. */
  request(): Promise<void> {
    if (!this.running) return this.begin();
    this.waiting ??= this.running
      .catch(() => undefined) // the failure belongs to those who asked for that run
      .then(() => {
        this.waiting = undefined;
        return this.begin();
      });
    return this.waiting;
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.running) await (this.waiting ?? this.running).catch(() => undefined);
  }

  private begin(): Promise<void> {
    const run = this.task().finally(() => {
      if (this.running === run) this.running = undefined;
    });
    this.running = run;
    return run;
  }
}
