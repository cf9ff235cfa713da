import { expect, test } from "vitest";
import { approvalPage, type Asked, verdictOf } from "../src/approvalPage";

const asked: Asked = {
  tool: "refund",
  asked_by: "helper",
  arguments: [
    { name: "order", type: "str", text: "7", unseen: [] },
    { name: "amount", type: "float", text: "60.0", unseen: [] },
  ],
  problem: "",
};

test("the page shows the tool, who wants the call, and each argument with its type", () => {
  const page = approvalPage(asked, "n0nce");
  expect(page).toContain("<code>refund</code> needs your approval");
  expect(page).toContain("asked by <code>helper</code>");
  expect(page).toContain('<span class="type">float</span>');
  expect(page).toMatch(/<textarea name="amount"[^>]*>\n60\.0<\/textarea>/);
  expect(page).not.toContain('role="alert"');
  expect(approvalPage({ ...asked, problem: "`amount` is a text, not float" }, "n")).toContain(
    '<p class="problem" role="alert">`amount` is a text, not float</p>',
  );
});

test("what a model wrote is text, never markup, and only the page's own script runs", () => {
  const evil = '</textarea><script>alert(1)</script><img src=x onerror="go()">';
  const page = approvalPage({ tool: evil, asked_by: evil, problem: evil, arguments: [{ name: evil, type: evil, text: evil, unseen: [evil] }] }, "n0nce");
  expect(page).not.toContain("<img");
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page.match(/<\/textarea>/g)).toHaveLength(1);
  expect(page).toContain("default-src 'none'; style-src 'nonce-n0nce'; script-src 'nonce-n0nce'");
});

test("a text keeps the line end that it begins with, and tells what cannot be seen", () => {
  const page = approvalPage({ ...asked, arguments: [{ name: "to", type: "str", text: "\na\u202e", unseen: ["U+202E"] }] }, "n");
  expect(page).toContain(">\n\na\u202e</textarea>");
  expect(page).toContain("holds characters that are not shown: U+202E");
});

test.each([undefined, null, "yes", 1, [], {}, { approved: "true" }, { approved: 1 }])("%o is a no", (message) => {
  expect(verdictOf(message).approved).toBe(false);
});

test("a yes carries the changed texts, a no its reason", () => {
  expect(verdictOf({ approved: true })).toEqual({ approved: true, changed: {} });
  expect(verdictOf({ approved: true, changed: { amount: "5", order: 7 } })).toEqual({ approved: true, changed: { amount: "5" } });
  expect(verdictOf({ approved: false, note: "too much" })).toEqual({ approved: false, note: "too much" });
});
