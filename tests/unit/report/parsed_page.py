"""Pages read back: their elements, scripts, visible text and images."""

from __future__ import annotations

import base64
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

VOID = {"meta", "link", "img", "input", "br"}


class Page(HTMLParser):
    """All elements with attributes, the text of scripts, and the visible text; fails on unbalanced elements."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag == "script":
            self.scripts.append((found, ""))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif not self._open or self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        """The visible text; every run of white space, thin spaces among it, is one space."""
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def store(self) -> dict[str, Any]:
        (text,) = [text for attributes, text in self.scripts if attributes.get("type") == "application/json"]
        found: dict[str, Any] = json.loads(text)
        return found


def image_of(uri: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))).convert("RGB"))


def shown_images(page: Page, layer: str) -> list[list[str]]:
    """Layer -> channel -> plane, with what the page starts with filled in from its elements."""
    store = page.store
    stored = store["images"][layer]
    sources = [a["src"] for a in page.all("img") if a.get("data-layer") == layer and "src" in a]
    holes = [(c, p) for c, planes in enumerate(stored) for p, uri in enumerate(planes) if uri is None]
    if holes:
        assert len(holes) == len(sources) == 1
        stored[holes[0][0]][holes[0][1]] = sources[0]
    return stored
