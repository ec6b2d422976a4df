"""The file that says what a scan was read from."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.core.errors import InputError
from noisebound.files.scan_sources import ScanSources


@pytest.mark.parametrize("content", ["[]", "{}", '{"format_version": 2}', '{"format_version": 1, "files": 3}'])
def test_a_file_that_holds_no_sources_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=r"a\.json.*Remedy"):
        ScanSources.read(tmp_path / "a.json")
