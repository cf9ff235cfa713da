import { expect, test } from "vitest";
import { RestartQueue } from "../src/queue";

/** A task whose runs end when told. */
function controlled() {
  const ends: Array<(error?: Error) => void> = [];
  const task = () =>
    new Promise<void>((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve())));
  return { ends, task };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

test("ten requests during a run make one further run", async () => {
  const { ends, task } = controlled();
  const queue = new RestartQueue(task);
  const first = queue.request();
  const later = Array.from({ length: 10 }, () => queue.request());
  await settle();
  expect(ends).toHaveLength(1);

  ends[0]?.();
  await first;
  await settle();
  expect(ends).toHaveLength(2);

  ends[1]?.();
  await Promise.all(later);
  await settle();
  expect(ends).toHaveLength(2);
});

test("a request resolves only after a run that began after it", async () => {
  const { ends, task } = controlled();
  const queue = new RestartQueue(task);
  void queue.request();
  let done = false;
  const second = queue.request().then(() => (done = true));
  ends[0]?.();
  await settle();
  expect(done).toBe(false);
  ends[1]?.();
  await second;
  expect(done).toBe(true);
});

test("a failed run belongs to its own caller and does not stop the next", async () => {
  const { ends, task } = controlled();
  const queue = new RestartQueue(task);
  const first = queue.request();
  const second = queue.request();
  ends[0]?.(new Error("no server"));
  await expect(first).rejects.toThrow("no server");
  await settle();
  ends[1]?.();
  await expect(second).resolves.toBeUndefined();
});

test("idle waits for the run and the one behind it", async () => {
  const { ends, task } = controlled();
  const queue = new RestartQueue(task);
  await queue.idle();
  void queue.request();
  void queue.request();
  let idle = false;
  const waiting = queue.idle().then(() => (idle = true));
  ends[0]?.();
  await settle();
  expect(idle).toBe(false);
  ends[1]?.();
  await waiting;
  expect(idle).toBe(true);
});
