import { expect, test } from "vitest";
import { type Ask, type Input, inputsFor, rowLabel } from "../src/inputs";

const ticket: Input = { name: "ticket", type: "str", required: true, kind: "text", choices: [] };
const count: Input = { name: "count", type: "int[]", required: true, kind: "json", choices: [] };
const tone: Input = { name: "tone", type: "str", required: false, kind: "text", choices: [] };

function answering(...texts: (string | undefined)[]): Ask & { asked: string[]; mistakes: (string | undefined)[] } {
  const ask = async (input: Input, wrong: (text: string) => string | undefined) => {
    const text = texts[ask.asked.length];
    ask.asked.push(input.name);
    ask.mistakes.push(text === undefined ? undefined : wrong(text));
    return text;
  };
  ask.asked = [] as string[];
  ask.mistakes = [] as (string | undefined)[];
  return ask;
}

test("nobody is asked where the server has a row, or nothing is required", async () => {
  const ask = answering();
  expect(await inputsFor({ inputs: [ticket], eval: "e", rows: [{ ticket: "x" }] }, ask)).toBeNull();
  expect(await inputsFor({ inputs: [tone], eval: null, rows: [] }, ask)).toBeNull();
  expect(ask.asked).toEqual([]);
});

test("texts are taken as they are, other values as JSON", async () => {
  const ask = answering("5", "[1, 2]");
  const given = await inputsFor({ inputs: [ticket, tone, count], eval: null, rows: [] }, ask);
  expect(given).toEqual({ ticket: "5", count: [1, 2] });
  expect(ask.asked).toEqual(["ticket", "count"]);
});

test("a value that is no JSON is told, and giving up ends the asking", async () => {
  const ask = answering("[1,", undefined);
  await expect(inputsFor({ inputs: [count], eval: null, rows: [] }, ask)).rejects.toThrow();
  expect(ask.mistakes).toEqual(["int[] is written as JSON"]);
  const leaving = answering(undefined, "never");
  expect(await inputsFor({ inputs: [ticket, count], eval: null, rows: [] }, leaving)).toBeUndefined();
  expect(leaving.asked).toEqual(["ticket"]);
});

test("a row is told on one line, with names where there are several values", () => {
  expect(rowLabel({ ticket: "money\n was taken" })).toBe("money was taken");
  expect(rowLabel({ ticket: "x", scores: [1, null] })).toBe("ticket: x, scores: [1,null]");
});
