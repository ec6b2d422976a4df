"""What steps ask a batch system for is never read as no limit, and what Slurm's plugin makes of other numbers."""

from __future__ import annotations

import copy
import inspect
import re
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.resources import Resource
from snakemake_executor_plugin_slurm.submit_string import get_submit_command

from noisebound.architecture.settings import unet_settings
from noisebound.architecture.unet import plan_unet
from noisebound.jobs import output_lock
from noisebound.settings.resources import (
    LEAST_MEMORY,
    LEAST_MINUTES,
    MOST_MINUTES,
    StepResources,
    megabytes,
    most_parameters,
    whole_minutes,
)

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


SIZES = {"small": 10.0, "large": 400.0}


@pytest.fixture
def step_resources(settings: dict[str, Any]) -> StepResources:
    settings["cluster"] |= {"memory": 2.0, "time": 3.0}
    return StepResources(settings, lambda scans: sum(SIZES[scan] for scan in scans))


def test_a_job_asks_by_the_size_of_its_own_scan_or_of_those_that_it_reads(step_resources: StepResources) -> None:
    own, several = step_resources.memory(1000, per_mb=5), step_resources.memory(1000, per_mb=5, scans=list(SIZES))
    small, large = (SimpleNamespace(scan=scan) for scan in ("small", "large"))
    assert own(small, 1) == 2 * (1000 + 5 * 10) and own(large, 1) == 2 * (1000 + 5 * 400)
    assert several(small, 1) == several(large, 1) == 2 * (1000 + 5 * 410)
    assert own(small, 2) == 2 * own(small, 1)
    assert step_resources.minutes(7, per_mb=0.5)(small, 1) == 3 * 12
    no_scan = SimpleNamespace()
    assert step_resources.minutes(7)(no_scan, 1) == 21, "a job without a scan is asked for none"


def test_what_the_cluster_decides_is_left_to_it(step_resources: StepResources) -> None:
    assert step_resources.submitted_with("gpu") == {}
    step_resources.settings["cluster"] |= {"account": "lab", "gpu_partition": "a100", "cpu_qos": "long"}
    assert step_resources.submitted_with("gpu") == {"slurm_account": "lab", "slurm_partition": "a100"}
    assert step_resources.submitted_with("cpu") == {"slurm_account": "lab", "qos": "long"}


def test_times_grow_with_the_work(step_resources: StepResources) -> None:
    more = copy.deepcopy(step_resources.settings)
    more["training"]["steps"] *= 3
    assert step_resources.training_minutes(more) == pytest.approx(3 * step_resources.training_minutes())
    once = step_resources.prediction_minutes_per_mb()
    step_resources.settings["architecture"]["members"] *= 2
    assert step_resources.prediction_minutes_per_mb() == pytest.approx(2 * once)


def test_no_member_that_is_drawn_has_more_parameters_than_are_paid_for(settings: dict[str, Any]) -> None:
    settings["architecture"]["parameters"] = [100, 5000]
    assert most_parameters(settings) == 5000
    settings["architecture"]["parameters"] = 300
    assert most_parameters(settings) == 300
    settings["architecture"]["family"] = "unet"
    settings["architecture"]["max_radius"] = 200
    about = {"seed": 1, "member": 0, "dimensions": 2, "in_channels": 1, "out_channels": 1}
    network = plan_unet(unet_settings(settings["architecture"]), **about)
    assert network.parameter_count() < most_parameters(settings) < 40 * network.parameter_count()
