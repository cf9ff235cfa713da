#!/bin/sh
# Checks that what is generated fits the grammar, and runs the corpus: check.sh [TREE-SITTER]
# TREE-SITTER is the CLI's path, version 0.26 (default: tree-sitter on the PATH).
set -eu
cli=$(command -v "${1:-tree-sitter}") || {
  echo "no tree-sitter CLI found: check.sh PATH" >&2
  exit 1
}
case $cli in /*) ;; *) cli=$PWD/$cli ;; esac
here=$(cd "$(dirname "$0")" && pwd)
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

cp "$here/grammar.js" "$here/tree-sitter.json" "$fresh"
(cd "$fresh" && "$cli" generate)
for file in parser.c grammar.json node-types.json tree_sitter; do
  diff -r -q "$fresh/src/$file" "$here/src/$file" || {
    echo "src/$file is not what grammar.js generates: run 'tree-sitter generate' here and check the result in" >&2
    exit 1
  }
done
cd "$here" && "$cli" test
