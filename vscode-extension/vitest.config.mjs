import { defineConfig } from "vitest/config";

// `vscode` exists only inside the editor: here it is an empty stand-in.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    alias: { vscode: new URL("test/vscode.ts", import.meta.url).pathname },
  },
});
