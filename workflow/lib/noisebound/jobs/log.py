"""A step's log: everything a script prints goes to its log file, and errors meant for the user also to the terminal."""

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
    """Lines of a log without control characters, which a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, with the traceback where there is one."""
        return visible(super().format(record))


@contextmanager
def step_log(path: str | Path) -> Iterator[logging.Logger]:
    """Send stdout, stderr and the ``noisebound`` logger to a file while the body runs.

    A ``NoiseboundError`` is written to the log and, in one line, to the terminal, and ends the script with exit status
    1; any other exception keeps its traceback and propagates.

    Parameters
    ----------
    path
        The log; its folder is made, and what it holds is kept.

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
