"""Jobs of one machine share out its devices: real processes, invented devices."""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from noisebound.core.errors import InputError
from noisebound.jobs import gpu_places

JOB = """
import sys
from noisebound.jobs import gpu_places as leases
leases.PAUSE = 0.02
devices, places, folder = sys.argv[1].split(","), int(sys.argv[2]), sys.argv[3]
number = leases.take_device(devices, places, folder)
assert leases.take_device(devices, places, folder) == number
print(devices[number], flush=True)
sys.stdin.read()
"""

Job = subprocess.Popen
Start = Callable[..., Job]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a job that takes a device, prints it, and holds it until its input ends."""
    jobs: list[Job] = []
    environment = {**os.environ, "PYTHONPATH": str(Path(gpu_places.__file__).parents[2])}

    def begin(devices: str, places: int) -> Job:
        command = [sys.executable, "-c", JOB, devices, str(places), str(tmp_path / "locks")]
        jobs.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        )
        return jobs[-1]

    yield begin
    for job in jobs:
        job.kill()
        job.communicate()


def device_of(job: Job) -> str:
    assert job.stdout is not None
    return job.stdout.readline().strip()


def test_jobs_spread_over_the_devices_and_the_next_waits_until_one_ends(start: Start) -> None:
    jobs = [start("a,b", 2) for _ in range(4)]
    found = [device_of(job) for job in jobs]
    assert sorted(found) == ["a", "a", "b", "b"]
    late = start("a,b", 2)
    with pytest.raises(subprocess.TimeoutExpired):
        late.wait(0.5)
    jobs[found.index("b")].send_signal(signal.SIGKILL)  # however it ends
    assert device_of(late) == "b"


def test_every_device_has_a_job_before_one_has_two(start: Start) -> None:
    assert [device_of(start("a,b,c", 4)) for _ in range(4)] == ["a", "b", "c", "a"]


def test_a_job_goes_where_the_fewest_are_left(start: Start) -> None:
    jobs = []
    for expected in ("a", "b", "a"):
        jobs.append(start("a,b", 2))
        assert device_of(jobs[-1]) == expected
    for job in jobs[:2]:
        job.communicate("")
    assert device_of(start("a,b", 2)) == "b"


def test_jobs_that_see_different_devices_agree_on_them(start: Start) -> None:
    assert device_of(start("b", 1)) == "b"
    assert device_of(start("a,b", 1)) == "a"
    late = start("b,a", 1)
    with pytest.raises(subprocess.TimeoutExpired):
        late.wait(0.5)


def test_a_job_that_ends_gives_its_place_back(start: Start) -> None:
    for _ in range(2):
        job = start("a", 1)
        assert device_of(job) == "a"
        job.communicate("")


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK])
def test_without_locks_the_first_device_is_used(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(handle: int, how: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(gpu_places.fcntl, "flock", refuse)
    before = len(os.listdir("/dev/fd"))
    with caplog.at_level(logging.WARNING, "noisebound"):
        for _ in range(2):
            assert gpu_places.take_device(["a", "b"], 2, tmp_path / "locks") == 0
    (record,) = caplog.records  # said once
    assert str(tmp_path / "locks") in record.message and "TMPDIR" in record.message
    assert len(os.listdir("/dev/fd")) == before


def test_the_folder_of_the_locks_is_this_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_places.tempfile, "gettempdir", lambda: str(tmp_path))
    gpu_places.take_device(["a"], 1)
    folder = gpu_places.default_folder()
    assert folder.parent == tmp_path and str(os.getuid()) in folder.name
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())


def test_a_folder_that_others_may_have_made_is_refused(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(mine)
    (tmp_path / "file").touch()
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    for name in ("link", "file", "open"):
        with pytest.raises(InputError, match=rf"{name}.*only this user.*Remedy.*TMPDIR"):
            gpu_places.take_device(["a"], 1, tmp_path / name)
    assert not list(mine.iterdir())


def test_a_link_in_the_place_of_a_lock_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "locks"
    folder.mkdir(mode=0o700)
    (folder / "a_0.0").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        gpu_places.take_device(["a/0"], 1, folder)
    assert not (tmp_path / "elsewhere").exists()
