"""The shell of a report holds all it needs, and escapes what it shows."""

import base64
import hashlib
import re

from adalang.report.page import page
from tests.report.reading import read_page


def test_a_page_is_self_contained_and_escaped():
    html = page("page.html.j2", 'A "title" <script>alert(1)</script> & more', made="2026-11-23")
    assert 'A "title" <script>alert(1)</script> & more' in read_page(html)
    assert html.count("<script>") == 1
    assert "color-scheme: light dark" in html


def test_only_its_own_script_may_run():
    html = page("page.html.j2", "t")
    script = re.search(r"<script>(.*)</script>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in html
