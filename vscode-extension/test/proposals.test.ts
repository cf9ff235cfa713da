import { expect, test } from "vitest";
import { openProposals } from "../src/proposals";

const mark = (id: string) => ({ code: "proposal", message: `Proposed edit ${id}`, data: { proposal: id } });
const other = { code: { value: "ADL101" }, message: "unknown name", data: { proposal: "no" } };

test("each proposal is offered once, those of the file that is looked at first", () => {
  const marks = [
    ["file:///a.adal", [mark("1"), other, mark("2"), mark("1")]],
    ["file:///b.adal", [mark("2"), mark("3")]],
  ] as const;
  expect(openProposals(marks).map(({ id }) => id)).toEqual(["1", "2", "3"]);
  expect(openProposals(marks, "file:///b.adal")).toEqual([
    { id: "2", message: "Proposed edit 2", file: "file:///b.adal" },
    { id: "3", message: "Proposed edit 3", file: "file:///b.adal" },
    { id: "1", message: "Proposed edit 1", file: "file:///a.adal" },
  ]);
});

test("a mark that names no proposal is none", () => {
  expect(openProposals([["file:///a.adal", [{ code: "proposal", message: "", data: null }, { code: "proposal", message: "" }]]])).toEqual([]);
});
