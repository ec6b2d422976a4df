"""What the sheet and the configuration say of files: one record from the row to the step."""

from __future__ import annotations

from dataclasses import MISSING, asdict, fields
from pathlib import Path

import yaml

from noisebound.scans.settings import DataSettings, SourceSettings
from noisebound.scans.sheet_row import OPTIONAL, REQUIRED, SheetRow

SCHEMA = Path(__file__).parents[3] / "workflow" / "schemas" / "config.schema.yaml"


def test_the_section_data_has_these_keys_and_their_defaults() -> None:
    keys = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["properties"]["data"]["properties"]
    assert {field.name for field in fields(DataSettings)} - set(keys) == {"counts"} and "counts" in keys["kind"]["enum"]
    assert all(field.default is MISSING and field.default_factory is MISSING for field in fields(DataSettings))


def test_every_column_about_files_is_a_setting() -> None:
    columns = {*REQUIRED, *OPTIONAL} - {"scan", "role"}
    assert {field.name.replace("file_channels", "channels") for field in fields(SourceSettings)} == columns
    row = SheetRow("a", "train", ("n",), ("r",), "g", "RCYX", "CYX", ("Mg",), (0.5,), "nm", "t")
    settings = asdict(row.settings)
    assert settings.pop("file_channels") == ("Mg",)
    assert settings == {name: getattr(row, name) for name in columns - {"channels"}}


def test_an_empty_cell_says_nothing() -> None:
    assert SheetRow("a", "apply", ("n",)).settings == SourceSettings(("n",))
