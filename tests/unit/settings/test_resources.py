"""What steps ask a batch system for is never read as no limit, and what Slurm's plugin makes of other numbers."""

from __future__ import annotations

import inspect
import re
from types import SimpleNamespace

import pytest
from snakemake.resources import Resource
from snakemake_executor_plugin_slurm.submit_string import get_submit_command

from noisebound.jobs import output_lock
from noisebound.settings.resources import LEAST_MEMORY, LEAST_MINUTES, MOST_MINUTES, megabytes, whole_minutes

SLURM_OVERFLOW = 71_582_788  # minutes: 2**32 seconds, which Slurm reads as no limit
ATTEMPTS = (1, 2, 3)


@pytest.mark.parametrize("factor", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("amount", [0.0, 0.001, 0.5, 1, 1.2, 90, 1e6, 1e300])
def test_times_are_whole_minutes_that_slurm_takes_as_they_are(amount: float, factor: float) -> None:
    for attempt in ATTEMPTS:
        asked = whole_minutes(amount, factor, attempt)
        assert isinstance(asked, int) and LEAST_MINUTES <= asked <= MOST_MINUTES
        assert asked >= min(amount * factor, MOST_MINUTES)
        assert limit_of(asked) == asked


def test_every_attempt_may_take_twice_as_much_as_the_one_before() -> None:
    assert [whole_minutes(3, 1.0, attempt) for attempt in ATTEMPTS] == [3, 6, 12]
    assert [whole_minutes(0.2, 0.1, attempt) for attempt in ATTEMPTS] == [2, 4, 8]
    assert [megabytes(700.2, 2.0, attempt) for attempt in ATTEMPTS] == [1401, 2802, 5604]
    assert [megabytes(1, 0.1, attempt) for attempt in ATTEMPTS] == [LEAST_MEMORY * factor for factor in (1, 2, 4)]


def test_a_second_attempt_outlasts_the_lock_of_a_killed_job() -> None:
    # From the text, because the tests of the lock shorten it for themselves.
    silence = re.search(r"^SILENCE = ([\d.]+)", inspect.getsource(output_lock), flags=re.MULTILINE)
    assert silence is not None
    assert 60 * whole_minutes(0, 0.1, 2) >= float(silence[1]) + 60


def test_the_largest_group_does_not_overflow() -> None:
    """Four steps of 20 scans are the most that the profile puts together."""
    assert 4 * 20 * MOST_MINUTES < SLURM_OVERFLOW


@pytest.mark.parametrize(
    ("runtime", "minutes"),
    [(1, 1), ("30s", 1), ("90s", 1), ("2h", 120), (1.6, 2), (0.6, 1), (0.5, None), (0.4, None), (0, None), ("0", None)],
)
def test_what_the_plugin_makes_of_a_runtime(runtime: object, minutes: int | None) -> None:
    """As config/README.md says for ``--set-resources``: what rounds to 0 is not sent, and the partition decides."""
    assert limit_of(runtime) == minutes


def limit_of(runtime: object) -> int | None:
    """Minutes that a rule's ``runtime`` becomes in the call of ``sbatch``; None where it sends none."""
    resources = {"runtime": Resource("runtime", runtime).value, "mem_mb": 500}
    job = SimpleNamespace(resources=_Resources(resources), threads=1)
    params = dict.fromkeys(("run_uuid", "slurm_logfile", "comment_str", "account", "partition", "workdir"), "")
    words = get_submit_command(job, params).split()
    return int(words[words.index("-t") + 1]) if "-t" in words else None


class _Resources(dict):  # type: ignore[type-arg]
    """Resources as Snakemake hands them over: by key and by attribute."""

    def __getattr__(self, name: str) -> object:
        return self[name]
