"""Whether the process of an identity has ended: told of real processes, and never guessed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noisebound.jobs import processes
from noisebound.jobs.processes import describe, has_ended, identity

LIBRARY = str(Path(processes.__file__).parents[2])
NAMED = (
    "import json; from noisebound.jobs.processes import identity; print(json.dumps(identity()), flush=True); input()"
)


@pytest.fixture
def other() -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Another living process, and its identity as it wrote it."""
    environment = {**os.environ, "PYTHONPATH": LIBRARY}
    command = [sys.executable, "-c", NAMED]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
        process.kill()


def test_a_process_ends_when_it_is_killed_and_before_its_parent_looks(
    other: tuple[subprocess.Popen[str], dict[str, Any]],
) -> None:
    process, name = other
    assert name["pid"] == process.pid and not has_ended(name)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert has_ended(name), "it is a zombie"
    process.wait()
    assert has_ended(name)


def test_nothing_is_known_where_the_system_tells_no_boot(
    other: tuple[subprocess.Popen[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, name = other
    process.kill()
    process.wait()
    monkeypatch.setattr(processes, "_boot", lambda: None)
    assert not has_ended(name) and not has_ended({**name, "boot": None})


def test_identities_are_json_and_differ_in_their_token_alone() -> None:
    one, two = identity(), identity()
    assert json.loads(json.dumps(one)) == one
    assert {key for key in one if one[key] != two[key]} - {"since"} == {"token"}


def test_a_job_is_described_by_what_a_user_can_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    own = identity()
    assert describe(own) == f"Slurm job 4711, process {os.getpid()} on {own['host']}, since {own['since']}"
    assert "Slurm" not in describe({**own, "slurm_job": None})
    assert describe({}) == "a job that has not said who it is"


def test_another_process_of_the_same_number_is_not_the_holder() -> None:
    own = identity()
    assert not has_ended(own)
    assert has_ended({**own, "started": own["started"] - 1})
    # On another machine, and in another container, the same number means nothing.
    assert not has_ended({**own, "started": own["started"] - 1, "boot": "other"})
    assert not has_ended({**own, "started": own["started"] - 1, "pid_namespace": "pid:[1]"})
    assert not has_ended({})
