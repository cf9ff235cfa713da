// A real VS Code for tests: code-server with a throw-away profile, driven in headless Chromium.
//
//     const vscode = await launch({ workspace, vsix, settings, screenshots });
//     try { await vscode.open("support.adal"); … } finally { await vscode.close(); }
//
// Waits are for conditions in the page, never for time. Set-up: scripts/setup-e2e.sh.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

const require = createRequire(new URL("../../vscode-extension/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const HOME =
  process.env.ADALANG_E2E_HOME ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "adalang-e2e");
export const CHROMIUM = process.env.ADALANG_E2E_CHROMIUM ?? "/usr/bin/chromium";
const WAIT_MS = 30_000; // for one step; a loaded machine is slow

const SETTINGS = {
  "chat.disableAIFeatures": true,
  "editor.accessibilitySupport": "off",
  "editor.codeLens": true,
  "editor.minimap.enabled": false,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "files.autoSave": "off",
  "files.hotExit": "off",
  "git.enabled": false,
  "security.workspace.trust.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "window.dialogStyle": "custom",
  "window.menuBarVisibility": "compact",
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
};

const started = Date.now();
export const log = (...words) => console.log(`[${((Date.now() - started) / 1000).toFixed(1)}s]`, ...words);

/** The entry point of the newest installed code-server; undefined when scripts/setup-e2e.sh has not run. */
export function codeServer() {
  const found = globSync(path.join(HOME, "code-server-*", ".complete")).sort();
  return found.length > 0 ? path.join(path.dirname(found.at(-1)), "node_modules/code-server/out/node/entry.js") : undefined;
}

/**
 * Opens a folder in a fresh VS Code with the extension installed.
 *
 * - workspace: absolute path of the folder
 * - settings: the user's settings on top of quiet defaults; machineSettings: those with the scope "machine"
 * - trusted: false turns workspace trust on and leaves the folder untrusted
 * - screenshots: folder for pictures; scale: their pixels for each point
 */
export async function launch({ workspace, vsix, settings = {}, machineSettings = {}, trusted = true, screenshots, scale = 1 }) {
  const trust = trusted ? {} : { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "never" };
  const profile = makeProfile({ ...settings, ...trust }, machineSettings);
  const closers = [() => rmSync(profile.folder, { recursive: true, force: true, maxRetries: 5 })];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    installExtension(profile, vsix);
    const server = await startServer(profile, trusted ? ["--disable-workspace-trust"] : []);
    closers.push(server.stop);
    const context = await chromium.launchPersistentContext(path.join(profile.folder, "chromium"), {
      executablePath: CHROMIUM,
      headless: true,
      viewport: { width: 1280, height: 800 },
      deviceScaleFactor: scale,
      // The resolver rule makes every host but this machine unreachable for the browser.
      args: [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
      ],
    });
    closers.push(() => context.close());
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(WAIT_MS);
    const vscode = new Workbench({ page, context, workspace, profile, serverGroup: server.group, screenshots, close });
    await page.goto(`http://127.0.0.1:${server.port}/?folder=${encodeURIComponent(workspace)}`, { waitUntil: "domcontentloaded" });
    await page.locator(".monaco-workbench").waitFor();
    log("workbench is up");
    return vscode;
  } catch (error) {
    await close();
    throw error;
  }
}

/** What a person does in VS Code. Each method returns when the effect can be seen. */
export class Workbench {
  #outside = new Set();

  constructor({ context, ...rest }) {
    Object.assign(this, rest);
    const watch = (address) => {
      const { protocol, hostname, origin } = new URL(address);
      if (/^(https?|wss?):$/.test(protocol) && hostname !== "127.0.0.1") this.#outside.add(origin);
    };
    context.on("request", (request) => watch(request.url()));
    this.page.on("websocket", (socket) => watch(socket.url()));
  }

  /** Hosts other than this machine that the browser asked for. */
  get outsideRequests() {
    return [...this.#outside];
  }

  read(file) {
    return readFileSync(path.join(this.workspace, file), "utf8");
  }

  async open(file) {
    const name = path.basename(file);
    const opened = this.page.locator(".tab", { hasText: name });
    const active = this.page.locator(".tab.active", { hasText: name });
    // A rename that ends gives the focus back to its editor, which closes a list that has just opened.
    await until(`${file} is open`, async () => {
      await ((await opened.count()) ? opened.first().click() : this.pick("Control+P", file, name));
      return active.waitFor({ timeout: 1500 }).then(() => true, () => false);
    });
    await this.page.locator(".editor-instance .view-line").first().waitFor();
  }

  /** Puts the cursor at a 1-based line and column. */
  async goto(line, column = 1) {
    await this.pick("Control+G", `:${line}:${column}`);
    await this.page.locator(".monaco-editor.focused").first().waitFor();
  }

  /** Puts the cursor at the first line of a file that starts with a text, as far as it is saved. */
  async gotoLine(file, start) {
    const line = this.read(file).split("\n").findIndex((text) => text.startsWith(start));
    assert(line >= 0, `${file} has no line that starts with ${start}`);
    await this.goto(line + 1);
  }

  /** Runs a command of the palette by its title; of one that asks something, `choice` is the entry to take. */
  async command(title, choice) {
    await this.pick("F1", `>${title}`, title, choice);
  }

  /**
   * Opens a quick input with a key, types into it, waits for an entry if one is named, and takes the first; then `choice` of
   * the one that opens next, if one does.
   */
  async pick(key, text, entry, choice) {
    await this.page.keyboard.press(key);
    const input = this.page.locator(".quick-input-widget input").first();
    await input.waitFor();
    await input.fill(text);
    if (entry) await this.page.locator(".quick-input-list .monaco-list-row", { hasText: entry }).first().waitFor();
    await this.page.keyboard.press("Enter");
    if (choice) await this.page.locator(".quick-input-list .monaco-list-row", { hasText: choice }).first().click();
    await input.waitFor({ state: "hidden" });
  }

  /** Waits for the extension's status bar item to say that it is in a state (the words of its tooltip). */
  async status(words) {
    await this.page.locator(`.statusbar-item[aria-label*="${words}"], .statusbar-item [aria-label*="${words}"]`).first().waitFor();
  }

  /** Waits for a squiggle of a severity: error, warning, info or hint. */
  async squiggle(severity) {
    await this.page.locator(`.monaco-editor .squiggly-${severity}`).first().waitFor({ state: "attached" });
  }

  async noSquiggle(severity) {
    await this.page.locator(`.monaco-editor .squiggly-${severity}`).first().waitFor({ state: "detached" });
  }

  /** The row of the Problems panel with a text. */
  async problem(text, timeout = WAIT_MS) {
    const panel = this.page.locator(".markers-panel");
    if (!(await panel.isVisible())) await this.page.keyboard.press("Control+Shift+M");
    const row = panel.locator(".monaco-list-row", { hasText: text }).first();
    await row.waitFor({ timeout });
    return row;
  }

  /** Goes to a problem as a person does, by a double click on its row. */
  async gotoProblem(text, timeout) {
    await (await this.problem(text, timeout)).dblclick();
    await this.page.locator(".monaco-editor.focused").first().waitFor();
  }

  /** Opens the quick fixes at the cursor and gives the row with a title. */
  async quickFix(title) {
    const row = this.page.locator(".action-widget .monaco-list-row", { hasText: title }).first();
    // A list that opens while lenses move the lines is closed again, and has to be asked for once more.
    await until(`the quick fix "${title}" is offered`, async () => {
      await this.page.keyboard.press("Control+.");
      return row.waitFor({ timeout: 3000 }).then(() => true, () => false);
    });
    return row;
  }

  /** Renames what the cursor is at, with F2, and waits until the files are written. */
  async rename(name, ...files) {
    await this.page.keyboard.press("F2");
    const input = this.page.locator(".rename-box input");
    await input.waitFor();
    await input.fill(name);
    await this.page.keyboard.press("Enter");
    for (const file of files) await until(`${name} is in ${file}`, () => this.read(file).includes(name));
  }

  lens(title) {
    return this.page.locator(".codelens-decoration a", { hasText: title });
  }

  notification(text) {
    return this.page.locator(".notifications-toasts .notification-list-item", { hasText: text });
  }

  /** The lines of the active editor that can be seen. */
  async visibleText() {
    const lines = await this.page.locator(".editor-instance .view-line").evaluateAll((elements) =>
      elements
        .map((element) => ({ top: Number.parseFloat(element.style.top), text: element.textContent }))
        .sort((one, other) => one.top - other.top)
        .map(({ text }) => text.replaceAll("\u00a0", " ")),
    );
    return lines.join("\n");
  }

  /** Waits until the visible lines hold a text. */
  async shows(text) {
    await until(`"${text}" is shown`, async () => (await this.visibleText()).includes(text));
  }

  /** Waits until they do not. */
  async showsNo(text) {
    await until(`"${text}" is no longer shown`, async () => !(await this.visibleText()).includes(text));
  }

  /** The colour of a word in the first visible line that has it behind another text. */
  async colour(before, word) {
    return this.page.locator(".editor-instance .view-line").evaluateAll(
      (lines, [before, word]) => {
        for (const line of lines) {
          const at = line.textContent.replaceAll("\u00a0", " ").indexOf(before + word);
          const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
          let end = 0;
          while (at >= 0 && walker.nextNode()) {
            end += walker.currentNode.length;
            if (end > at + before.length) return getComputedStyle(walker.currentNode.parentElement).color;
          }
        }
        return undefined;
      },
      [before, word],
    );
  }

  /** Process ids of the language servers of this VS Code. */
  servers() {
    const lines = execFileSync("ps", ["-eo", "pid=,pgid=,args="], { encoding: "utf8" }).trim().split("\n");
    return lines
      .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
      .filter((match) => Number(match[2]) === this.serverGroup && match[3].includes("-m adalang server"))
      .map((match) => Number(match[1]));
  }

  /** Restarts the language server; gives the id of the new process. */
  async restartServer() {
    const [before] = this.servers();
    await this.command("Adalang: Restart Server");
    await until("another server runs alone", () => this.servers().length === 1 && this.servers()[0] !== before);
    await this.status("Adalang: ready");
    return this.servers()[0];
  }

  /** Saves the active file and waits until it is no longer dirty. */
  async save() {
    await this.page.keyboard.press("Control+S");
    await this.page.locator(".tab.active:not(.dirty)").waitFor();
  }

  async screenshot(name) {
    if (!this.screenshots) return;
    mkdirSync(this.screenshots, { recursive: true });
    await this.page.screenshot({ path: path.join(this.screenshots, `${name}.png`) });
  }

  /** The lines of the extension's log that are errors: its own, and those of the server's answers. */
  loggedErrors() {
    const lines = this.#logFiles().flatMap((file) => readFileSync(file, "utf8").split("\n"));
    return lines.filter((line) => / \[error\] /.test(line)).map((line) => line.replace(/^.* \[error\] /, ""));
  }

  /** The tail of everything that was logged, for a failure's report. */
  logs() {
    const files = [path.join(this.profile.folder, "code-server.log"), ...this.#logFiles()];
    return files.map((file) => `--- ${path.basename(file)}\n${readFileSync(file, "utf8").slice(-4000)}`).join("\n");
  }

  #logFiles() {
    return globSync(path.join(this.profile.folder, "data/logs/**/*Adalang*.log"));
  }
}

/** Waits for something outside the page, such as a file's text. */
export async function until(what, condition, timeout = WAIT_MS) {
  const deadline = Date.now() + timeout;
  while (!(await condition())) {
    assert(Date.now() < deadline, `not within ${timeout / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function makeProfile(settings, machineSettings) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "adalang-e2e-"));
  for (const name of ["data/User", "data/Machine", "extensions", "home"]) mkdirSync(path.join(folder, name), { recursive: true });
  writeFileSync(path.join(folder, "data/User/settings.json"), JSON.stringify({ ...SETTINGS, ...settings }, null, 2));
  // In a remote window, which code-server's is, settings that name paths of the machine are read from here.
  writeFileSync(path.join(folder, "data/Machine/settings.json"), JSON.stringify(machineSettings, null, 2));
  const home = path.join(folder, "home");
  const env = {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, ".config"),
    XDG_DATA_HOME: path.join(home, ".local/share"),
    XDG_CACHE_HOME: path.join(home, ".cache"),
    XDG_RUNTIME_DIR: folder,
    SHELL: "/bin/bash",
    EXTENSIONS_GALLERY: "{}", // no gallery: nothing outside is asked
  };
  // What an editor around the tests, or a person's own code-server, would change.
  for (const name of Object.keys(env)) {
    if (/^(VSCODE_|CODE_SERVER|ELECTRON_|VITEST)|^(PASSWORD|HASHED_PASSWORD|GITHUB_TOKEN|PORT|NODE_OPTIONS)$/.test(name)) delete env[name];
  }
  return { folder, env, flags: ["--user-data-dir", path.join(folder, "data"), "--extensions-dir", path.join(folder, "extensions")] };
}

function installExtension({ env, flags }, vsix) {
  const result = spawnSync(process.execPath, [entry(), ...flags, "--install-extension", vsix, "--force"], {
    env,
    encoding: "utf8",
    timeout: 60_000,
  });
  const output = result.stdout + result.stderr;
  assert(result.status === 0 && output.includes("successfully installed"), `the extension was not installed: ${output}`);
}

async function startServer({ folder, env, flags }, extra) {
  const port = await freePort();
  const logFile = path.join(folder, "code-server.log");
  const out = openSync(logFile, "a");
  const child = spawn(
    process.execPath,
    [
      entry(), "--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--disable-telemetry", "--disable-update-check",
      "--disable-getting-started-override", "--disable-proxy", "--ignore-last-opened", ...flags, ...extra,
    ],
    { env, stdio: ["ignore", out, out], detached: true },
  );
  // Its own process group, so that extension hosts and language servers go with it.
  const kill = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // already gone
    }
  };
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    kill("SIGTERM");
    let timer;
    await Promise.race([gone, new Promise((resolve) => (timer = setTimeout(resolve, 3000)))]);
    clearTimeout(timer);
    kill("SIGKILL");
  };
  try {
    await until("code-server answers", async () => {
      assert(child.exitCode === null, `code-server ended: ${readFileSync(logFile, "utf8")}`);
      return fetch(`http://127.0.0.1:${port}/healthz`).then((answer) => answer.ok, () => false);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, group: child.pid, stop };
}

function entry() {
  const found = codeServer();
  assert(found, `code-server is not installed in ${HOME}: run scripts/setup-e2e.sh`);
  return found;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
