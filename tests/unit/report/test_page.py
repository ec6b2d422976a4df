"""Pages as files: nothing from a user becomes markup, no request leaves them, the same inputs give the same bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.unit.example_run import CONFIG, phantom, write_pages
from tests.unit.report.parsed_page import Page

SCRIPT, QUOTE = "<script>alert(1)</script>", '" onmouseover="alert(2)" x="'
BREAKER = "</script><img src=x onerror=alert(3)>"


@pytest.mark.parametrize("which", ["flat", "deep"])
def test_pages_hold_everything_and_ask_for_nothing(which: str, request: pytest.FixtureRequest) -> None:
    made = request.getfixturevalue(which)
    for path in [made["index"], made["jobs"], *made["pages"].values()]:
        page = Page(path)
        for tag, attributes in page.elements:
            for key, value in attributes.items():
                assert not key.startswith("on"), (tag, key)
                if key == "src" or (key == "href" and tag == "link"):
                    assert value.startswith("data:"), (tag, value[:60])
                elif key in ("href", "xlink:href"):
                    assert not urlsplit(value).scheme
                    assert not urlsplit(value).netloc
                if key == "style":
                    assert "http" not in value
        assert "@import" not in page.source
        assert not re.search(r"url\((?!#)", page.source)
        (policy,) = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy.split("script-src")[1]
        for attributes, text in page.scripts:
            if "type" not in attributes:
                digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
                assert f"'sha256-{digest}'" in policy
        for image in page.all("img"):
            assert image["alt"]
        assert path.stat().st_size < 8e6
        links = [a["href"] for a in page.all("a")]
        assert links
        for link in links:
            assert (path.parent / unquote(link)).resolve().is_file()


def test_nothing_from_a_user_becomes_markup(tmp_path: Path) -> None:
    channels = [f"Mg{SCRIPT}", f"Fe{QUOTE}"]
    made = write_pages(
        tmp_path,
        truth=phantom((24, 32), 2, 3),
        channels=channels,
        pixel_size=[1.0, 1.0],
        pixel_unit=f"u{QUOTE}{SCRIPT}",
        scan=f"map{QUOTE}{BREAKER}",
        second=f"b{SCRIPT}",
        title=f"T{BREAKER}{QUOTE}{SCRIPT}",
        unit=f"counts{SCRIPT}{QUOTE}",
        config={**CONFIG, f"k{BREAKER}": [SCRIPT, {QUOTE: "</pre>" + SCRIPT}]},
        exceed_name=f"rich{QUOTE}{BREAKER}",
        members=2,
    )
    for path in [made["index"], *made["pages"].values()]:
        page = Page(path)
        scan_page = path != made["index"]
        assert len(page.scripts) == (2 if scan_page else 0)
        assert not [key for _, attributes in page.elements for key in attributes if key.startswith("on")]
        assert all(a["src"].startswith("data:") for a in page.all("img") if "src" in a)
        assert len(page.all("pre")) == 1
        assert SCRIPT in page.text
        assert SCRIPT not in page.source
        assert BREAKER not in page.source
        if scan_page:
            assert page.store["channels"] == channels
            assert {a["title"] for a in page.all("button") if "data-tab" in a} == set(channels)
        assert page.all("title") is not None
        assert f"T{BREAKER}{QUOTE}{SCRIPT}" in page.text


def test_the_same_inputs_give_the_same_bytes(flat: dict[str, Any], tmp_path: Path) -> None:
    again = write_pages(
        tmp_path, truth=phantom((40, 56), 2, 0), channels=["Mg", "Fe"], pixel_size=[1.717, 1.717], members=3
    )
    assert again["index"].read_bytes() == flat["index"].read_bytes()
    for name, path in again["pages"].items():
        assert path.read_bytes() == flat["pages"][name].read_bytes()
    for name in ("thumbnails/scan-0.png", "figures/scan-0.png"):
        assert (tmp_path / "report" / name).read_bytes() == (flat["folder"] / "report" / name).read_bytes()
