import { expect, test } from "vitest";
import { targetAt, targets } from "../src/targets";

const FILE = `model fast = "builtin/lexical"
prompt classify(text: str) = "{{ text }}"
eval routing of classify {
  data = rows
}
eval quality of classify { data = rows }
optimize routing
`.split("\n");

const symbol = (name: string, first: number, last = first) => ({
  name,
  detail: "",
  range: { start: { line: first }, end: { line: last } },
  selectionRange: { start: { line: first } },
});
const SYMBOLS = [symbol("optimize", 6), symbol("quality", 5), symbol("routing", 2, 4), symbol("classify", 1), symbol("fast", 0)];

const names = (cursor: number, verb: "run" | "evaluate" | "optimize") =>
  targets(SYMBOLS, (line) => FILE[line] ?? "", cursor, verb).map(({ name }) => name);

test("each verb finds its declarations in the order of the file", () => {
  expect(names(0, "run")).toEqual(["classify"]);
  expect(names(0, "evaluate")).toEqual(["routing", "quality"]);
  expect(names(0, "optimize")).toEqual(["routing", "quality"]);
});

test("documentation above and line ends inside a declaration's head do not hide it", () => {
  const lines = ["# What it is for", "prompt", "  far(text: str) = "];
  const far = { ...symbol("far", 0, 2), selectionRange: { start: { line: 2 } } };
  expect(targets([far], (line) => lines[line] ?? "", 0, "run").map(({ name }) => name)).toEqual(["far"]);
});

test("the one at the cursor comes first", () => {
  expect(names(5, "evaluate")).toEqual(["quality", "routing"]);
  expect(names(3, "evaluate")).toEqual(["routing", "quality"]);
});

test("a preview means the prompt at the cursor, and asks elsewhere", () => {
  const lineAt = (line: number) => FILE[line] ?? "";
  expect(targetAt(SYMBOLS, lineAt, 1, "preview")?.name).toBe("classify");
  expect(targetAt(SYMBOLS, lineAt, 5, "preview")).toBeUndefined();
});
