// Takes the place of VS Code's native logging module, which would have to be compiled, in the code-server of the
// end-to-end tests: log files and the Output panel work as they do for a user. (Set-up: scripts/setup-e2e.sh)
const fs = require("node:fs");
const path = require("node:path");

const LEVELS = ["trace", "debug", "info", "warning", "error", "critical"];

class Logger {
  constructor(file) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    this.file = file;
    this.level = 2;
    this.raw = false;
  }

  getLevel() {
    return this.level;
  }

  setLevel(level) {
    this.level = level;
  }

  // The Output panel's channels write whole lines of their own, without a pattern.
  clearFormatters() {
    this.raw = true;
  }

  setPattern() {}
  flush() {}
  drop() {}

  write(level, message) {
    if (level < this.level) return;
    const line = this.raw ? message : `${new Date().toISOString().slice(0, -1).replace("T", " ")} [${LEVELS[level]}] ${message}\n`;
    fs.appendFileSync(this.file, line);
  }
}

for (const [level, name] of Object.entries({ 0: "trace", 1: "debug", 2: "info", 3: "warn", 4: "error", 5: "critical" })) {
  Logger.prototype[name] = function (message) {
    this.write(Number(level), message);
  };
}

const create = async (_name, file) => new Logger(file);

// Assigned one by one: only so does Node.js see the names when an ES module imports this file.
exports.version = 0;
exports.Logger = Logger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
