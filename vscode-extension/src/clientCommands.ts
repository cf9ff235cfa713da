/**
 * Commands that the server puts into its lenses and only an editor can carry out, and what the server may ask of this one. The
 * server is told of them, so that it names no other.
 */
import * as vscode from "vscode";
import type { ClientCapabilities, Location, Position, Range, StaticFeature } from "vscode-languageclient";

const COMMANDS: Readonly<Record<string, (...args: never[]) => Thenable<unknown>>> = {
  "adalang.showReferences": (uri: string, position: Position, places: readonly Location[]) =>
    vscode.commands.executeCommand(
      "editor.action.showReferences",
      vscode.Uri.parse(uri),
      asPosition(position),
      places.map((place) => new vscode.Location(vscode.Uri.parse(place.uri), asRange(place.range))),
    ),
};

export function registerClientCommands(): vscode.Disposable[] {
  return Object.entries(COMMANDS).map(([name, handler]) => vscode.commands.registerCommand(name, handler));
}

/** Tells the server at its start which commands there are. */
export const clientCommands: StaticFeature = {
  fillClientCapabilities: (capabilities: ClientCapabilities) => {
    capabilities.experimental = {
      ...capabilities.experimental,
      answers: true,
      commands: [...Object.keys(COMMANDS), "adalang.openTrace"],
      requests: ["adalang/approve"],
    };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

function asPosition({ line, character }: Position): vscode.Position {
  return new vscode.Position(line, character);
}

function asRange({ start, end }: Range): vscode.Range {
  return new vscode.Range(asPosition(start), asPosition(end));
}
