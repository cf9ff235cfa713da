"""Write the JSON Schemas under prompts-schema/ from the code's own models, or check that they are current.

python scripts/generate_schemas.py            writes
python scripts/generate_schemas.py --check    exits with 1 when a file is not current
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from adalang.language.graph import graph_schema

ROOT = Path(__file__).resolve().parent.parent


def schemas() -> dict[Path, str]:
    """Every generated file with its text."""
    schema = json.dumps(graph_schema(), indent=2, ensure_ascii=False) + "\n"
    return {ROOT / "prompts-schema" / "graph.schema.json": schema}


def main() -> int:
    outdated = [
        path for path, text in schemas().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        for path in outdated:
            sys.stderr.write(f"{path.relative_to(ROOT)} is not current: run python scripts/generate_schemas.py\n")
        return 1 if outdated else 0
    for path in outdated:
        path.write_text(schemas()[path], encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
