// Bundles the extension into dist/. `--watch` rebuilds at each change, `--minify` is for packaging.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { context } from "esbuild";

const minify = process.argv.includes("--minify");

const build = await context({
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  platform: "node",
  target: "node22",
  format: "cjs",
  external: ["vscode"],
  legalComments: "none", // dist/THIRD_PARTY_NOTICES.txt has the licences whole
  metafile: true,
  minify,
  sourcemap: minify ? false : "linked",
  logLevel: "warning",
});
if (process.argv.includes("--watch")) {
  await build.watch();
} else {
  const { metafile } = await build.rebuild();
  await build.dispose();
  writeFileSync("dist/THIRD_PARTY_NOTICES.txt", notices(Object.keys(metafile.inputs)));
}

/** The licences of the packages whose files went into the bundle. */
function notices(files) {
  const folders = new Set(files.map((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean));
  return [...folders].sort().map(notice).join("\n");
}

function notice(folder) {
  const { name, version } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} comes without a licence text`);
  return `${name} ${version}\n\n${readFileSync(path.join(folder, file), "utf8").trim()}\n\n${"-".repeat(80)}\n`;
}
