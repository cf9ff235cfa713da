import { expect, test } from "vitest";
import { Answers } from "../src/answers";

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
  answers.tell({ component: "reply", text: "It is" });
  answers.tell({ component: "reply", text: " so." });
  expect(shown).toEqual({ text: "reply:\nIt is so.", times: 1 });
  answers.tell({ component: "reply", value: "It is so.", done: true });
  answers.tell({ component: "sort", value: { kind: "a" } });
  answers.tell({ component: "sort", value: { kind: "a", tags: [] }, done: true });
  expect(shown.text).toBe('reply:\nIt is so.\n\nsort:\n{\n  "kind": "a",\n  "tags": []\n}\n\n');
});

test("a restart takes back what was shown", () => {
  const { answers, shown } = channel();
  answers.tell({ component: "reply", text: "It was" });
  answers.tell({ component: "reply", text: "It", restart: true });
  expect(shown.text).toBe("reply:\nIt");
});

test("runs at the same time keep apart, and what never ends is left as it is", () => {
  const { answers, shown } = channel();
  answers.tell({ component: "a", text: "one" });
  answers.tell({ component: "b", text: "two" });
  answers.tell({ component: "a", text: " more" });
  expect(shown.text).toBe("a:\none more\n\nb:\ntwo");
  answers.stop();
  answers.tell({ component: "b", value: "new", done: true });
  expect(shown.text).toBe("a:\none more…\n\nb:\ntwo…\n\nb:\nnew\n\n");
});
