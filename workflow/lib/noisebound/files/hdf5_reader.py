"""An HDF5 file of the run, open for reading: always closed again, with errors that name the remedy."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py

from ..core.errors import InputError


class Hdf5Reader:
    """An HDF5 file that a step wrote, open for reading; a context manager.

    Parameters
    ----------
    path
        The file.
    step
        The step that writes it, for messages: "the ingest step".
    options
        Further arguments of :class:`h5py.File`.

    Raises
    ------
    InputError
        If the file is missing or no HDF5.
    """

    def __init__(self, path: str | Path, step: str, **options: Any) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError("the file does not exist", file=path, remedy=f"run {step}")
        try:
            self._file = h5py.File(self.path, "r", **options)
        except OSError as error:
            remedy = f"delete it and run {step} again"
            raise InputError(f"not a readable HDF5 file ({error})", file=path, remedy=remedy) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; nothing can be read afterwards."""
        self._file.close()
