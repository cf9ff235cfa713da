import { expect, test } from "vitest";
import { type Evaluated, evalsIn, failingRows, goalMissed } from "../src/evals";

const FOUND: Evaluated = {
  void: false,
  score: 0.5,
  goal: null,
  goal_missed: false,
  n: 2,
  failing: [
    { id: "t1", sample: 0, score: 0, reason: "", error: "", output: { a: 1 }, expected: { a: 2 }, run: "r1" },
    { id: "t2", sample: 1, score: null, reason: "", error: "refused", output: null, expected: "x", run: "" },
  ],
};

test("the evals of a text are those declared at column 0", () => {
  const text = "# eval none\r\neval one of a {\r\n}\n  eval not of b\neval  two of c { }\nevaluate = 1";
  expect(evalsIn(text)).toEqual([
    { name: "one", line: 1, column: 5 },
    { name: "two", line: 4, column: 6 },
  ]);
});

test("a failing row says what was expected, or why there is no answer", () => {
  expect(failingRows(FOUND)).toEqual([
    { id: "r1", run: "r1", label: "row t1", score: "0%", message: 'expected {"a":2}, got {"a":1}', expected: '{"a":2}', actual: '{"a":1}' },
    { id: "t2/1", run: "", label: "row t2, sample 2", score: "no answer", message: "refused", expected: undefined, actual: undefined },
  ]);
});

test("an eval passes by its goal, and without one when no row failed", () => {
  expect(goalMissed(FOUND)).toBe("50.0% on 2 examples");
  expect(goalMissed({ ...FOUND, goal: 0.6, goal_missed: true })).toBe("50.0% on 2 examples; the goal is 60.0%");
  expect(goalMissed({ ...FOUND, goal: 0.4 })).toBeUndefined();
  expect(goalMissed({ ...FOUND, failing: [], score: 1 })).toBeUndefined();
  expect(goalMissed({ ...FOUND, void: true })).toMatch("Too many calls");
  expect(goalMissed({ ...FOUND, score: null })).toBe("Nothing could be scored.");
});
