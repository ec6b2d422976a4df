"""Pages in a real browser: they open from disk, ask for nothing, log no error, and their controls work."""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from noisebound.report import report_scan
from tests.unit.example_run import phantom, write_pages

webdriver = pytest.importorskip("selenium.webdriver")
keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"):
        options.add_argument(argument)
    options.add_argument("--disable-background-networking")
    options.add_argument("--disable-dev-shm-usage")
    # The page scrolls at once then, and what is on the screen does not depend on when one looks.
    options.add_argument("--force-prefers-reduced-motion")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    hostile = '<img src="https://example.invalid/x" onerror=alert(1)>'
    return write_pages(
        tmp_path_factory.mktemp("flat"),
        truth=phantom((40, 56), 2, 0),
        channels=["Mg", f"Fe{hostile}"],
        pixel_size=[1.717, 1.717],
        title=f"Example {hostile}",
        exceed_name=f"rich {hostile}",
        members=2,
    )


@pytest.fixture(scope="module")
def deep(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_pages(
        tmp_path_factory.mktemp("deep"),
        truth=20 * phantom((24, 40, 44), 1, 1),
        channels=["density"],
        pixel_size=[8.0, 4.0, 4.0],
        pixel_unit="µm",
        counts=False,
        unit="grey",
        members=2,
    )


SIDES = (("x", "width"), ("y", "height"))


def visit(browser: Any, path: Path, width: int = 1280, scheme: str = "light") -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(path.as_uri())


def picture(browser: Any, selector: str) -> np.ndarray:
    """What an element looks like on the screen, RGB."""
    element = browser.find_element("css selector", selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(element.screenshot_as_base64))).convert("RGB")).astype(int)


def check_quiet(browser: Any, path: Path) -> None:
    """No error on the console, and no request but for the page itself."""
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    assert {url for url in asked if not url.startswith("data:")} <= {path.as_uri(), "about:blank"}
    assert path.as_uri() in asked


@pytest.mark.parametrize("width", [1280, 420])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", ["flat", "deep"])
def test_pages_open_quietly_and_fit_the_window(
    browser: Any, request: pytest.FixtureRequest, which: str, scheme: str, width: int
) -> None:
    made = request.getfixturevalue(which)
    for path in (made["index"], made["jobs"], *made["pages"].values()):
        visit(browser, path, width, scheme)
        check_quiet(browser, path)
        browser.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        broken = "return [...document.images].filter(i => i.src && !i.naturalWidth).map(i => i.alt)"
        assert browser.execute_script(broken) == []
        paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        level = sum(int(part) for part in paper[4:-1].split(",")) / 3
        assert (level < 60) == (scheme == "dark")


def test_the_handle_moves_with_keys_and_pointer_and_uncovers_the_noisy_image(
    browser: Any, flat: dict[str, Any]
) -> None:
    visit(browser, flat["pages"]["map"])
    handle = browser.find_element("id", "compare")
    before = picture(browser, ".compare")
    handle.send_keys(*[keys.ARROW_RIGHT] * 40)
    assert float(handle.get_attribute("value")) == 70
    assert handle.get_attribute("aria-valuetext") == "70 % noisy, 30 % denoised"
    after = picture(browser, ".compare")
    width = before.shape[1]
    changed = np.abs(before - after).max(axis=(0, 2)) > 20
    assert changed[int(0.53 * width) : int(0.67 * width)].mean() > 0.9
    assert not changed[: int(0.4 * width)].any()
    assert not changed[int(0.75 * width) :].any()
    handle.send_keys(keys.HOME)
    assert handle.get_attribute("value") == "0"
    actions = webdriver.ActionChains(browser)
    actions.move_to_element_with_offset(handle, int(0.25 * width), 0).click().perform()
    assert float(handle.get_attribute("value")) == pytest.approx(75, abs=3)
    check_quiet(browser, flat["pages"]["map"])


def test_channels_are_tabs(browser: Any, flat: dict[str, Any]) -> None:
    visit(browser, flat["pages"]["map"])
    tabs = browser.find_elements("css selector", "[role=tab]")
    chosen = [tab.get_attribute("aria-selected") for tab in tabs].index("true")
    other = 1 - chosen
    layers = ("noisy", "median", "width", "spread", "tokens")
    select = "return document.querySelector(`img[data-layer=${arguments[0]}]`).src"
    before = {layer: browser.execute_script(select, layer) for layer in layers}
    tabs[chosen].send_keys(keys.ARROW_RIGHT)
    assert tabs[other].get_attribute("aria-selected") == "true"
    assert browser.switch_to.active_element == tabs[other]
    after = {layer: browser.execute_script(select, layer) for layer in layers}
    assert [layer for layer in layers if before[layer] == after[layer]] == ["tokens"]
    visible = [e for e in browser.find_elements("css selector", ".cbar") if e.is_displayed()]
    assert len(visible) == 3
    assert {e.get_attribute("data-channel") for e in visible} == {str(other)}
    tabs[chosen].click()
    assert {layer: browser.execute_script(select, layer) for layer in layers} == before
    check_quiet(browser, flat["pages"]["map"])


def test_the_right_side_can_show_the_reference(browser: Any, flat: dict[str, Any]) -> None:
    visit(browser, flat["pages"]["map"])
    over = browser.find_element("css selector", ".over")
    seen = {over.get_attribute("src")}
    for value in ("mean", "reference", "lower", "upper"):
        browser.execute_script("document.querySelector(`input[value=${arguments[0]}]`).click()", value)
        seen.add(over.get_attribute("src"))
        assert over.get_attribute("data-layer") == value
        words = {"mean": "Estimated mean", "reference": "Reference"}.get(value, f"{value.capitalize()} end")
        assert over.get_attribute("alt").startswith(words)
    assert len(seen) == 5
    assert browser.find_element("id", "over-words").text == "upper end"


def test_slices_change_all_images_and_hide_boxes_of_other_depths(browser: Any, deep: dict[str, Any]) -> None:
    visit(browser, deep["pages"]["map"])
    slices = browser.find_element("id", "slice")
    select = "return [...document.querySelectorAll('img[data-layer]')].map(i => [i.dataset.layer, i.src])"
    before = browser.execute_script(select)
    slices.send_keys(keys.HOME)
    after = browser.execute_script(select)
    assert all(a[0] == b[0] and a[1] != b[1] for a, b in zip(before, after, strict=True))
    assert browser.find_element("id", "slice-words").text == "z = 0"
    seen = set()
    for box in browser.find_elements("css selector", ".box[data-z0]:not(.pick)"):
        inside = int(box.get_attribute("data-z0")) <= 0 < int(box.get_attribute("data-z1"))
        assert box.is_displayed() == inside
        seen.add(inside)
    assert seen == {True, False}
    check_quiet(browser, deep["pages"]["map"])


def test_a_rank_leads_to_a_slice_in_which_its_box_is_drawn(browser: Any, deep: dict[str, Any]) -> None:
    visit(browser, deep["pages"]["map"])
    slices, boxes = browser.find_element("id", "slice"), ".box:not(.pick):not(.role)"
    ranks = browser.find_elements("css selector", "[aria-labelledby=again] button[data-plane]")
    assert len(ranks) == 3
    for rank in ranks:
        slices.send_keys(keys.HOME)
        rank.send_keys(keys.ENTER)
        drawn = [box.text for box in browser.find_elements("css selector", boxes) if box.is_displayed()]
        assert rank.text in drawn
        assert slices.get_attribute("value") == rank.get_attribute("data-plane")


def test_the_label_of_a_small_box_does_not_hide_it(browser: Any, tmp_path: Path) -> None:
    css = (Path(report_scan.__file__).parent / "templates" / "page.css").read_text()
    spans = "".join(
        f'<span class="box beside {side}" style="left:{left}%;top:{top}%;width:4%;height:4%"><b>1</b></span>'
        for side, left, top in (("right", 3, 3), ("left", 93, 3), ("below", 40, 3), ("above", 40, 93))
    )
    page = tmp_path / "boxes.html"
    page.write_text(f'<style>{css}</style><div class="frame" style="height:300px;width:300px">{spans}</div>')
    visit(browser, page)
    frame = browser.find_element("css selector", ".frame").rect
    for box in browser.find_elements("css selector", ".box"):
        own, label = box.rect, box.find_element("css selector", "b").rect
        apart = [label[at] >= own[at] + own[size] or label[at] + label[size] <= own[at] for at, size in SIDES]
        assert any(apart)
        for at, size in SIDES:
            assert frame[at] <= label[at] and label[at] + label[size] <= frame[at] + frame[size]


def test_a_token_can_be_shown_alone(browser: Any, flat: dict[str, Any]) -> None:
    visit(browser, flat["pages"]["map"])
    button = browser.find_elements("css selector", "[data-token]")[1]
    colour = [int(button.get_attribute("data-token")[k : k + 2], 16) for k in (1, 3, 5)]
    select = ".frame:has(#token-map)"
    before = picture(browser, select)
    own = (np.abs(before - colour).max(axis=2) < 3)[: before.shape[0] // 2]
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    after = picture(browser, select)[: before.shape[0] // 2]
    still = np.abs(after - colour).max(axis=2) < 3
    assert (still & own).sum() > 0.98 * own.sum()
    # What is veiled is nearly the colour of the page.
    veiled = after[~own]
    assert np.median(np.ptp(veiled, axis=1)) < 45
    assert veiled.mean() > 200
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert np.abs(picture(browser, select) - before).mean() < 1


def test_a_row_shows_its_region(browser: Any, flat: dict[str, Any]) -> None:
    visit(browser, flat["pages"]["map"])
    row = browser.find_element("css selector", "tr[data-pick]")
    box = browser.find_element("id", row.get_attribute("data-pick"))
    opacity = "return getComputedStyle(arguments[0]).opacity"
    assert browser.execute_script(opacity, box) == "0"
    browser.execute_script("arguments[0].focus()", row)
    assert browser.execute_script(opacity, box) == "1"


def test_the_index_leads_to_the_pages_and_back(browser: Any, flat: dict[str, Any]) -> None:
    visit(browser, flat["index"])
    browser.find_element("css selector", ".cards a").click()
    assert browser.current_url == flat["pages"]["map"].as_uri()
    browser.find_element("css selector", ".crumb a").click()
    assert browser.current_url == flat["index"].as_uri()
