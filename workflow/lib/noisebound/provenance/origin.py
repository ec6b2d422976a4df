"""Where results come from: versions of the software, the seed, digests of what was learned, and the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ..core.sharing import shared_settings
from ..core.storage import digest_files
from ..core.versions import software_versions
from .stated import check_stated


def collect_provenance(
    *, run: str, seed: int, config: Mapping[str, Any], files: Mapping[str, str | Path | Sequence[str | Path]]
) -> dict[str, Any]:
    """Collect what a page says about its origin.

    Nothing depends on the time or the place of the run, so that the same inputs give the same page.

    Parameters
    ----------
    run
        Name of the run.
    seed
        Seed of the run.
    config
        The configuration that the page states; what names machines or accounts is removed
        (:func:`noisebound.core.sharing.shared_settings`).
    files
        One path or several, by a word for them such as "architecture" or "calibration".

    Returns
    -------
    dict
        run, seed, versions (by name), digests (list of label, file name and SHA-256) and config (YAML text).

    Raises
    ------
    InputError
        Where a file was made with other settings than ``config`` states
        (:func:`noisebound.provenance.stated.check_stated`).
    """
    check_stated(config, files)
    return {
        "run": run,
        "seed": seed,
        "versions": software_versions(),
        "digests": digest_files(files),
        "config": to_yaml(shared_settings(config)),
    }


def to_yaml(content: Mapping[str, Any]) -> str:
    """Write a configuration as YAML that a reader can copy into a configuration file.

    Keys keep their order. Mappings and lists that hold only scalars are written on one line.

    Parameters
    ----------
    content
        The configuration.

    Returns
    -------
    str
        YAML text.
    """
    style: dict[str, Any] = {"sort_keys": False, "default_flow_style": None, "width": 100}
    text = str(yaml.safe_dump(content, allow_unicode=True, **style))
    # PyYAML reads the line break U+0085 back as a space unless it is escaped, as it is without allow_unicode.
    return str(yaml.safe_dump(content, **style)) if "\x85" in text else text
