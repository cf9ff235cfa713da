/** Asks Python interpreters what they have installed, and finds executables. */
import { execFile } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import type { Probe } from "./locator";

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;

// Looks for the package without importing it. -P keeps the current folder off the import path (Python 3.11 and newer).
const PROBE = `
import importlib.metadata, importlib.util
if importlib.util.find_spec("adalang") is None:
    print("lacks")
else:
    try:
        print("has", importlib.metadata.version("adalang"))
    except importlib.metadata.PackageNotFoundError:
        print("has", "(from source)")
`;

export async function probe(python: string): Promise<Probe> {
  let stdout: string;
  try {
    ({ stdout } = await run(python, ["-P", "-c", PROBE], { timeout: TIMEOUT_MS, windowsHide: true }));
  } catch (error) {
    return { kind: "broken", why: whyNot(error) };
  }
  const [answer, ...version] = stdout.trim().split(" ");
  if (answer === "has") return { kind: "has-adalang", version: version.join(" ") };
  return { kind: "lacks-adalang" };
}

/** The command that installs adalang into an interpreter: its own pip, or uv for environments without one. */
export async function installCommand(python: string): Promise<readonly [string, ...string[]] | undefined> {
  try {
    await run(python, ["-P", "-m", "pip", "--version"], { timeout: TIMEOUT_MS, windowsHide: true });
    return [python, "-m", "pip", "install", "--upgrade", "adalang"];
  } catch {
    const uv = await which("uv");
    return uv ? [uv, "pip", "install", "--python", python, "--upgrade", "adalang"] : undefined;
  }
}

export async function which(name: string): Promise<string | undefined> {
  const ending = process.platform === "win32" ? ".exe" : "";
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    // A relative entry would mean whatever the current folder holds.
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name + ending);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

export async function isFile(file: string): Promise<boolean> {
  return stat(file).then((found) => found.isFile(), () => false);
}

async function isExecutable(file: string): Promise<boolean> {
  return (await isFile(file)) && access(file, constants.X_OK).then(() => true, () => false);
}

function whyNot(error: unknown): string {
  const { code, stderr, killed } = error as { code?: unknown; stderr?: string; killed?: boolean };
  if (code === "ENOENT") return "no such file";
  if (killed) return `no answer within ${TIMEOUT_MS / 1000} s`;
  if (/unknown option:? -P/i.test(stderr ?? "")) return "it is older than Python 3.11";
  return (stderr ?? String(error)).trim().split("\n").at(-1) ?? "it failed";
}
