/**
 * The TextMate grammar, shown by fixtures: in test/fixtures/*.adal a line `#   ^^^ scope` under a line of code says that the
 * characters above the carets have that scope, `#   ^^^ !scope` that they have not. Those lines are taken out before the
 * rest is tokenized.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";
import { beforeAll, describe, expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "..");
const FIXTURES = path.join(import.meta.dirname, "fixtures");

let grammar: textmate.IGrammar;

beforeAll(async () => {
  const wasm = createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm");
  await oniguruma.loadWASM({ data: readFileSync(wasm) });
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () =>
      textmate.parseRawGrammar(readFileSync(path.join(ROOT, "syntaxes/adal.tmLanguage.json"), "utf8"), "adal.json"),
  });
  const loaded = await registry.loadGrammar("source.adal");
  if (!loaded) throw new Error("the grammar did not load");
  grammar = loaded;
});

/** The scopes of every character of every line. */
function scopes(lines: readonly string[]): string[][][] {
  let state: textmate.StateStack = textmate.INITIAL;
  return lines.map((line) => {
    const result = grammar.tokenizeLine(line, state);
    state = result.ruleStack;
    return result.tokens.flatMap((token) =>
      Array.from({ length: token.endIndex - token.startIndex }, () => token.scopes.slice(1)),
    );
  });
}

interface Expectation {
  readonly line: number;
  readonly from: number;
  readonly to: number;
  readonly scope: string;
  readonly absent: boolean;
}

function readFixture(file: string): { code: string[]; expectations: Expectation[] } {
  const code: string[] = [];
  const expectations: Expectation[] = [];
  for (const line of readFileSync(path.join(FIXTURES, file), "utf8").trimEnd().split("\n")) {
    const mark = /^#\s*(\^+)\s+(!?)(\S+)$/.exec(line);
    if (!mark) {
      code.push(line);
      continue;
    }
    const from = line.indexOf("^");
    expectations.push({
      line: code.length - 1,
      from,
      to: from + (mark[1] ?? "").length,
      scope: mark[3] ?? "",
      absent: mark[2] === "!",
    });
  }
  return { code, expectations };
}

describe.each(readdirSync(FIXTURES))("%s", (file) => {
  const { code, expectations } = readFixture(file);

  test.each(expectations.map((one) => [`${code[one.line]?.slice(one.from, one.to)} ${one.absent ? "is not" : "is"} ${one.scope}`, one] as const))(
    "%s",
    (_, { line, from, to, scope, absent }) => {
      const found = scopes(code)[line]?.slice(from, to) ?? [];
      expect(found).toHaveLength(to - from);
      for (const character of found) {
        if (absent) expect(character).not.toContain(scope);
        else expect(character).toContain(scope);
      }
    },
  );
});

test("an unclosed text, bracket or tag never reaches the next declaration", () => {
  const openings = [
    'param a = """',
    'param a = """"\n  text',
    'prompt a(q: str) = """\n  {{ q',
    'prompt a(q: str) = """\n  {% for',
    'prompt a(q: str) = """\n  {# note',
    'prompt a(q: str) = """\n  {% raw %} {{',
    "prompt a(q: str",
    'prompt a(q: str) { user = """{{ q',
    'model a = "x',
    "dataset a = [ { x = ",
    "type A = {",
    "pipeline a() { x = match y {",
  ];
  for (const opening of openings) {
    const lines = `${opening}\nmodel next = "builtin/lexical"`.split("\n");
    const last = scopes(lines).at(-1) ?? [];
    expect(last[0], opening).toEqual(["storage.type.adal"]);
    expect(last[6], opening).toEqual(["variable.other.constant.adal"]);
  }
});

test("every declaration has a snippet", () => {
  const snippets = JSON.parse(readFileSync(path.join(ROOT, "snippets/adal.json"), "utf8")) as Record<string, { body: string[] }>;
  const keywords = Object.values(snippets).map(({ body }) => /^\w+/.exec(body[0] ?? "")?.[0]);
  for (const keyword of "import model type param prompt retriever tool agent pipeline dataset eval optimize".split(" ")) {
    expect(keywords).toContain(keyword);
  }
});
