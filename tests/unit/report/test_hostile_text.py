"""Pages show hostile text, and nothing of it becomes markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from noisebound.core.texts import hidden_in, visible
from noisebound.report import template
from tests.unit.core.hostile import hostile


class Texts(HTMLParser):
    """Names of the elements of a page, the values of their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.values: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


TEMPLATE = (
    '<p title="{{ text }}">{{ text }}</p>{% macro of(words) %}<i>{{ words }}</i>{% endmacro %}{{ of(text) }}'
    '<script type="application/json">{{ {text: [text]} | tojson }}</script><b>{{ " " ~ text }}</b>'
)


@settings(deadline=None)
@given(hostile)
def test_a_page_shows_text_and_nothing_of_it_becomes_markup(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("pages")
    for name, content in {"t.html": TEMPLATE, "page.css": ""}.items():
        (folder / name).write_text(content, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(template, "TEMPLATES", folder)
        template.render("t.html", folder / "out.html", {"text": text}, filters={})
    raw = (folder / "out.html").read_bytes().decode("utf-8")
    assert hidden_in(raw.replace("\n", "")) == []
    page = Texts(raw)
    assert page.tags == ["p", "i", "script", "b"]
    shown = visible(text)
    stored = re.search(r"<script[^>]*>(.*?)</script>", raw, flags=re.DOTALL)
    assert stored is not None and json.loads(stored[1]) == {shown: [shown]}
    assert page.values[0] == shown and "<!--" not in stored[1]
    assert "".join(page.words) == shown + shown + stored[1] + " " + shown
