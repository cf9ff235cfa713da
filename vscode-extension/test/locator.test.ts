import { expect, test } from "vitest";
import { type Environment, locate, type Probe } from "../src/locator";

/** A machine: which files exist, and what each interpreter says. */
function machine(facts: Partial<Environment> & { files?: string[]; pythons?: Record<string, Probe>; onPath?: string } = {}) {
  const { files = [], pythons = {}, onPath, ...rest } = facts;
  const probed: string[] = [];
  const environment: Environment = {
    serverPath: "",
    serverArguments: [],
    interpreter: "",
    workspaceFolders: ["/project"],
    trusted: true,
    platform: "linux",
    isFile: async (file) => files.includes(file),
    which: async () => onPath,
    probe: async (python) => {
      probed.push(python);
      return pythons[python] ?? { kind: "broken", why: "no such file" };
    },
    selectedInterpreter: async () => undefined,
    ...rest,
  };
  return { environment, probed };
}

const HAS: Probe = { kind: "has-adalang", version: "0.1.0" };
const LACKS: Probe = { kind: "lacks-adalang" };

test("the setting wins over everything else", async () => {
  const { environment, probed } = machine({
    serverPath: "/opt/adalang",
    files: ["/opt/adalang", "/project/.venv/bin/python"],
    pythons: { "/project/.venv/bin/python": HAS },
    onPath: "/usr/bin/adalang",
    serverArguments: ["--log-level", "debug"],
  });
  const { server } = await locate(environment);
  expect(server).toEqual({
    command: "/opt/adalang",
    args: ["server", "--log-level", "debug"],
    foundBy: "setting adalang.server.path",
  });
  expect(probed).toEqual([]);
});

test("a setting that names nothing is an error, not a reason to look elsewhere", async () => {
  const { server, problem, tried } = await locate(machine({ serverPath: "/gone", onPath: "/usr/bin/adalang" }).environment);
  expect(server).toBeUndefined();
  expect(problem).toBe("/gone does not exist (setting adalang.server.path)");
  expect(tried).toEqual(["setting adalang.server.path: /gone does not exist"]);
});

test("an interpreter that was named but lacks adalang is the one to install into", async () => {
  const { server, installInto, tried } = await locate(
    machine({ interpreter: "/py", pythons: { "/py": LACKS }, onPath: "/usr/bin/adalang" }).environment,
  );
  expect(server).toBeUndefined();
  expect(installInto).toBe("/py");
  expect(tried.at(-1)).toBe("setting adalang.interpreter: /py has no adalang");
});

test("the Python extension's interpreter comes before the workspace's .venv", async () => {
  const { server } = await locate(
    machine({
      selectedInterpreter: async () => "/selected",
      files: ["/project/.venv/bin/python"],
      pythons: { "/selected": HAS, "/project/.venv/bin/python": HAS },
    }).environment,
  );
  expect(server).toMatchObject({ command: "/selected", args: ["-P", "-m", "adalang", "server"] });
});

test("the second folder's .venv is used when the first has none", async () => {
  const { server } = await locate(
    machine({
      workspaceFolders: ["/one", "/two"],
      files: ["/two/.venv/bin/python"],
      pythons: { "/two/.venv/bin/python": HAS },
    }).environment,
  );
  expect(server).toMatchObject({ command: "/two/.venv/bin/python", foundBy: "the workspace's .venv" });
});

test("PATH is the last place, and the interpreter that was passed over can still be installed into", async () => {
  const { server, installInto } = await locate(
    machine({
      files: ["/project/.venv/bin/python"],
      pythons: { "/project/.venv/bin/python": LACKS },
      onPath: "/usr/bin/adalang",
    }).environment,
  );
  expect(server).toMatchObject({ command: "/usr/bin/adalang", args: ["server"], foundBy: "PATH" });
  expect(installInto).toBe("/project/.venv/bin/python");
});

test("nothing that belongs to an untrusted workspace is ever started or asked", async () => {
  const { environment, probed } = machine({
    trusted: false,
    selectedInterpreter: async () => "/project/.venv/bin/python",
    files: ["/project/.venv/bin/python"],
    pythons: { "/project/.venv/bin/python": HAS },
    onPath: "/project/.venv/bin/adalang",
  });
  const { server, tried } = await locate(environment);
  expect(server).toBeUndefined();
  expect(probed).toEqual([]);
  expect(tried.at(-1)).toBe("PATH: /project/.venv/bin/adalang is part of the workspace, which is not trusted");
});

test("when nothing is found, every strategy says why", async () => {
  const { problem, tried } = await locate(machine().environment);
  expect(problem).toBe("no language server was found; install it with 'pip install adalang'");
  expect(tried).toEqual([
    "setting adalang.server.path: not set",
    "setting adalang.interpreter: not set",
    "interpreter of the Python extension: none selected, or the Python extension is not installed",
    "the workspace's .venv: there is none",
    "PATH: no adalang on it",
  ]);
});
