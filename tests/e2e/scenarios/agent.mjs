// What a model writes is seen while it writes; an agent that wants to call a tool asks first, goes on with the arguments as they
// were changed, takes a refusal, and its page goes away when the run is stopped. Its trace is a click away.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { log, until } from "../harness.mjs";
import { serve } from "../model.mjs";

export const workspace = "tests/e2e/workspaces/empty";
const FILE = "shop.adal";
const TOOLS = `\
def refund(order: str, amount: float) -> str:
    with open("paid.txt", "a") as paid:
        paid.write(f"{order} {amount}\\n")
    return f"refunded {amount} of {order}"
`;
let model;

export async function prepare(folder) {
  model = await serve();
  writeFileSync(path.join(folder, "tools.py"), TOOLS);
  writeFileSync(path.join(folder, "adalang.toml"), "");
  writeFileSync(
    path.join(folder, FILE),
    `\
# Finds what was ordered, and pays money back
agent desk(message: str) -> str {
  model = shop
  tools = [refund]
  max_steps = 4
}

# Pays money back
tool refund(order: str, amount: float) -> str = python("tools.py:refund") {
  approve = amount > 50
}

type Report = { title: str, lines: str[] }

prompt write(topic: str) -> str { model = shop, user = """{{ topic }}""" }

prompt list(topic: str) -> Report { model = shop, user = """{{ topic }}""" }

model shop = "openai/test" {
  api_base = "${model.url}"
  api_key = env("E2E_KEY")
}
`,
  );
  process.env.E2E_KEY = "nothing-secret";
}

export default async function ({ vscode, picture }) {
  const paid = () => (existsSync(path.join(vscode.workspace, "paid.txt")) ? readFileSync(path.join(vscode.workspace, "paid.txt"), "utf8") : "");
  const answers = vscode.page.locator(".part.panel .view-lines");
  const shows = (text) => until(`the run view shows "${text}"`, async () => (await answers.innerText()).replaceAll("\u00a0", " ").includes(text));

  try {
    await vscode.open(FILE);
    await vscode.status("Adalang: ready");

    await run(vscode, "write", "lamps");
    const text = await model.asked();
    text.text("Lamps give ");
    await shows("Lamps give");
    text.text("light.");
    await shows("Lamps give light.");
    text.end();
    await vscode.notification("write: Lamps give light.").waitFor();
    log("a text is seen while it is written");

    await run(vscode, "list", "lamps");
    const value = await model.asked();
    value.text('{"title": "Lamps", "lines": ["one');
    await shows('"one"');
    value.text('", "two"]}');
    await shows('"two"');
    value.end();
    await vscode.notification('list: {"title"').waitFor();
    await vscode.screenshot("1-streamed");
    log("a value is seen while it is written");

    // The agent's lens asks for its input; its call of the tool is changed, wrongly at first.
    const page = vscode.page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
    await vscode.lens("Run").first().click();
    await answer(vscode, "message", "L-1 is broken");
    (await asks(model)).end();
    await page.getByRole("heading", { name: "refund needs your approval asked by desk" }).waitFor();
    assert.equal(await page.getByLabel("order").inputValue(), "L-1");
    assert.equal(await page.getByLabel("amount").inputValue(), "80");
    assert.equal(paid(), "", "nothing is paid before a person agrees");
    await vscode.screenshot("2-asked");
    await picture("approval.png");
    await page.getByLabel("amount").fill("much");
    await page.getByRole("button", { name: "Approve with Changes" }).click();
    await page.getByText("takes a number, such as 12.5").waitFor();
    await page.getByLabel("amount").fill('"much"');
    await page.getByRole("button", { name: "Approve with Changes" }).click();
    await page.getByText("is a text, not float").waitFor();
    await vscode.screenshot("3-wrong");
    await page.getByLabel("amount").fill("60.5");
    await page.getByRole("button", { name: "Approve with Changes" }).click();
    const after = await model.asked();
    assert.match(JSON.stringify(after.body.messages), /refunded 60.5 of L-1/);
    assert.equal(paid(), "L-1 60.5\n");
    after.text("Done.");
    after.end();
    const done = vscode.notification("desk: Done.");
    await done.waitFor();
    await done.getByRole("button", { name: "Open Trace" }).click();
    await page.locator("body", { hasText: "refund" }).waitFor();
    await vscode.screenshot("4-trace");
    await vscode.page.keyboard.press("Control+F4");
    log("changed arguments are what the tool is called with, and the trace is a click away");

    await run(vscode, "desk", "L-2 is broken");
    (await asks(model)).end();
    await page.getByLabel("Why not?").fill("too much");
    await page.getByRole("button", { name: "Refuse" }).click();
    const refused = await model.asked();
    assert.match(JSON.stringify(refused.body.messages), /not approved: too much/);
    refused.text("Sorry.");
    refused.end();
    await vscode.notification("desk: Sorry.").waitFor();
    log("a refusal and its reason are what the agent hears");

    await run(vscode, "desk", "L-3 is broken");
    (await asks(model)).end();
    const tab = vscode.page.locator(".tab", { hasText: "Approve refund?" });
    await tab.waitFor();
    await tab.locator(".tab-actions a").first().click();
    const closed = await model.asked();
    assert.match(JSON.stringify(closed.body.messages), /not approved/);
    closed.text("Goodbye.");
    closed.end();
    await vscode.notification("desk: Goodbye.").waitFor();

    await run(vscode, "desk", "L-4 is broken");
    (await asks(model)).end();
    await tab.waitFor();
    await vscode.open(FILE); // the page, which has the focus, keeps the keys
    await vscode.command("Adalang: Cancel Running Work");
    await tab.waitFor({ state: "detached" });
    assert.equal(paid(), "L-1 60.5\n", "what was refused, closed and stopped is not paid");
    await vscode.screenshot("5-stopped");
    assert.deepEqual(vscode.outsideRequests, []);
  } finally {
    model.close();
  }
}

/** The next request, whose answer calls the tool with what is in the message. */
async function asks(model) {
  const step = await model.asked();
  step.call("refund", { order: /L-\d/.exec(JSON.stringify(step.body.messages.at(-1)))[0], amount: 80 });
  return step;
}

async function run(vscode, name, input) {
  await vscode.open(FILE);
  await vscode.page.keyboard.press("F1");
  const box = vscode.page.locator(".quick-input-widget input").first();
  await box.fill(">Adalang: Run a Component");
  await vscode.page.locator(".quick-input-list .monaco-list-row", { hasText: "Run a Component" }).first().waitFor();
  await vscode.page.keyboard.press("Enter");
  await vscode.page.locator(".quick-input-list .monaco-list-row", { hasText: name }).first().click();
  await answer(vscode, undefined, input);
}

/** Gives the input that is asked for. */
async function answer(vscode, name, text) {
  const widget = vscode.page.locator(".quick-input-widget");
  await widget.locator(".quick-input-message", { hasText: "without quotes" }).waitFor();
  if (name) await widget.locator(".quick-input-title", { hasText: name }).waitFor();
  await widget.locator("input").first().fill(text);
  await vscode.page.keyboard.press("Enter");
}
