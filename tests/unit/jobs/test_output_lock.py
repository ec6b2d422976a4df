"""Never two jobs on one output, however jobs end: real processes, short times."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from noisebound.core.errors import InputError
from noisebound.jobs import output_lock
from noisebound.jobs.processes import identity

LIBRARY = str(Path(output_lock.__file__).parents[2])

# Holds the lock of argv[1] and says when it began and ended; "stranger" sees no processes, as on another machine.
JOB = """
import os, sys, time
from noisebound.jobs import output_lock as joblock, processes
joblock.BEAT, joblock.SILENCE, joblock.PAUSE = 0.1, 1.0, 0.02
output, seconds, kind = sys.argv[1], float(sys.argv[2]), sys.argv[3]
if kind == "stranger":
    processes._boot = lambda: None
with joblock.sole_job(output, lambda text: print("said", text, flush=True)) as own:
    with open(output + ".held", "x"):  # fails where another job is here
        print("holding", flush=True)
        time.sleep(seconds)
    os.unlink(output + ".held")
print("released", flush=True)
"""

Job = subprocess.Popen
Start = Callable[..., Job]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a job that holds the lock of the output for some seconds."""
    jobs: list[Job] = []
    environment = {**os.environ, "PYTHONPATH": LIBRARY}

    def begin(seconds: float = 60, kind: str = "local") -> Job:
        command = [sys.executable, "-c", JOB, str(tmp_path / "out" / "member.pt"), str(seconds), kind]
        jobs.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment))
        return jobs[-1]

    yield begin
    for job in jobs:
        job.kill()
        job.wait()
        assert job.stdout is not None
        job.stdout.close()


def line(job: Job) -> str:
    assert job.stdout is not None
    return job.stdout.readline().strip()


def kill(job: Job, output: Path) -> None:
    """As the system does it to a job that takes too much memory."""
    job.kill()
    job.wait(10)
    output.with_name(output.name + ".held").unlink()


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out" / "member.pt"


def test_many_contenders_hold_the_lock_one_after_another(start: Start, output: Path) -> None:
    jobs = [start(0.05) for _ in range(12)]
    assert [job.wait(60) for job in jobs] == [0] * 12
    assert os.listdir(output.parent) == []


def test_a_waiting_job_says_who_holds_the_output_and_goes_on_when_it_ends(start: Start, output: Path) -> None:
    first = start(3, "stranger")  # shows signs of life for longer than the silence
    assert line(first) == "holding"
    second = start(0)
    said = line(second)
    for word in ("said", str(output), "another job", f"process {first.pid} on {socket.gethostname()}"):
        assert word in said
    assert first.poll() is None
    assert line(second) == "holding" and line(first) == "released"
    assert second.wait(10) == 0


def test_a_job_that_died_here_is_known_at_once(start: Start, output: Path) -> None:
    first = start()
    assert line(first) == "holding"
    kill(first, output)
    begin = time.monotonic()
    with output_lock.sole_job(output):
        assert time.monotonic() - begin < 0.5
        assert output_lock.holder_of(output)["pid"] == os.getpid()
    assert os.listdir(output.parent) == []


def test_a_job_that_died_elsewhere_is_known_by_its_silence(start: Start, output: Path) -> None:
    first = start(60, "stranger")
    assert line(first) == "holding"
    kill(first, output)
    begin = time.monotonic()
    second = start(0, "stranger")
    lines = [line(second) for _ in range(4)]
    assert 1.0 < time.monotonic() - begin < 10
    assert "waiting" in lines[0] and "left by a job that has ended" in lines[1]
    assert lines[2:] == ["holding", "released"]


@pytest.mark.parametrize("kind", ["local", "stranger"])
def test_of_many_that_find_a_dead_job_one_takes_over_at_a_time(start: Start, output: Path, kind: str) -> None:
    for _ in range(3):
        first = start(60, kind)
        assert line(first) == "holding"
        kill(first, output)
        jobs = [start(0.05, kind) for _ in range(8)]
        assert [job.wait(60) for job in jobs] == [0] * 8
        assert sum("left by a job" in job.stdout.read() for job in jobs if job.stdout) == 1
        assert os.listdir(output.parent) == []


def test_a_job_that_died_while_taking_over_does_not_block_the_next(start: Start, output: Path) -> None:
    first = start()
    assert line(first) == "holding"
    kill(first, output)
    lock = output_lock.lock_path(output)
    stale = lock.read_bytes()
    digest = hashlib.sha256(stale).hexdigest()[:16]
    lock.with_name(f"{lock.name}.{digest}.0").write_bytes(stale)  # the claim of a job that is dead as well
    lock.with_name(f"{lock.name}.{digest}.1").touch()  # and of one that did not come to say who it was
    second = start(0)
    assert second.wait(20) == 0
    assert os.listdir(output.parent) == []


def test_a_lock_without_content_is_dead_once_it_is_silent(start: Start, output: Path) -> None:
    """Its job died between creating and writing it."""
    output.parent.mkdir()
    output_lock.lock_path(output).touch()
    job = start(0)
    assert job.wait(20) == 0


def test_a_job_that_stood_still_stops_when_another_took_its_place(start: Start, output: Path) -> None:
    first = start(60, "stranger")
    assert line(first) == "holding"
    first.send_signal(signal.SIGSTOP)
    output.with_name("member.pt.held").unlink()
    second = start(3, "stranger")
    while line(second) != "holding":
        pass
    first.send_signal(signal.SIGCONT)
    assert first.wait(10) == -signal.SIGTERM
    assert output_lock.holder_of(output)["pid"] == second.pid  # the lock of the other stays
    assert second.wait(10) == 0


@pytest.mark.parametrize("error", [InputError("bad", remedy="good"), OSError("disk"), KeyboardInterrupt()])
def test_the_lock_is_given_back_on_errors(output: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), output_lock.sole_job(output):
        raise error
    assert os.listdir(output.parent) == []


def test_a_link_in_the_place_of_the_lock_is_refused(output: Path, tmp_path: Path) -> None:
    output.parent.mkdir()
    output_lock.lock_path(output).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"), output_lock.sole_job(output):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_no_thread_is_left(output: Path) -> None:
    before = threading.active_count()
    with output_lock.sole_job(output):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


STEP = """
import json, sys, time
from types import SimpleNamespace
from noisebound.jobs import output_lock as joblock
from noisebound.jobs.step import step
joblock.PAUSE = 0.02
snakemake = SimpleNamespace(**json.loads(sys.argv[1]), rule="some_step", wildcards={}, params={}, input=[])
with step(snakemake):
    print("at work", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def start_step(tmp_path: Path, seconds: float) -> subprocess.Popen[str]:
    config = {"results": str(tmp_path / "results"), "run": "tiny"}
    content = {"log": [str(tmp_path / "log")], "output": [str(tmp_path / "out.h5")], "config": config}
    return subprocess.Popen(
        [sys.executable, "-c", STEP, json.dumps(content), str(seconds)],
        env={**os.environ, "PYTHONPATH": LIBRARY},
        stderr=subprocess.PIPE,
        text=True,
    )


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_cancelled_step_gives_its_lock_back_and_the_one_that_waited_goes_on(tmp_path: Path) -> None:
    log, lock = tmp_path / "log", tmp_path / ".out.h5.lock"
    first = start_step(tmp_path, 60)
    until(lambda: log.exists() and "at work" in log.read_text())
    second = start_step(tmp_path, 0)
    assert second.stderr is not None and first.stderr is not None
    assert f"process {first.pid}" in second.stderr.readline()
    assert "is being written by another job" in log.read_text()
    first.terminate()  # as scancel does
    assert first.wait(10) == 128 + signal.SIGTERM
    assert "ended by the signal TERM" in log.read_text()
    assert second.wait(10) == 0
    assert log.read_text().count("at work") == 2 and not lock.exists()
    first.stderr.close()
    second.stderr.close()


def test_who_comes_late_to_a_dead_lock_leaves_it_to_the_one_that_was_faster(output: Path) -> None:
    output.parent.mkdir()
    lock = output_lock.lock_path(output)
    lock.write_bytes(b"the faster one")
    assert output_lock._take_over(lock, b"the dead one", b"the late one", output_lock._Watch()) is None
    assert lock.read_bytes() == b"the faster one"
    assert os.listdir(output.parent) == [lock.name]


def test_of_two_that_see_the_same_dead_lock_the_second_to_claim_it_waits(output: Path) -> None:
    output.parent.mkdir()
    lock = output_lock.lock_path(output)
    lock.write_bytes(b"the dead one")
    digest = hashlib.sha256(b"the dead one").hexdigest()[:16]
    lock.with_name(f"{lock.name}.{digest}.0").write_text(json.dumps(identity()), encoding="utf-8")
    assert output_lock._take_over(lock, b"the dead one", b"the late one", output_lock._Watch()) is None
    assert lock.read_bytes() == b"the dead one"
