"""Pages from templates: what is escaped, what the policy admits, and that a failure leaves nothing behind."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from noisebound.report import template

SCRIPT = "document.title = '</title>';"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Renders a template of its own: call with its text and its context."""
    (tmp_path / "page.css").write_text("p > i { color: red }", encoding="utf-8")
    (tmp_path / "page.js").write_text(SCRIPT, encoding="utf-8")
    monkeypatch.setattr(template, "TEMPLATES", tmp_path)

    def render(text: str, script: str | None = None, **context: Any) -> str:
        (tmp_path / "t.html").write_text(text, encoding="utf-8")
        template.render("t.html", tmp_path / "out.html", context, filters={"twice": lambda x: 2 * x}, script=script)
        return (tmp_path / "out.html").read_text(encoding="utf-8")

    return render


def test_all_but_markup_is_escaped(page: Any) -> None:
    text = page("{{ bad }}|{{ good }}|{{ bad | twice }}|{{ css }}", bad="<b>'", good=Markup("<b>x</b>"))
    assert text == "&lt;b&gt;&#39;|<b>x</b>|&lt;b&gt;&#39;&lt;b&gt;&#39;|p > i { color: red }"


def test_json_in_a_script_ends_no_script(page: Any) -> None:
    text = page("{{ {'a': bad} | tojson }}", bad="</script>\u202e")
    assert "</script>" not in text and "\u202e" not in text and "script" in text


@pytest.mark.parametrize("script", [None, "page.js"])
def test_the_policy_admits_the_one_script_by_its_digest(page: Any, script: str | None) -> None:
    text = page("{{ policy | safe }}|{{ script }}", script=script)
    policy, _, code = text.partition("|")
    assert code == (SCRIPT if script else "")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and rules["script-src"] == f"'sha256-{digest}'"
    assert set(rules) == {"default-src", "img-src", "style-src", "script-src"} and rules["img-src"] == "data:"


def test_a_name_that_nobody_gave_is_an_error_and_leaves_no_page(page: Any, tmp_path: Path) -> None:
    with pytest.raises(UndefinedError, match="missing"):
        page("{{ missing }}")
    assert not list(tmp_path.glob("*out.html*"))


@pytest.mark.parametrize("path", sorted(template.TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_no_template_switches_escaping_off_or_names_another_place(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape|https?://|\bon\w+=", text)
