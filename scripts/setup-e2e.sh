#!/usr/bin/env bash
# Installs what the end-to-end tests need, besides `uv sync`: Chromium, code-server (VS Code in a browser) and the
# extension's npm packages. Idempotent: what is there in the right version is left alone.
#
#     scripts/setup-e2e.sh
#
# code-server goes to $ADALANG_E2E_HOME (default ${XDG_CACHE_HOME:-$HOME/.cache}/adalang-e2e), never into the clone.
# No compiler is needed: npm's install scripts are not run, and nothing that needs them is used.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/node-env.sh

CODE_SERVER=4.139.1

say() { printf 'setup-e2e: %s\n' "$*"; }

npm_install() { npm "$1" --silent --ignore-scripts --no-audit --no-fund "${@:2}"; }

install_chromium() {
    if command -v chromium >/dev/null; then return; fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then as_root=(sudo --non-interactive); fi
    if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
        say "Chromium is missing, and this user cannot install it. Install the package 'chromium', then run this again." >&2
        exit 1
    fi
    say "installing Chromium"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
}

install_code_server() {
    local home="$ADALANG_E2E_HOME/code-server-$CODE_SERVER"
    if [ -f "$home/.complete" ]; then return; fi
    say "installing code-server $CODE_SERVER"
    # Built beside its place and moved there when whole, so that an interrupted run leaves nothing half-made.
    local new="$home.$$"
    trap 'rm -rf "$new"' EXIT
    mkdir -p "$new"
    echo '{"private":true}' >"$new/package.json"
    npm_install install --prefix "$new" "code-server@$CODE_SERVER"
    local vscode="$new/node_modules/code-server/lib/vscode"
    # Not `npm ci`: the shrinkwrap that code-server ships is out of step with its package.json.
    (cd "$vscode" && npm_install install --omit=dev)
    (cd "$vscode/extensions" && npm_install install --omit=dev)
    prune "$vscode"
    cp tests/e2e/spdlog.cjs "$vscode/node_modules/@vscode/spdlog/index.js"
    touch "$new/.complete"
    rm -rf "$home"
    mv "$new" "$home"
    trap - EXIT
}

# Takes away what a test never uses: 616 MB become about 255.
prune() (
    cd "$1"
    rm -rf node_modules/@github node_modules/@microsoft/mxc-sdk node_modules/@devcontainers node_modules/@vscode/sqlite3 \
        extensions/copilot extensions/microsoft-authentication extensions/mermaid-markdown-features \
        node_modules/node-pty/{deps,third_party} node_modules/node-pty/prebuilds/{win32,darwin}*
    find node_modules/@vscode/ripgrep-universal/bin -mindepth 1 -maxdepth 1 \
        ! -name "linux-$(node --print process.arch)" -exec rm -rf {} +
)

install_extension_packages() {
    # npm writes this file last, so it tells whether the installed packages are those of the lock file.
    local stamp=vscode-extension/node_modules/.package-lock.json
    if [ -f "$stamp" ] && [ "$stamp" -nt vscode-extension/package-lock.json ]; then return; fi
    say "installing the extension's npm packages"
    (cd vscode-extension && npm_install ci)
}

install_chromium
install_extension_packages & extension=$!
install_code_server
wait "$extension"
say "ready (Node $(node --version), code-server $CODE_SERVER in $ADALANG_E2E_HOME)"
