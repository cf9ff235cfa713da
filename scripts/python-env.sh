# Prepares .venv for the scripts beside this file. Source it from bash, in the project's root, and call one of
#
#     adalang_python_env             everything, with all extras and the tools for development
#     adalang_python_env --no-dev    only what running adalang needs
#
# Needs Python 3.11 or newer, with its headers, and a C compiler (for the grammar). Where `uv` is missing, it is installed
# into an environment of its own below ${XDG_CACHE_HOME:-$HOME/.cache}/adalang. No other Python is ever downloaded.
#
# Out:  PATH with uv and .venv/bin in front; ends the script with 2 and a message when something is missing

export UV_PYTHON_DOWNLOADS="${UV_PYTHON_DOWNLOADS:-never}"

_adalang_stop() {
    printf 'error: %s\n' "$@" >&2
    exit 2
}

# The first Python that is new enough: the environment's own, $PYTHON, then what is on PATH.
_adalang_find_python() {
    local candidate
    for candidate in .venv/bin/python "${PYTHON:-}" python3 python3.11 python3.12 python3.13 python3.14 python; do
        [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        printf '%s\n' "$candidate"
        return
    done
    _adalang_stop "Python 3.11 or newer is needed, and none is on PATH. Set PYTHON to one that is elsewhere."
}

_adalang_need_compiler() {
    local python="$1" headers
    if ! command -v "${CC:-cc}" >/dev/null && ! command -v gcc >/dev/null && ! command -v clang >/dev/null; then
        _adalang_stop "a C compiler is needed to build the grammar, and none is on PATH." \
            "Debian or Ubuntu: apt install build-essential    Fedora: dnf install gcc    macOS: xcode-select --install"
    fi
    headers="$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')"
    if [ ! -f "$headers/Python.h" ]; then
        _adalang_stop "Python's headers are needed to build the grammar, and $headers/Python.h is not there." \
            "Debian or Ubuntu: apt install python3-dev    Fedora: dnf install python3-devel"
    fi
}

_adalang_find_uv() {
    local python="$1" home
    if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then return; fi
    home="${XDG_CACHE_HOME:-$HOME/.cache}/adalang/uv"
    if ! "$home/bin/uv" --version >/dev/null 2>&1; then
        echo "Installing uv into $home" >&2
        "$python" -m venv --clear "$home" || _adalang_stop \
            "uv is not installed, and Python cannot make an environment to put it into." \
            "Debian or Ubuntu: apt install python3-venv    elsewhere: install uv by any means"
        "$home/bin/python" -m pip install --quiet --disable-pip-version-check uv ||
            _adalang_stop "uv could not be installed; see above. Install it by any means and run this again."
    fi
    export PATH="$home/bin:$PATH"
}

adalang_python_env() {
    local python
    [ $# -gt 0 ] || set -- --all-extras
    [ "${ADALANG_E2E:-}" != 1 ] || set -- "$@" --group collector
    python="$(_adalang_find_python)" || exit 2
    _adalang_need_compiler "$python"
    _adalang_find_uv "$python"
    # --inexact: a run of the demo takes nothing away from an environment for development.
    uv sync --locked --inexact --quiet --python "$python" "$@" ||
        _adalang_stop "the Python environment could not be made; see above."
    export PATH="$PWD/.venv/bin:$PATH"
}
