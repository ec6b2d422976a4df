"""Named arrays in npz files, and values made ready for JSON."""

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
    """Write named arrays as an uncompressed npz file, atomically.

    The same arrays give the same bytes.

    Parameters
    ----------
    path
        The file to write.
    arrays
        The arrays by name, of any shape and dtype but ``object``.

    Raises
    ------
    ValueError
        If an array has the dtype ``object``.
    """
    with atomic_path(path) as temporary:
        np.savez(temporary, allow_pickle=False, **dict(arrays))


def read_arrays(path: str | Path, names: Sequence[str]) -> dict[str, NDArray]:
    """Read the named arrays of an npz file; pickled objects are never loaded.

    Parameters
    ----------
    path
        The file.
    names
        The arrays that are wanted. The file may hold others.

    Returns
    -------
    dict
        The arrays by name.

    Raises
    ------
    InputError
        If the file is missing or damaged, holds pickled objects or lacks one of ``names``.
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
    """Convert a value to what JSON can hold.

    Parameters
    ----------
    value
        Mappings, lists and tuples, nested to any depth, of Python and numpy scalars.

    Returns
    -------
    Any
        The same content: dicts with text as keys, lists, and Python scalars. NaN and infinity become None. A value of
        any other type, such as an array, is returned unchanged.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
