"""Runs commands of `adalang` in processes of their own that need no time to start: forked from one that has loaded everything.

Reads one JSON list of arguments a line, answers with the child's pid, and when it has ended with `[exit status, its stdout]`.
"""

import json
import os
import sys
import tempfile


def serve() -> None:
    from adalang.cli import main
    from adalang.engine import session  # noqa: F401 - loaded for the children
    from adalang.runtime.models.litellm_lane import load_litellm

    load_litellm()
    for line in sys.stdin:
        with tempfile.TemporaryFile() as out:
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                os.dup2(out.fileno(), 1)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                sys.argv = ["adalang", *json.loads(line)]
                try:
                    main()
                except SystemExit as end:
                    sys.stdout.flush()
                    os._exit(int(end.code or 0))
            print(pid, flush=True)
            _, status = os.waitpid(pid, 0)
            out.seek(0)
            print(json.dumps([status, out.read().decode()]), flush=True)


if __name__ == "__main__":
    serve()
