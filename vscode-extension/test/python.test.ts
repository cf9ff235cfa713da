import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { probe, which } from "../src/python";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "adalang-python-"));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** An executable that plays an interpreter. */
function script(name: string, body: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

test("an interpreter says whether it has adalang, and which", async () => {
  expect(await probe(script("with", "echo has 0.1.0"))).toEqual({ kind: "has-adalang", version: "0.1.0" });
  expect(await probe(script("without", "echo lacks"))).toEqual({ kind: "lacks-adalang" });
});

test("a real interpreter never runs what lies in the folder that it is started in", async () => {
  const python = await which("python3");
  if (!python) throw new Error("this test needs python3 on PATH");
  // The probe imports importlib.metadata, which imports email.
  writeFileSync(path.join(folder, "email.py"), "raise SystemExit('the workspace ran code')");
  const before = process.cwd();
  process.chdir(folder);
  try {
    expect((await probe(python)).kind).not.toBe("broken");
  } finally {
    process.chdir(before);
  }
});

test("what is wrong with an interpreter is said in one line", async () => {
  expect(await probe(path.join(folder, "gone"))).toEqual({ kind: "broken", why: "no such file" });
  expect(await probe(script("old", "echo 'Unknown option: -P' >&2; exit 2"))).toEqual({
    kind: "broken",
    why: "it is older than Python 3.11",
  });
  expect(await probe(script("bad", "echo one >&2; echo two >&2; exit 1"))).toEqual({ kind: "broken", why: "two" });
});

test("only executables in absolute folders of PATH are found", async () => {
  const tool = script("adalang", "");
  writeFileSync(path.join(folder, "plain"), "");
  vi.stubEnv("PATH", [".", folder].join(path.delimiter));
  expect(await which("adalang")).toBe(tool);
  expect(await which("plain")).toBeUndefined();
  vi.stubEnv("PATH", ".");
  expect(await which("adalang")).toBeUndefined();
});
