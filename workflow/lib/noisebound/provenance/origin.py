"""Where results come from: versions of the software, the seed, digests of what was learned, and the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.sharing import shared_settings
from ..core.storage import digest_files
from ..core.versions import software_versions
from .stated import check_stated


def collect_provenance(
    *, run: str, seed: int, config: Mapping[str, Any], files: Mapping[str, str | Path | Sequence[str | Path]]
) -> dict[str, Any]:
    """What a page needs to say how it came about.

    ``files`` maps words ("architecture", "calibration") to one file or several; each is named by its file name and
    its SHA-256. Nothing depends on the time or the place of the run, so that the same inputs give the same page.
    Returns run, seed, versions (name to version), digests (list of label, file, sha256) and config (YAML text, as
    :mod:`noisebound.core.sharing` lets it out).

    Raises ``InputError`` where a file was made with other settings than ``config`` states (``stated``).
    """
    check_stated(config, files)
    return {
        "run": run,
        "seed": seed,
        "versions": software_versions(),
        "digests": digest_files(files),
        "config": to_yaml(shared_settings(config)),
    }


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./ -]*(?<! )")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        text = repr(value)
        # YAML 1.1 reads 1e-05 as text: it wants a dot in the mantissa.
        return (
            re.sub(r"^(-?\d+)e", r"\1.0e", text)
            if "e" in text
            else {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(text, text)
        )
    text = str(value)
    return text if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED else _quoted(text)


def to_yaml(value: Any, indent: int = 0) -> str:
    """Mappings, sequences and scalars as YAML that a reader can copy into a configuration file.

    Sequences of scalars stay on one line. Written here because the reporting environment needs no YAML reader.
    """
    pad = "  " * indent
    if isinstance(value, Mapping):
        lines = []
        for key, entry in value.items():
            nested = bool(entry) if isinstance(entry, Mapping) else isinstance(entry, list | tuple) and _is_deep(entry)
            body = f"\n{to_yaml(entry, indent + 1)}" if nested else f" {to_yaml(entry)}\n"
            lines.append(f"{pad}{_scalar(str(key))}:{body}")
        return "".join(lines) if lines else "{}"
    if isinstance(value, list | tuple):
        if not _is_deep(value):
            return "[" + ", ".join(_scalar(entry) for entry in value) + "]"
        lines = []
        for entry in value:
            block = to_yaml(entry, indent + 1)
            if not block.endswith("\n"):
                block = "  " * (indent + 1) + block + "\n"
            lines.append(pad + "- " + block[2 * (indent + 1) :])
        return "".join(lines)
    return _scalar(value)


def _is_deep(value: Sequence[Any]) -> bool:
    return any(isinstance(entry, Mapping | list | tuple) for entry in value)
