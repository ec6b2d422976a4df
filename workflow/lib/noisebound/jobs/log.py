"""The log of a step: all output of a script goes to its log file, and errors for the user also to the terminal."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.errors import NoiseboundError
from ..core.texts import visible

logger = logging.getLogger("noisebound")


class VisibleFormatter(logging.Formatter):
    """Formats lines of a log without control characters, which a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record.

        Parameters
        ----------
        record
            The record.

        Returns
        -------
        str
            The line, with the traceback if there is one.
        """
        return visible(super().format(record))


@contextmanager
def step_log(path: str | Path) -> Iterator[logging.Logger]:
    """Send stdout, stderr and the ``noisebound`` logger to a file while the body runs.

    A ``NoiseboundError`` is logged, printed to the terminal in one line, and ends the script with exit status 1. Any
    other exception is logged with its traceback and raised again.

    Parameters
    ----------
    path
        The log file. Its folder is made if needed; lines are appended.

    Yields
    ------
    logging.Logger
        The logger ``noisebound``.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    terminal = sys.stderr
    stdout = sys.stdout
    with open(path, "a", encoding="utf-8", buffering=1) as stream:
        handler = logging.StreamHandler(stream)
        formatter = VisibleFormatter("%(asctime)s %(levelname)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S")
        handler.setFormatter(formatter)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        sys.stdout = sys.stderr = stream
        start = time.monotonic()
        try:
            yield logger
            logger.info("done in %.1f s", time.monotonic() - start)
        except NoiseboundError as error:
            logger.error("%s", error)
            print("noisebound:", " ".join(str(error).split()), file=terminal)
            raise SystemExit(1) from None
        except Exception:
            logger.exception("unexpected error")
            raise
        finally:
            sys.stdout, sys.stderr = stdout, terminal
            logger.removeHandler(handler)
