import { expect, test, vi } from "vitest";

vi.mock("vscode-languageclient/node", () => ({})); // needs the editor itself

const { previewed } = await import("../src/pages");

test("a preview's path says which prompt of which file it shows", () => {
  expect(previewed("/preview/work/my prompts/a.adal/answer.md")).toEqual({ path: "/work/my prompts/a.adal", name: "answer" });
  expect(previewed("/preview/c:/work/a.adal/answer.md")).toEqual({ path: "/c:/work/a.adal", name: "answer" });
});

test("a graph is no preview", () => {
  expect(previewed("/graph/work/a.adal/answer.md")).toBeUndefined();
  expect(previewed("/preview/answer.md")).toBeUndefined();
});
