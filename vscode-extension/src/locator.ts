/**
 * Finds the language server: named strategies, tried in order, the first that finds it wins. Each says why it did not,
 * so that the log and the message to the user can tell what was tried.
 */
import * as path from "node:path";

/** How to start the server; `args` is complete. */
export interface Server {
  readonly command: string;
  readonly args: readonly string[];
  readonly foundBy: string;
}

/** What a Python interpreter says about itself. */
export type Probe =
  | { readonly kind: "has-adalang"; readonly version: string }
  | { readonly kind: "lacks-adalang" }
  | { readonly kind: "broken"; readonly why: string };

/** What the strategies may look at. */
export interface Environment {
  readonly serverPath: string;
  readonly serverArguments: readonly string[];
  readonly interpreter: string;
  readonly workspaceFolders: readonly string[];
  readonly trusted: boolean;
  readonly platform: NodeJS.Platform;
  isFile(file: string): Promise<boolean>;
  /** The absolute path of an executable on PATH. */
  which(name: string): Promise<string | undefined>;
  probe(python: string): Promise<Probe>;
  /** The interpreter selected in the Python extension, if that is installed. */
  selectedInterpreter(): Promise<string | undefined>;
}

type Attempt =
  | { readonly kind: "found"; readonly command: string; readonly args: readonly string[]; readonly note: string }
  | { readonly kind: "missed"; readonly why: string; readonly lacking?: string }
  /** The user named something that does not work: looking further would hide the mistake. */
  | { readonly kind: "refused"; readonly why: string; readonly lacking?: string };

interface Strategy {
  readonly name: string;
  find(environment: Environment): Promise<Attempt>;
}

export interface Location {
  readonly server: Server | undefined;
  /** Why there is no server, in words for the user; empty when there is one. */
  readonly problem: string;
  /** One line per strategy that was tried. */
  readonly tried: readonly string[];
  /** The interpreter that was looked at and works but has no adalang: the one to install into. */
  readonly installInto: string | undefined;
}

export async function locate(environment: Environment): Promise<Location> {
  const tried: string[] = [];
  let installInto: string | undefined;
  for (const strategy of STRATEGIES) {
    const attempt = await strategy.find(environment);
    if (attempt.kind === "found") {
      tried.push(`${strategy.name}: ${attempt.note}`);
      const args = [...attempt.args, "server", ...environment.serverArguments];
      const server = { command: attempt.command, args, foundBy: strategy.name };
      return { server, problem: "", tried, installInto };
    }
    tried.push(`${strategy.name}: ${attempt.why}`);
    installInto ??= attempt.lacking;
    if (attempt.kind === "refused") {
      return { server: undefined, problem: `${attempt.why} (${strategy.name})`, tried, installInto };
    }
  }
  const problem = installInto
    ? `the language server is not installed: ${installInto} has no adalang`
    : "no language server was found; install it with 'pip install adalang'";
  return { server: undefined, problem, tried, installInto };
}

const bySetting: Strategy = {
  name: "setting adalang.server.path",
  async find({ serverPath, isFile }) {
    if (!serverPath) return { kind: "missed", why: "not set" };
    if (!(await isFile(serverPath))) return { kind: "refused", why: `${serverPath} does not exist` };
    return { kind: "found", command: serverPath, args: [], note: serverPath };
  },
};

const byInterpreterSetting: Strategy = {
  name: "setting adalang.interpreter",
  async find(environment) {
    if (!environment.interpreter) return { kind: "missed", why: "not set" };
    const attempt = await inInterpreter(environment, environment.interpreter);
    return attempt.kind === "missed" ? { ...attempt, kind: "refused" } : attempt;
  },
};

const bySelectedInterpreter: Strategy = {
  name: "interpreter of the Python extension",
  async find(environment) {
    if (!environment.trusted) return { kind: "missed", why: "not looked at: the workspace is not trusted" };
    const python = await environment.selectedInterpreter();
    if (!python) return { kind: "missed", why: "none selected, or the Python extension is not installed" };
    return inInterpreter(environment, python);
  },
};

const byWorkspaceEnvironment: Strategy = {
  name: "the workspace's .venv",
  async find(environment) {
    if (!environment.trusted) return { kind: "missed", why: "not looked at: the workspace is not trusted" };
    const executable = environment.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
    let missed: Attempt = { kind: "missed", why: "there is none" };
    for (const folder of environment.workspaceFolders) {
      const python = path.join(folder, ".venv", ...executable);
      if (!(await environment.isFile(python))) continue;
      const attempt = await inInterpreter(environment, python);
      if (attempt.kind === "found") return attempt;
      missed = attempt;
    }
    return missed;
  },
};

const byPath: Strategy = {
  name: "PATH",
  async find(environment) {
    const command = await environment.which("adalang");
    if (!command) return { kind: "missed", why: "no adalang on it" };
    const own = environment.workspaceFolders.find((folder) => isInside(folder, command));
    if (own && !environment.trusted) {
      return { kind: "missed", why: `${command} is part of the workspace, which is not trusted` };
    }
    return { kind: "found", command, args: [], note: command };
  },
};

const STRATEGIES: readonly Strategy[] = [
  bySetting,
  byInterpreterSetting,
  bySelectedInterpreter,
  byWorkspaceEnvironment,
  byPath,
];

async function inInterpreter(environment: Environment, python: string): Promise<Attempt> {
  const probe = await environment.probe(python);
  switch (probe.kind) {
    case "has-adalang": {
      // -P: what lies in the current folder, such as a file named json.py, is not imported by the server.
      const note = `${python} has adalang ${probe.version}`;
      return { kind: "found", command: python, args: ["-P", "-m", "adalang"], note };
    }
    case "lacks-adalang":
      return { kind: "missed", why: `${python} has no adalang`, lacking: python };
    case "broken":
      return { kind: "missed", why: `${python} does not work: ${probe.why}` };
  }
}

function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
}
