# Daily commands. `just` comes with the development environment: uv sync; . .venv/bin/activate

export PATH := justfile_directory() / ".venv/bin:" + env("PATH")

[private]
default:
    @just --list --unsorted

# Style, types, import contracts, generated files
check:
    ruff check
    ruff format --check
    mypy
    lint-imports
    python scripts/generate_schemas.py --check
    python scripts/generate_lsp_types.py --check
    python scripts/generate_methods.py --check
    python scripts/generate_docs.py --check
    python scripts/generate_reference.py --check

# The Python tests; arguments go to pytest
test *arguments:
    pytest -q -n auto --dist loadgroup --ignore tests/e2e {{ arguments }}

# Format Python and the examples
fmt:
    ruff check --fix --quiet || true
    ruff format
    adalang fmt examples server/adalang/cli/starter

# Generate the parser from grammar.js and run the corpus; needs the tree-sitter command, version 0.26
grammar:
    cd prompts-schema/tree-sitter-adal && tree-sitter generate && ./check.sh

# Write generated pages and schemas anew
docs:
    python scripts/generate_schemas.py
    python scripts/generate_docs.py
    python scripts/generate_methods.py
    python scripts/generate_reference.py

# The extension and the language server in a real VS Code
e2e *arguments:
    scripts/setup-e2e.sh
    ADALANG_E2E=1 pytest -q -n0 tests/e2e {{ arguments }}

# Everything, as CI does
all:
    scripts/test
