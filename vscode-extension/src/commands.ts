/**
 * The commands of the palette, as a table: what each does, and what it needs for that. Where the need is not met, the
 * command says why not and offers a way out; none is ever silently missing.
 */
import type { State } from "./status";
import type { Inputs } from "./inputs";
import type { Preview } from "./pages";
import type { Verb } from "./targets";

/** What the commands work with; the extension gives the real one, the tests their own. */
export interface Host {
  readonly state: State;
  readonly installInto: string | undefined;
  /** Resolves when no start of the server is under way. */
  settled(): Promise<void>;
  restart(): Promise<void>;
  execute(command: string, args: readonly unknown[]): Promise<void>;
  /** Asks which of the active file's targets is meant; undefined when there is none or the user gave up. */
  chooseTarget(verb: Verb, name: unknown): Promise<Target | undefined>;
  /** What to run a component with; null leaves that to the server, undefined means that the user gave up. */
  inputsFor(target: Target): Promise<Inputs | null | undefined>;
  /** Asks for a row of the data of an eval of the component, counted from 1; undefined when the user gave up. */
  chooseRow(target: Target, verb: Verb): Promise<number | undefined>;
  /** Asks which open proposal is meant; undefined when there is none or the user gave up. */
  chooseProposal(purpose: string): Promise<string | undefined>;
  /** The active .adal file; without one the user is told what for it is needed. */
  activeFile(purpose: string): string | undefined;
  /** Shows the trace of a run of a file, or asks which of its runs is meant. */
  openTrace(uri: string, run: string | undefined): Promise<void>;
  /** The preview that is being looked at. */
  readonly preview: Preview | undefined;
  /** Shows a message with choices; resolves to the one that was taken. */
  tell(message: string, choices: readonly string[]): Promise<string | undefined>;
  /** Shows a menu; resolves to the command that was taken. */
  choose(title: string, items: readonly MenuItem[]): Promise<string | undefined>;
  dispatch(command: string): Promise<void>;
  install(): Promise<void>;
  showLog(): void;
  showInfo(): Promise<void>;
}

export interface Target {
  readonly uri: string;
  readonly name: string;
}

export interface MenuItem {
  readonly label: string;
  readonly command: string;
}

type Handler = (...args: unknown[]) => Promise<void>;

interface Command {
  readonly needs: "nothing" | "server" | "trust";
  readonly enabled: (host: Host) => Handler;
  /** Instead of the usual explanation. */
  readonly disabled?: (host: Host, why: Obstacle) => Handler;
}

export const COMMANDS: Readonly<Record<string, Command>> = {
  "adalang.run": { needs: "trust", enabled: onTarget("run", runTarget) },
  "adalang.runRow": { needs: "trust", enabled: onTarget("run", runRow) },
  "adalang.saveRow": {
    needs: "trust",
    enabled: onTarget("save", (host, { uri, name }) => host.execute("adalang.server.saveRow", [uri, name])),
  },
  "adalang.preview": { needs: "server", enabled: onTarget("preview") },
  "adalang.previewRow": { needs: "server", enabled: previewRow },
  "adalang.nextRow": { needs: "server", enabled: turnTo("next") },
  "adalang.previousRow": { needs: "server", enabled: turnTo("previous") },
  "adalang.showGraph": { needs: "server", enabled: showGraph },
  "adalang.evaluate": { needs: "trust", enabled: onTarget("evaluate") },
  "adalang.openTrace": { needs: "trust", enabled: openTrace },
  "adalang.optimize": { needs: "trust", enabled: onTarget("optimize") },
  "adalang.explainProposal": { needs: "trust", enabled: onProposal("explain") },
  "adalang.applyProposal": { needs: "trust", enabled: onProposal("apply") },
  "adalang.dismissProposal": { needs: "trust", enabled: onProposal("dismiss") },
  "adalang.cancel": {
    needs: "server",
    enabled: (host) => () => host.execute("adalang.server.cancel", []),
    disabled: (host) => async () => void (await host.tell("Adalang: nothing is running.", [])),
  },
  "adalang.restartServer": { needs: "nothing", enabled: (host) => () => host.restart() },
  "adalang.showLog": { needs: "nothing", enabled: (host) => async () => host.showLog() },
  "adalang.showServerInfo": { needs: "nothing", enabled: (host) => () => host.showInfo() },
  "adalang.installServer": { needs: "nothing", enabled: (host) => () => host.install() },
  "adalang.statusMenu": { needs: "nothing", enabled: statusMenu },
  "adalang.explainFailure": {
    needs: "server",
    enabled: () => async () => undefined,
    disabled: explain,
  },
};

/** Runs a command of the table, or its explanation. Waits for a server that is starting, rather than refusing. */
export async function run(host: Host, name: string, args: readonly unknown[]): Promise<void> {
  const command = COMMANDS[name];
  if (!command) throw new Error(`no such command: ${name}`);
  if (command.needs !== "nothing" && host.state.kind === "starting") await host.settled();
  const why = obstacle(host, command.needs);
  const handler = why ? (command.disabled ?? explain)(host, why) : command.enabled(host);
  await handler(...args);
}

/** Why a command cannot work, and the ways out of it. */
interface Obstacle {
  readonly message: string;
  readonly ways: Readonly<Record<string, string>>;
}

function obstacle(host: Host, needs: Command["needs"]): Obstacle | undefined {
  const { state, installInto } = host;
  if (needs === "nothing") return undefined;
  if (state.kind === "starting") {
    return {
      message: "Adalang: the language server is not running.",
      ways: { "Restart Server": "adalang.restartServer", "Show Log": "adalang.showLog" },
    };
  }
  if (state.kind === "error") {
    const install = installInto ? { [`Install into ${installInto}`]: "adalang.installServer" } : {};
    return {
      message: `Adalang: ${state.why}.`,
      ways: { ...install, "Open Settings": OPEN_SETTINGS, "Show Log": "adalang.showLog" },
    };
  }
  if (needs === "trust" && state.kind === "untrusted") {
    return {
      message: "Adalang: nothing is run and nothing is spent until you trust this workspace.",
      ways: { "Manage Workspace Trust": MANAGE_TRUST },
    };
  }
  return undefined;
}

const OPEN_SETTINGS = "adalang.openSettings";
const MANAGE_TRUST = "workbench.trust.manage";

function explain(host: Host, why: Obstacle): Handler {
  return async () => {
    const taken = await host.tell(why.message, Object.keys(why.ways));
    const command = taken && why.ways[taken];
    if (command) await host.dispatch(command);
  };
}

/** `name` may be given as the first argument, for key bindings. */
function onTarget(verb: Verb, act: (host: Host, target: Target) => Promise<void> = execute(verb)): (host: Host) => Handler {
  return (host) => async (name) => {
    const target = await host.chooseTarget(verb, name);
    if (target) await act(host, target);
  };
}

function execute(verb: Verb): (host: Host, target: Target) => Promise<void> {
  return (host, { uri, name }) => host.execute(`adalang.server.${verb}`, [uri, name]);
}

async function runTarget(host: Host, target: Target): Promise<void> {
  const inputs = await host.inputsFor(target);
  if (inputs === undefined) return;
  await host.execute("adalang.server.run", [target.uri, target.name, ...(inputs ? [inputs] : [])]);
}

async function runRow(host: Host, target: Target): Promise<void> {
  const row = await host.chooseRow(target, "run");
  if (row !== undefined) await host.execute("adalang.server.run", [target.uri, target.name, { row }]);
}

/** From a preview its own row; from an .adal file that of the prompt at the cursor, which opens its preview. */
function turnTo(row: "next" | "previous"): (host: Host) => Handler {
  return (host) => async (name) => {
    const target = host.preview ?? (await host.chooseTarget("preview", name));
    if (target) await host.execute("adalang.server.preview", [target.uri, target.name, row]);
  };
}

function previewRow(host: Host): Handler {
  return async (name) => {
    const { preview } = host;
    const target = preview ? { uri: preview.file, name: preview.name } : await host.chooseTarget("preview", name);
    if (!target) return;
    const row = await host.chooseRow(target, "preview");
    if (row !== undefined) await host.execute("adalang.server.preview", [target.uri, target.name, row]);
  };
}

function onProposal(verb: "explain" | "apply" | "dismiss"): (host: Host) => Handler {
  return (host) => async (given) => {
    const id = typeof given === "string" ? given : await host.chooseProposal(verb);
    if (id) await host.execute(`adalang.server.${verb}Proposal`, [id]);
  };
}

function showGraph(host: Host): Handler {
  return async (name) => {
    const uri = host.activeFile("see its component graph");
    if (uri) await host.execute("adalang.server.showGraph", [uri, ...(typeof name === "string" ? [name] : [])]);
  };
}

/** A quick fix and a link name the file and the run, a row of the Test Explorer has both; from the palette they are asked for. */
function openTrace(host: Host): Handler {
  return async (uri, run) => {
    if (isRow(uri)) return host.openTrace(String(uri.uri), uri.id);
    const file = typeof uri === "string" ? uri : host.activeFile("open the trace of one of its runs");
    if (file) await host.openTrace(file, typeof run === "string" ? run : undefined);
  };
}

function isRow(value: unknown): value is { readonly id: string; readonly uri: unknown } {
  return typeof value === "object" && value !== null && "id" in value && "uri" in value;
}

function statusMenu(host: Host): Handler {
  return async () => {
    const { kind } = host.state;
    const server = kind === "ready" || kind === "running" || kind === "untrusted";
    const items: MenuItem[] = [
      ...(kind === "running" ? [{ label: "$(debug-stop) Cancel running work", command: "adalang.cancel" }] : []),
      ...(kind === "untrusted" ? [{ label: "$(shield) Manage Workspace Trust", command: MANAGE_TRUST }] : []),
      ...(kind === "error" ? [{ label: "$(question) What is wrong?", command: "adalang.explainFailure" }] : []),
      ...(server && kind !== "untrusted"
        ? [
            { label: "$(play) Run a component…", command: "adalang.run" },
            { label: "$(beaker) Evaluate…", command: "adalang.evaluate" },
            { label: "$(sparkle) Optimize…", command: "adalang.optimize" },
            { label: "$(lightbulb) Explain a proposal…", command: "adalang.explainProposal" },
          ]
        : []),
      ...(server
        ? [
            { label: "$(open-preview) Preview a prompt…", command: "adalang.preview" },
            { label: "$(type-hierarchy-sub) Show the component graph", command: "adalang.showGraph" },
          ]
        : []),
      { label: "$(refresh) Restart server", command: "adalang.restartServer" },
      { label: "$(output) Show log", command: "adalang.showLog" },
      { label: "$(info) Show server info", command: "adalang.showServerInfo" },
      { label: "$(gear) Open settings", command: OPEN_SETTINGS },
    ];
    const taken = await host.choose("Adalang", items);
    if (taken) await host.dispatch(taken);
  };
}
