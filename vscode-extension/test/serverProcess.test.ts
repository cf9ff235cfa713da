import { expect, test } from "vitest";
import { ServerProcess } from "../src/serverProcess";

const server = (script: string) => ({ command: process.execPath, args: ["-e", script], foundBy: "the test" });

test("a server that ends by itself is not killed", async () => {
  const started = await ServerProcess.start(server("process.stdin.on('end', () => process.exit(7)).resume()"), undefined);
  await started.end();
  expect(started.child.exitCode).toBe(7);
});

test("a server that hangs is killed", async () => {
  const started = await ServerProcess.start(server("setInterval(() => 0, 1000)"), undefined);
  await started.end();
  expect(started.child.signalCode).toBe("SIGKILL");
});

test("ending twice is ending once", async () => {
  const started = await ServerProcess.start(server(""), undefined);
  await started.end();
  await started.end();
  expect(started.child.exitCode).toBe(0);
});

test("a command that cannot be started is an error, not a crash", async () => {
  await expect(ServerProcess.start({ ...server(""), command: "/nowhere" }, undefined)).rejects.toThrow("ENOENT");
});
