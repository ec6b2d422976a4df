"""A configuration with the defaults of the schema."""

from __future__ import annotations

from typing import Any

import pytest

from noisebound.settings.defaults import complete
from tests.unit.settings.configured import SCHEMA, defaults


@pytest.fixture
def settings() -> dict[str, Any]:
    return complete({"run": "r", "scans": "s.tsv", **defaults(SCHEMA)})
