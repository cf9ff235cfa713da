/** The language server's life in this window: found, started, restarted, told about trust and settings. */
import { createInterface } from "node:readline";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  type ErrorHandler,
  LanguageClient,
  type LanguageClientOptions,
  type ProgressToken,
  RevealOutputChannelOn,
  State as ClientState,
  type WorkDoneProgressBegin,
  type WorkDoneProgressEnd,
  type WorkDoneProgressReport,
} from "vscode-languageclient/node";
import { type Answer, Answers } from "./answers";
import type { Asked } from "./approvalPage";
import { Approvals } from "./approvals";
import { clientCommands } from "./clientCommands";
import { readFollowed, readSettings, workspaceFolders } from "./config";
import { type Input, type Inputs, inputsFor, type Offer } from "./inputs";
import { type Location, locate, type Server } from "./locator";
import { openPages, SCHEME, showPage } from "./pages";
import * as python from "./python";
import { selectedInterpreter } from "./pythonExtension";
import { RestartQueue } from "./queue";
import { ServerProcess } from "./serverProcess";
import { type State, StatusItem } from "./status";
import { offerTrace } from "./traces";

const CRASHES_ALLOWED = 5;
const CRASH_WINDOW_MS = 180_000;
const START_MS = 60_000; // a cold start from a slow disk is slow; a server that hangs must not block its restart

export class Session implements vscode.Disposable {
  readonly log = vscode.window.createOutputChannel("Adalang", { log: true });
  private readonly answersChannel = vscode.window.createOutputChannel("Adalang Answers");
  private readonly answers = new Answers(this.answersChannel);
  private readonly approvals = new Approvals();
  private readonly status = new StatusItem();
  private readonly restarts = new RestartQueue(() => this.startAnew());
  /** Titles of the work that the server reports, by progress token. */
  private readonly work = new Map<ProgressToken, string>();
  private client: LanguageClient | undefined;
  private process: ServerProcess | undefined;
  private location: Location | undefined;
  private failure: string | undefined;
  private offered = "";

  /** Starts the server, or starts it again. Never rejects: what went wrong becomes the state. */
  restart(): Promise<void> {
    return this.restarts.request();
  }

  /** Resolves when no start is under way. */
  settled(): Promise<void> {
    return this.restarts.idle();
  }

  get state(): State {
    if (this.failure !== undefined) return { kind: "error", why: this.failure };
    if (this.client?.state !== ClientState.Running) return { kind: "starting" };
    if (!vscode.workspace.isTrusted) return { kind: "untrusted" };
    const what = [...this.work.values()].at(-1);
    return what === undefined ? { kind: "ready" } : { kind: "running", what };
  }

  /** The interpreter into which the server could be installed, if one was found that lacks it. */
  get installInto(): string | undefined {
    return this.location?.installInto;
  }

  /** Runs one of the server's commands; what it says against it is shown. */
  async execute(command: string, args: readonly unknown[]): Promise<void> {
    await this.request(command, args);
  }

  /** What the server says of a component's inputs; undefined when it says something against it, which is shown. */
  offer(uri: string, name: string): Promise<Offer | undefined> {
    return this.request<Offer>("adalang.server.inputs", [uri, name]);
  }

  /** What to run a component with: see {@link inputsFor}. */
  async inputsFor(uri: string, name: string): Promise<Inputs | null | undefined> {
    const offer = await this.offer(uri, name);
    return offer && inputsFor(offer, askFor);
  }

  /** Asks the server; what it says against it is shown, and the answer is undefined then, as when `token` stopped it. */
  async request<T>(command: string, args: readonly unknown[], token?: vscode.CancellationToken): Promise<T | undefined> {
    try {
      return await this.client?.sendRequest<T>("workspace/executeCommand", { command, arguments: args }, ...(token ? [token] : []));
    } catch (error) {
      if (token?.isCancellationRequested) return undefined;
      void vscode.window.showErrorMessage(`Adalang: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** Tells the server that the workspace is trusted now, which may also bring another server within reach. */
  async trust(): Promise<void> {
    const found = await this.find();
    if (this.client?.isRunning() && sameServer(found.server, this.location?.server)) {
      await this.client.sendNotification("adalang/trust", { trusted: true });
      this.refresh();
    } else {
      await this.restart();
    }
  }

  /** Tells the server the settings that it follows while it runs; one that starts later reads them by itself. */
  async configure(): Promise<void> {
    await this.settled();
    if (!this.client?.isRunning()) return;
    await this.client.sendNotification("workspace/didChangeConfiguration", { settings: { adalang: readFollowed() } });
  }

  /** What a bug report needs to know. */
  describe(): string {
    const info = this.client?.initializeResult?.serverInfo;
    const server = this.location?.server;
    return [
      `State: ${this.state.kind}${this.failure ? ` (${this.failure})` : ""}`,
      `Server: ${info ? `${info.name} ${info.version ?? ""}`.trim() : "none"}`,
      `Command: ${server ? [server.command, ...server.args].join(" ") : "none"}`,
      `Found by: ${server?.foundBy ?? "nothing"}`,
      `Workspace trusted: ${vscode.workspace.isTrusted ? "yes" : "no"}`,
      "",
      "Looked for in this order:",
      ...(this.location?.tried ?? []).map((line) => `  ${line}`),
    ].join("\n");
  }

  /**
   * Stops the server and waits until it has ended. One that is just starting, which the client cannot stop, is given
   * `patience` to finish that first.
   */
  async stop(patience = START_MS): Promise<void> {
    const { client, process } = this;
    this.client = undefined;
    this.process = undefined;
    this.forget();
    if (client?.state === ClientState.Starting) await within(patience, client.start()).catch(() => undefined);
    try {
      await client?.dispose();
    } catch (error) {
      this.log.warn(`The server did not stop cleanly: ${messageOf(error)}`);
    }
    await process?.end();
  }

  dispose(): void {
    this.approvals.stop();
    this.status.dispose();
    this.answersChannel.dispose();
    this.log.dispose();
  }

  /** What a server that is gone was doing, said, and asked. */
  private forget(): void {
    this.work.clear();
    this.answers.stop();
    this.approvals.stop();
  }

  private async startAnew(): Promise<void> {
    await this.stop();
    this.failure = undefined;
    this.refresh();
    try {
      this.location = await this.find();
      for (const line of this.location.tried) this.log.info(`Looking for the server: ${line}`);
      if (this.location.server) await this.start(this.location.server);
      else this.fail(this.location.problem);
    } catch (error) {
      await this.stop(0);
      this.fail(`the language server did not start: ${messageOf(error)}`);
    }
    this.refresh();
  }

  private find(): Promise<Location> {
    const { serverPath, serverArguments, interpreter } = readSettings();
    return locate({
      serverPath,
      serverArguments,
      interpreter,
      workspaceFolders: workspaceFolders(),
      trusted: vscode.workspace.isTrusted,
      platform: process.platform,
      selectedInterpreter,
      isFile: python.isFile,
      which: python.which,
      probe: python.probe,
    });
  }

  /** Rejects when the server cannot be started or does not answer. */
  private async start(server: Server): Promise<void> {
    this.log.info(`Starting ${[server.command, ...server.args].join(" ")} (found by ${server.foundBy})`);
    const spawn = async () => {
      this.process = await ServerProcess.start(server, workspaceFolders()[0]);
      return this.process.child;
    };
    const client = new LanguageClient("adalang", "Adalang", spawn, this.clientOptions());
    this.client = client;
    client.registerFeatures([clientCommands, openPages(client)]);
    client.onRequest("adalang/approve", (asked: Asked, ended) => this.approvals.ask(asked, ended));
    client.onNotification("adalang/answer", (answer: Answer) => {
      this.answers.tell(answer);
      void offerTrace(answer);
    });
    client.onDidChangeState(({ newState }) => {
      if (client !== this.client) return;
      if (newState === ClientState.Stopped) this.forget();
      this.refresh();
    });
    await within(START_MS, client.start());
  }

  private clientOptions(): LanguageClientOptions {
    return {
      documentSelector: [
        { scheme: "file", language: "adal" },
        { scheme: "untitled", language: "adal" },
      ],
      // Asked at each start, so that a server that is started again knows what became trusted meanwhile.
      initializationOptions: () => ({ trusted: vscode.workspace.isTrusted, ...readFollowed() }),
      outputChannel: this.log,
      traceOutputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false, // start() rejects, and the state says why
      errorHandler: this.crashHandler(),
      stdioOptions: {
        stdout: () => undefined, // carries the protocol
        stderr: (input, log) => readLines(input, (line) => log.info(line)),
      },
      middleware: {
        window: {
          showDocument: async (params, token, next) => {
            const uri = vscode.Uri.parse(params.uri);
            if (uri.scheme !== SCHEME) return next(params, token);
            await showPage(uri);
            return { success: true };
          },
        },
        executeCommand: (command, args: unknown[], next) => this.executeLens(command, args, next),
        handleWorkDoneProgress: (token, params, next) => {
          this.follow(token, params);
          next(token, params);
        },
      },
    };
  }

  /** A lens says what to run, and not with which inputs: where the server has none, the user is asked. */
  private async executeLens(
    command: string,
    args: unknown[],
    next: (command: string, args: unknown[]) => vscode.ProviderResult<unknown>,
  ): Promise<unknown> {
    const [uri, name, ...rest] = args;
    if (command !== "adalang.server.run" || rest.length > 0) return next(command, args);
    const inputs = await this.inputsFor(String(uri), String(name));
    if (inputs === undefined) return undefined;
    return next(command, inputs ? [...args, inputs] : args);
  }

  /** Starts a server that died again, until it dies too often. */
  private crashHandler(): ErrorHandler {
    const crashes: number[] = [];
    return {
      error: () => ({ action: ErrorAction.Continue }),
      closed: () => {
        if (!this.client) return { action: CloseAction.DoNotRestart, handled: true }; // it was stopped on purpose
        const now = Date.now();
        crashes.push(now);
        const recent = crashes.filter((time) => now - time < CRASH_WINDOW_MS).length;
        if (recent < CRASHES_ALLOWED) {
          this.log.warn(`The server ended unexpectedly (${recent} of ${CRASHES_ALLOWED}); starting it again`);
          return { action: CloseAction.Restart, handled: true };
        }
        this.fail(`the language server ended unexpectedly ${recent} times within ${CRASH_WINDOW_MS / 60_000} minutes`);
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    };
  }

  private follow(
    token: ProgressToken,
    progress: WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd,
  ): void {
    if (progress.kind === "begin") this.work.set(token, progress.title);
    else if (progress.kind === "end") this.work.delete(token);
    this.refresh();
  }

  private refresh(): void {
    this.status.show(this.state);
  }

  private fail(why: string): void {
    this.failure = why;
    this.log.error(why);
    // Once for each cause: a restart that fails the same way is told by the status bar alone.
    const cause = `${why} ${this.installInto ?? ""}`;
    if (this.offered === cause) return;
    this.offered = cause;
    void vscode.commands.executeCommand("adalang.explainFailure");
  }
}

async function askFor(input: Input, wrong: (text: string) => string | undefined): Promise<string | undefined> {
  const title = `Adalang: ${input.name}: ${input.type}`;
  if (input.kind === "choice") return vscode.window.showQuickPick([...input.choices], { title, ignoreFocusOut: true });
  const prompt = input.kind === "json" ? "As JSON" : "As it is, without quotes";
  return vscode.window.showInputBox({ title, prompt, validateInput: wrong, ignoreFocusOut: true });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Rejects when a promise takes longer. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function readLines(input: NodeJS.ReadableStream, callback: (line: string) => void): void {
  createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }).on("line", callback);
}

function sameServer(one: Server | undefined, other: Server | undefined): boolean {
  return JSON.stringify([one?.command, one?.args]) === JSON.stringify([other?.command, other?.args]);
}
