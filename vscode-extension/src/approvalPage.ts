/** The page that asks whether a tool may be called. What it shows comes from a model: all of it is text, none is markup. */

/** What the server asks about a call that waits. */
export interface Asked {
  readonly tool: string;
  /** The component that wants the call; "" for a tool that is run by itself. */
  readonly asked_by: string;
  readonly arguments: readonly Argument[];
  /** What is wrong with the arguments as the user changed them; "" the first time. */
  readonly problem: string;
}

export interface Argument {
  readonly name: string;
  readonly type: string;
  /** As the user edits it: a `str` as it is, any other value as JSON. */
  readonly text: string;
  /** Characters of the text that cannot be seen, such as U+202E. */
  readonly unseen: readonly string[];
}

/** What the user says: the texts that were changed, by name, and why not. */
export interface Verdict {
  readonly approved: boolean;
  readonly changed?: Readonly<Record<string, string>>;
  readonly note?: string;
}

export const REFUSED: Verdict = { approved: false };

/** A message of the page; whatever is no such message is a no. */
export function verdictOf(message: unknown): Verdict {
  if (typeof message !== "object" || message === null) return REFUSED;
  const { approved, changed, note } = message as Partial<Record<keyof Verdict, unknown>>;
  if (approved !== true) return { approved: false, note: typeof note === "string" ? note : "" };
  const texts = Object.entries(changed ?? {}).filter((pair): pair is [string, string] => typeof pair[1] === "string");
  return { approved: true, changed: Object.fromEntries(texts) };
}

/** `nonce` is a word that nobody can guess: only the style and the script that carry it are used. */
export function approvalPage({ tool, asked_by, arguments: given, problem }: Asked, nonce: string): string {
  const by = asked_by ? ` <span class="by">asked by <code>${escaped(asked_by)}</code></span>` : "";
  const wrong = problem ? `<p class="problem" role="alert">${escaped(problem)}</p>` : "";
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<title>${escaped(tool)}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<h1><code>${escaped(tool)}</code> needs your approval${by}</h1>
<p>It is called with these arguments, which you may change, or not at all. Closing this page refuses the call.</p>
${wrong}
<form>
${given.map(field).join("\n")}
<label class="note">Why not? <span class="type">optional, told to who asked</span><input id="note" autocomplete="off"></label>
<div class="buttons"><button type="submit" id="approve">Approve</button><button type="button" id="refuse">Refuse</button></div>
</form>
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>`;
}

function field({ name, type, text, unseen }: Argument): string {
  const rows = Math.min(12, Math.max(1, text.split("\n").length, Math.ceil(text.length / 80)));
  const hidden = unseen.length > 0 ? `<span class="problem">holds characters that are not shown: ${escaped(unseen.join(", "))}</span>` : "";
  // The line end behind the tag is not part of the text: without it, one that the text begins with would be lost.
  return `<label>${escaped(name)} <span class="type">${escaped(type)}</span>${hidden}
<textarea name="${escaped(name)}" rows="${rows}" spellcheck="false" dir="ltr">
${escaped(text)}</textarea></label>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => ENTITIES[one] ?? one);
}

const STYLE = `
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem; color: var(--vscode-foreground); font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); line-height: 1.5; }
h1 { font-size: 1.4em; font-weight: 600; }
code, textarea { font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); }
.by, .type { color: var(--vscode-descriptionForeground); font-weight: normal; font-size: var(--vscode-font-size); }
.problem { color: var(--vscode-errorForeground); }
label { display: block; margin-top: 1rem; font-weight: 600; }
label .problem { margin-left: .5rem; font-weight: normal; }
textarea, input { display: block; box-sizing: border-box; width: 100%; margin-top: .25rem; padding: .4rem .5rem; resize: vertical; color: var(--vscode-input-foreground); background: var(--vscode-input-background); border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent)); border-radius: 2px; font-weight: normal; }
textarea.changed { border-color: var(--vscode-inputValidation-warningBorder, var(--vscode-focusBorder)); }
:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 1px; }
.note { font-weight: normal; }
.buttons { display: flex; gap: .5rem; margin-top: 1.5rem; }
button { padding: .4rem 1rem; font: inherit; cursor: pointer; border: 1px solid var(--vscode-button-border, transparent); border-radius: 2px; color: var(--vscode-button-foreground); background: var(--vscode-button-background); }
button:hover { background: var(--vscode-button-hoverBackground); }
#refuse { color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground); }
#refuse:hover { background: var(--vscode-button-secondaryHoverBackground); }
`;

// Nothing has the focus at first: what was typed elsewhere must neither approve nor change anything.
const SCRIPT = `
const vscode = acquireVsCodeApi();
const fields = [...document.querySelectorAll("textarea")];
const changed = () => fields.filter((one) => one.value !== one.defaultValue);
document.addEventListener("input", () => {
  for (const one of fields) one.classList.toggle("changed", one.value !== one.defaultValue);
  document.getElementById("approve").textContent = changed().length > 0 ? "Approve with Changes" : "Approve";
});
document.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  vscode.postMessage({ approved: true, changed: Object.fromEntries(changed().map((one) => [one.name, one.value])) });
});
document.getElementById("refuse").addEventListener("click", () =>
  vscode.postMessage({ approved: false, note: document.getElementById("note").value }));
`;
