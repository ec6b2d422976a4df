"""What every step has around its one call: a log, a lock on its outputs, and a record of the job."""

from __future__ import annotations

import errno
import logging
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from ..core.errors import InputError, NoiseboundError
from ..core.storage import remove_parts
from .digests import check_code
from .log import step_log
from .output_lock import sole_job
from .records import recorded

logger = logging.getLogger("noisebound")
# The parameter of a rule that Snakemake does not compare between runs, because it is a function of the input files.
UNWATCHED = "unwatched"
ROOM = 1 << 16  # bytes; if less is free, any error counts as one of a full disk


@contextmanager
def step(snakemake: Any, beside: Sequence[str | Path] = ()) -> Iterator[None]:
    """Run the body as the step that a script's ``snakemake`` object describes.

    Output goes to the log of the step (:func:`noisebound.jobs.log.step_log`). The step waits while another job writes
    its outputs (:func:`noisebound.jobs.output_lock.sole_job`). One lock, on the first output, stands for all outputs,
    because they belong together. Then temporary files of killed jobs are removed, and a record of the job is kept
    (:func:`noisebound.jobs.records.recorded`). The signal TERM, with which batch systems cancel jobs, ends the step
    like an error, so that it removes its temporary files and releases its lock.

    Parameters
    ----------
    snakemake
        The object that Snakemake hands to a script.
    beside
        Files that the step writes besides its outputs, whose temporary files are removed too.

    Raises
    ------
    InputError
        If this process imported other code than that of which the rule's parameter ``code`` is the digest, or if the
        disk is full.
    """
    terminal = sys.stderr

    def announce(text: str) -> None:
        logger.info("%s", text)
        print("noisebound:", text, file=terminal, flush=True)

    begin = time.monotonic()
    output = Path(snakemake.output[0])
    params = snakemake.params
    with (
        step_log(snakemake.log[0]),
        _full_disk_in_words(output),
        _ended_by_term(),
        sole_job(output, announce) as process,
    ):
        if (code := params.get("code")) is not None:
            check_code(code)
        remove_parts(*snakemake.output, *beside)
        with recorded(
            records_folder(snakemake.config),
            process,
            rule=snakemake.rule,
            wildcards=dict(snakemake.wildcards.items()),
            inputs=[str(path) for path in snakemake.input],
            outputs=[str(path) for path in snakemake.output],
            seed=params.get("seed"),
            params={name: value for name, value in params.items() if name != UNWATCHED},
            waited=time.monotonic() - begin,
        ):
            yield


def records_folder(config: Mapping[str, Any]) -> Path:
    """Return the folder of the records of a run's jobs.

    Parameters
    ----------
    config
        The configuration of the run.

    Returns
    -------
    Path
        ``<results>/<run>/provenance/jobs``.
    """
    return Path(config["results"]) / config["run"] / "provenance" / "jobs"


@contextmanager
def _full_disk_in_words(output: Path) -> Iterator[None]:
    """Turn an error that is due to a full disk into one that says so; HDF5 and torch report it in other words."""
    try:
        yield
    except Exception as error:
        full = (
            getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
            or shutil.disk_usage(output.parent).free < ROOM
        )
        if isinstance(error, NoiseboundError) or not full:
            raise
        raise InputError(
            f"the disk is full, or your share of it ({error})",
            file=output,
            remedy="make room and start again: what is finished is kept, trainings continue from their checkpoints",
        ) from error


@contextmanager
def _ended_by_term() -> Iterator[None]:
    """Turn the signal TERM into ``SystemExit``, so that what is open is closed and removed."""

    def end(number: int, frame: FrameType | None) -> None:
        logger.error("ended by the signal TERM: cancelled, or over a limit of the batch system")
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
