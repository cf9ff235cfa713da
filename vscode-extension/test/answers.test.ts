import { expect, test } from "vitest";
import { Answers, told } from "../src/answers";

function channel() {
  const shown = { text: "", times: 0 };
  const answers = new Answers({
    append: (text) => void (shown.text += text),
    replace: (text) => void (shown.text = text),
    show: () => void (shown.times += 1),
  });
  return { answers, shown };
}

test("a text grows where it stands, and the next run stands below it", () => {
  const { answers, shown } = channel();
  answers.tell({ id: "reply", component: "reply", text: "It is" });
  answers.tell({ id: "reply", component: "reply", text: " so." });
  expect(shown).toEqual({ text: "reply:\nIt is so.", times: 1 });
  answers.tell({ id: "reply", component: "reply", value: "It is so.", done: true });
  answers.tell({ id: "sort", component: "sort", value: { kind: "a" } });
  answers.tell({ id: "sort", component: "sort", value: { kind: "a", tags: [] }, done: true });
  expect(shown.text).toBe('reply:\nIt is so.\n\nsort:\n{\n  "kind": "a",\n  "tags": []\n}\n\n');
});

test("a restart takes back what was shown", () => {
  const { answers, shown } = channel();
  answers.tell({ id: "reply", component: "reply", text: "It was" });
  answers.tell({ id: "reply", component: "reply", text: "It", restart: true });
  expect(shown.text).toBe("reply:\nIt");
});

test("runs at the same time keep apart, and what never ends is left as it is", () => {
  const { answers, shown } = channel();
  answers.tell({ id: "a", component: "a", text: "one" });
  answers.tell({ id: "b", component: "b", text: "two" });
  answers.tell({ id: "a", component: "a", text: " more" });
  expect(shown.text).toBe("a:\none more\n\nb:\ntwo");
  answers.stop();
  answers.tell({ id: "b", component: "b", value: "new", done: true });
  expect(shown.text).toBe("a:\none more…\n\nb:\ntwo…\n\nb:\nnew\n\n");
});

test("a run that gives no answer says why, and the next one of its component begins anew", () => {
  const { answers, shown } = channel();
  answers.tell({ id: "1", component: "reply", text: "It is" });
  answers.tell({ id: "1", component: "reply", done: true, error: "stopped" });
  answers.tell({ id: "2", component: "reply", text: "So" });
  answers.tell({ id: "3", component: "reply", text: "Or" });
  expect(shown.text).toBe("reply:\nIt is…\n(no answer: stopped)\n\nreply:\nSo\n\nreply:\nOr");
});

test("a long answer is told shortly", () => {
  expect(told({ id: "1", component: "sort", value: { kind: "a" } })).toBe('sort: {"kind":"a"}');
  expect(told({ id: "1", component: "reply", value: "x".repeat(400) })).toBe(`reply: ${"x".repeat(299)}…`);
});
