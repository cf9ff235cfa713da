"""Checks the parser on thousands of random edits: `python test/fuzz.py [SECONDS] [SEED]`.

It holds that
- no input makes the parser crash or hang;
- parsing step by step gives the tree of a full parse; where code is broken, tree-sitter's own error recovery may choose
  otherwise now and then, which is counted and bounded;
- undoing the edits leads back to the first tree;
- taking any one token from a declaration of an example leaves the others whole.
"""

import random
import re
import sys
import time
from pathlib import Path

from tree_sitter import Language, Node, Parser, Point, Tree

from adalang.language import _grammar

HERE = Path(__file__).parent
EXAMPLES = [path.read_bytes() for path in sorted((HERE.parent / "examples").glob("*.adal"))]
CORPUS = [
    match[1].encode()
    for path in sorted((HERE / "corpus").glob("*.txt"))
    for match in re.finditer(r"={18}\n.*\n={18}\n\n(.*?)\n---\n", path.read_text(), re.DOTALL)
]
PIECES = [
    *('"', '""', '"""', '""""', "\n", "\n  ", "\n\n\n", "\r\n", "\r", "{{", "}}", "{%", "%}", "{#", "#}", "{% raw %}"),
    *("{% endraw %}", "{", "}", "(", ")", "[", "]", "=", ":", ",", ".", "|", "->", "=>", "# c\n", "\n# c\n", "model "),
    *('\nmodel x = "y"\n', '\nprompt a() = """', "\nparam p = ", 'import "x"', "system = ", 'user = """', '  """\n'),
    *("\\", '\\"', "\\u{", "'", " ", "\t", "\x00", "\U0001f600", "é", "\ufeff", "\u00a0", "return x", "match x {", "x"),
    *("_", "1.5e-3", " in ", "not ", "\neval a of b ", "demos d", "repeat 2 until x {"),
]
BROKEN = {"missing", "mistyped", "unclosed", "string_unclosed", "jinja_unclosed"}
MOST_DIFFERENCES = 1e-3

parser = Parser(Language(_grammar.language()))


def dump(tree: Tree) -> tuple[list[tuple[str, int, int, str | None]], bool]:
    """All nodes in order, and whether the code is broken anywhere."""
    cursor, nodes, is_broken = tree.walk(), [], tree.root_node.has_error
    while True:
        node = cursor.node
        nodes.append((node.type, node.start_byte, node.end_byte, cursor.field_name))
        is_broken = is_broken or node.type in BROKEN
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return nodes, is_broken


def point(source: bytes, offset: int) -> Point:
    return Point(source.count(b"\n", 0, offset), offset - source.rfind(b"\n", 0, offset) - 1)


def replace(tree: Tree, source: bytes, start: int, end: int, text: bytes) -> tuple[Tree, bytes]:
    """Parses step by step."""
    edited = source[:start] + text + source[end:]
    new_end = start + len(text)
    tree.edit(start, end, new_end, point(source, start), point(source, end), point(edited, new_end))
    return parser.parse(edited, tree), edited


def random_edit(source: bytes, rng: random.Random) -> tuple[int, int, bytes]:
    start = rng.randrange(len(source) + 1)
    end = min(len(source), start + rng.choice([0, 0, 0, 1, 1, 2, 3, 10, 40]))
    copied = rng.randrange(len(source) + 1)
    text = rng.choice(
        [
            b"",
            rng.choice(PIECES).encode(),
            rng.choice(PIECES).encode(),
            source[copied : copied + rng.randrange(30)],
            bytes([rng.randrange(256)]),
        ]
    )
    return start, end, text


def check_edits(seconds: float, rng: random.Random) -> None:
    until = time.monotonic() + seconds
    edits = unbroken = differences = 0
    while time.monotonic() < until:
        source = rng.choice(EXAMPLES + CORPUS)
        first, tree, undo = source, parser.parse(source), []

        for _ in range(rng.randrange(1, 20)):
            start, end, text = random_edit(source, rng)
            undo.append((start, start + len(text), source[start:end]))
            tree, source = replace(tree, source, start, end, text)
            (stepwise, _), (full, is_broken) = dump(tree), dump(parser.parse(source))
            edits += 1
            unbroken += not is_broken
            if stepwise != full:
                assert is_broken, f"trees differ: {source!r}"
                differences += 1
                tree = parser.parse(source)

        for start, end, text in reversed(undo):
            tree, source = replace(tree, source, start, end, text)
        assert source == first
        if dump(tree) != dump(parser.parse(first)):
            assert dump(parser.parse(first))[1], f"undoing does not lead back: {first!r}"
            differences += 1

    print(f"{edits} edits, {unbroken} of them to unbroken code; {differences} times another recovery")
    assert differences <= edits * MOST_DIFFERENCES


def leaves(node: Node) -> list[Node]:
    return [leaf for child in node.children for leaf in leaves(child)] if node.children else [node]


def check_deletions(source: bytes) -> None:
    declarations = [node for node in parser.parse(source).root_node.children if node.type != "comment"]
    for declaration in declarations:
        for leaf in leaves(declaration)[1:]:  # without its keyword a declaration is no more
            tree = parser.parse(source[: leaf.start_byte] + source[leaf.end_byte :])
            whole = {(node.type, node.text) for node in tree.root_node.children if not node.has_error}
            for other in declarations:
                assert other == declaration or (other.type, other.text) in whole, (leaf, other)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    for source in EXAMPLES:
        assert not dump(parser.parse(source))[1]
        check_deletions(source)
    check_edits(seconds, rng)


if __name__ == "__main__":
    main()
