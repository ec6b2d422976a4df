"""Files of arrays that no reader may take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from noisebound.core.errors import InputError


def refuse_damaged(folder: Path, load: Callable[[Path], object], names: Iterable[str]) -> None:
    """``load`` must refuse pickled, short, empty, missing and foreign files, in words that name them."""
    loaded = folder / "pickled.npz"
    np.savez(loaded, allow_pickle=True, **{name: np.array([{"a": 1}], dtype=object) for name in names})
    with pytest.raises(InputError, match=r"pickled\.npz"):
        load(loaded)
    (folder / "short.npz").write_bytes(loaded.read_bytes()[:100])
    with pytest.raises(InputError, match=r"short\.npz"):
        load(folder / "short.npz")
    (folder / "empty.npz").write_bytes(b"")
    with pytest.raises(InputError, match=r"empty\.npz"):
        load(folder / "empty.npz")
    with pytest.raises(InputError, match="does not exist"):
        load(folder / "nowhere.npz")
    np.savez(folder / "other.npz", other=np.zeros(3))
    with pytest.raises(InputError, match="lacks"):
        load(folder / "other.npz")
