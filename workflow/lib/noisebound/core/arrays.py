"""Named arrays in npz files, and numbers as JSON knows them."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .archives import check_arrays
from .errors import InputError
from .storage import atomic_path


def write_arrays(path: str | Path, arrays: Mapping[str, NDArray]) -> None:
    """Write named arrays as an uncompressed npz, atomically; the same arrays give the same bytes."""
    with atomic_path(path) as temporary:
        np.savez(temporary, allow_pickle=False, **dict(arrays))


def read_arrays(path: str | Path, names: Sequence[str]) -> dict[str, NDArray]:
    """Read the named arrays of an npz file; nothing in it is ever unpickled.

    Parameters
    ----------
    path
        The file.
    names
        Names of the arrays that are wanted; others may be there.

    Returns
    -------
    dict
        The arrays by name.

    Raises
    ------
    InputError
        Where the file is missing, damaged, holds pickled objects or lacks one of ``names``.
    """
    try:
        check_arrays(path)
        with np.load(path, allow_pickle=False) as archive:
            missing = [name for name in names if name not in archive.files]
            if missing:
                raise InputError(
                    "the file lacks arrays",
                    file=path,
                    key=", ".join(missing),
                    remedy="delete it and run the step again",
                )
            return {name: archive[name] for name in names}
    except FileNotFoundError:
        raise InputError("the file does not exist", file=path, remedy="run the step that writes it") from None
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(
            f"not a plain npz file ({error})", file=path, remedy="delete it and run the step again"
        ) from None


def plain(value: Any) -> Any:
    """Make content plain for JSON: Python's own types, null instead of NaN and infinity."""
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
