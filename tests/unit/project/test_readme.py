"""What README.md tells people to type and to write works as it stands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import tifffile
import yaml

from noisebound.cli import main
from noisebound.regions.layout import check_layout
from noisebound.scans.sheet import read_sheet

PROJECT = Path(__file__).parents[3]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^ *noisebound ((?:register|check|list) .+)$", README, flags=re.MULTILINE)


def configuration() -> dict:
    """All YAML of the page together, as one configuration."""
    merged: dict = {}
    for block in re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL):
        merged |= yaml.safe_load(block)
    return merged


def test_the_configuration_of_the_page_follows_the_schema():
    import jsonschema

    schema = yaml.safe_load((PROJECT / "workflow" / "schemas" / "config.schema.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(configuration(), schema)
    check_layout(configuration()["regions"]["layout"])


def test_the_commands_of_the_page_register_and_check_scans(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "config").mkdir()
    # The search of a later chapter needs a scan to select with, which this one does not register.
    first = {section: content for section, content in configuration().items() if section != "search"}
    (tmp_path / "config" / "my-run.yaml").write_text(yaml.safe_dump(first), encoding="utf-8")
    rng = np.random.default_rng(1)
    channels = len(configuration()["data"]["channels"])
    for name in sorted(set(re.findall(r"data/(\S+\.tif)", README))):
        shape = (channels, 40, 50) if "long" in name else (3, channels, 40, 50)
        metadata = {"axes": "CYX" if "long" in name else "TCYX"}
        counts = rng.poisson(3, shape).astype(np.uint16)
        tifffile.imwrite(tmp_path / "data" / name, counts, metadata=metadata, imagej=True)
    assert [command.split()[0] for command in COMMANDS] == ["register"] * 4 + ["check"]
    for command in COMMANDS:
        assert main(shlex.split(command)) == 0, capsys.readouterr().err
    rows = read_sheet(configuration()["scans"])
    assert [row.role for row in rows] == ["train", "calibrate", "test", "apply"]


@pytest.mark.parametrize("page", ["README.md", "config/README.md"])
def test_links_lead_somewhere(page):
    text = (PROJECT / page).read_text(encoding="utf-8")
    lines = [line.lstrip("# ") for line in text.splitlines() if line.startswith("#")]
    headings = {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in lines}
    for target in re.findall(r"\[[^\]]+\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in headings, f"{page}: no heading {target}"
        elif not target.startswith("https://"):
            assert (PROJECT / page).parent.joinpath(target).exists(), f"{page}: no file {target}"


def test_every_make_target_of_the_page_exists():
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make (\w+)`|^make (\w+)$", README, flags=re.MULTILINE)):
        name = "".join(target)
        assert re.search(rf"^{name}:", makefile, flags=re.MULTILINE), f"the Makefile has no target {name}"
