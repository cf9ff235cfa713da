import { expect, test } from "vitest";
import { missingIndentation } from "../src/closingFence";

const missing = (...lines: string[]) => missingIndentation((line) => lines[line], 0);

test("the closing quotes move in to where the text stands", () => {
  expect(missing('  param voice = """', "    ", '  """')).toBe("  ");
  expect(missing('  param voice = """', "    B", '  """')).toBe("  ");
  expect(missing('prompt a() = """"', "  ", '""""')).toBe("  ");
});

test("nothing else is ever touched", () => {
  expect(missing('  param voice = """', "    ", '    """')).toBeUndefined();
  expect(missing('  param voice = """', "", '  """')).toBeUndefined();
  expect(missing('  param voice = """', "    ", '  """"')).toBeUndefined();
  expect(missing('  param voice = """', "    ", '  """ and more')).toBeUndefined();
  expect(missing("  tools = [", "    ", "  ]")).toBeUndefined();
  expect(missing('  param voice = """', "    ")).toBeUndefined();
});
