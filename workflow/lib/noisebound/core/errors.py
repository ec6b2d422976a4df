"""Errors a user can act on: each names the file, the key, the value and the remedy."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from .texts import visible

LONGEST = 600  # characters of a value in a message


class NoiseboundError(Exception):
    """Base of every error that noisebound raises on purpose; shown to the user without a traceback."""


class InputError(NoiseboundError):
    """A file, a row of the scan sheet or a configuration value that cannot be used.

    The message has no control characters, whatever the file holds. Of a long value it shows the first ``LONGEST``
    characters.

    Parameters
    ----------
    problem
        What is wrong.
    remedy
        What the user can do about it.
    file, key, value
        Where the problem is: the file, the key in it, and the value of the key. Each is left out of the message if
        None.
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
        self.file, self.key, self.value, self.remedy, self.problem = file, key, value, remedy, problem
        where = [f"file {str(file)!r}"] if file is not None else []
        super().__init__(visible(self._message(where)))

    def without_file(self) -> str:
        """Return the message without the name of the file, for tables that people share.

        Returns
        -------
        str
            The message.
        """
        return visible(self._message([]))

    def _message(self, where: list[str]) -> str:
        if self.key is not None:
            where = [*where, f"key {self.key!r}"]
        if self.value is not None:
            text = repr(self.value)
            where = [*where, "value " + (text if len(text) <= LONGEST else f"{text[:LONGEST]}…")]
        prefix = ", ".join(where) + ": " if where else ""
        return f"{prefix}{self.problem}. Remedy: {self.remedy}."

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the error pass between processes, which arguments given by name would prevent."""
        named: dict[str, Any] = {"remedy": self.remedy, "file": self.file, "key": self.key, "value": self.value}
        return partial(type(self), **named), (self.problem,)


class LeakageError(InputError):
    """A pixel would serve two roles, or a noisy frame would be compared with itself."""


SAVE_AGAIN = (
    "copy the file again and check that the copy is complete; if that fails, export it again from the program of the "
    "instrument"
)
