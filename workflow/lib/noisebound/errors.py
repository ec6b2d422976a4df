"""Errors a user can act on: each names the file, the key, the value and the remedy."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any


class NoiseboundError(Exception):
    """Base of every error that noisebound raises on purpose; shown to the user without a traceback."""


class InputError(NoiseboundError):
    """A file, a sheet row or a configuration value cannot be used.

    ``problem`` says what is wrong, ``remedy`` what would be right; ``file``, ``key`` and ``value`` say where.
    """

    def __init__(
        self,
        problem: str,
        *,
        remedy: str,
        file: str | Path | None = None,
        key: str | None = None,
        value: object = None,
    ) -> None:
        self.problem, self.file, self.key, self.value, self.remedy = problem, file, key, value, remedy
        where = [f"file {str(file)!r}"] if file is not None else []
        if key is not None:
            where.append(f"key {key!r}")
        if value is not None:
            where.append(f"value {value!r}")
        prefix = ", ".join(where) + ": " if where else ""
        super().__init__(f"{prefix}{problem}. Remedy: {remedy}.")

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the error pass between processes, which arguments given by name would prevent."""
        named: dict[str, Any] = {"remedy": self.remedy, "file": self.file, "key": self.key, "value": self.value}
        return partial(type(self), **named), (self.problem,)


class LeakageError(InputError):
    """Pixels that were trained on would be used to select, calibrate or test."""
