/** The manifest and what is written about it elsewhere. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
const { contributes } = JSON.parse(read("package.json"));
const readme = read("README.md");
const commands: { command: string; title: string }[] = contributes.commands;

test("the page of the extension explains every command and every setting", () => {
  const settings = Object.keys(contributes.configuration.properties);
  expect(commands.map(({ title }) => title).filter((title) => !readme.includes(`*${title}*`))).toEqual([]);
  expect(settings.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

test("the page of the extension names every key", () => {
  const keys: string[] = contributes.keybindings.map(({ key }: { key: string }) => key);
  const written = readme.toLowerCase().replaceAll(" ", "");
  expect(keys.filter((key) => !written.includes(`\`${key}\``))).toEqual([]);
});

test("menus and keys name commands that there are", () => {
  const declared = new Set(commands.map(({ command }) => command));
  const used = [...Object.values<{ command?: string }[]>(contributes.menus).flat(), ...contributes.keybindings];
  expect(used.flatMap(({ command }) => command ?? []).filter((command) => !declared.has(command))).toEqual([]);
});

test("every command of an .adal file stands in the palette only where one is open", () => {
  const guarded = new Set(contributes.menus.commandPalette.map(({ command }: { command: string }) => command));
  const anywhere = commands.map(({ command }) => command).filter((command) => !guarded.has(command));
  expect(anywhere).toEqual(
    ["explainProposal", "applyProposal", "dismissProposal", "cancel", "restartServer", "showLog", "showServerInfo", "installServer"].map(
      (name) => `adalang.${name}`,
    ),
  );
});
