"""Only the name that is imported."""

from typing import Any


def save_image(*_: Any, **__: Any) -> None:
    """Never called."""
    raise NotImplementedError
