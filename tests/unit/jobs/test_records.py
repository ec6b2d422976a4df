"""Records of jobs: how each end shows, what an older record is worth, and that names stay inside the folder."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from noisebound.core.errors import InputError
from noisebound.jobs import records
from noisebound.jobs.output_lock import lock_path
from noisebound.jobs.processes import identity
from noisebound.jobs.records import describe_file, read_records, record_path, recorded
from noisebound.jobs.step import step

LIBRARY = str(Path(records.__file__).parents[2])


class Values(dict[str, Any]):
    """Stands in for Snakemake's lists of named values."""


def job(tmp_path: Path, **changes: Any) -> SimpleNamespace:
    """A ``snakemake`` object of one member's training."""
    content: dict[str, Any] = {
        "rule": "train_member",
        "wildcards": Values(member="0"),
        "input": [str(tmp_path / "in.h5")],
        "output": [str(tmp_path / "member-0.pt"), str(tmp_path / "member-0.csv")],
        "params": Values(seed=7),
        "log": [str(tmp_path / "log")],
        "config": {"results": str(tmp_path / "results"), "run": "tiny"},
    }
    return SimpleNamespace(**{**content, **changes})


def records(tmp_path: Path) -> list[dict[str, Any]]:
    return read_records(tmp_path / "results" / "tiny" / "provenance" / "jobs")


def finish(snakemake: SimpleNamespace) -> None:
    with step(snakemake):
        for number, output in enumerate(snakemake.output):
            Path(output).write_bytes(b"weights %d" % number)


def fail(snakemake: SimpleNamespace, error: BaseException) -> None:
    with pytest.raises((SystemExit, type(error))), step(snakemake):
        raise error


def test_a_finished_job_tells_what_it_took_and_what_it_wrote(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    finish(job(tmp_path))
    assert signal.getsignal(signal.SIGTERM) is before
    (record,) = records(tmp_path)
    assert (record["rule"], record["wildcards"], record["state"]) == ("train_member", {"member": "0"}, "finished")
    assert (record["attempt"], record["seed"], record["error"], record["slurm"]) == (1, 7, None, None)
    assert record["start"].endswith("+00:00") and record["start"] <= record["end"]
    assert 0 <= record["wall_s"] < 10 and record["cpu_s"] > 0
    assert 5e6 < record["peak_memory_bytes"] < 64e9
    assert record["versions"]["python"] == sys.version.split()[0]
    for number, output in enumerate(record["outputs"]):
        assert output["path"] == job(tmp_path).output[number]
        assert output["sha256"] == hashlib.sha256(b"weights %d" % number).hexdigest()
        assert output["bytes"] == len(b"weights 0")
    assert record["inputs"] == [str(tmp_path / "in.h5")]


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (InputError("bad\nthing", remedy="another"), "failed", "bad thing. Remedy: another."),
        (ZeroDivisionError("by  zero"), "failed", "ZeroDivisionError: by zero"),
        (KeyboardInterrupt(), "cut off", "KeyboardInterrupt"),
    ],
)
def test_a_job_that_fails_says_why_in_one_line(tmp_path: Path, error: BaseException, state: str, words: str) -> None:
    fail(job(tmp_path), error)
    (record,) = records(tmp_path)
    assert (record["state"], record["error"]) == (state, words)
    assert record["end"] and record["wall_s"] >= 0


def test_attempts_are_kept_until_another_job_replaces_what_they_led_to(tmp_path: Path) -> None:
    for _ in range(2):
        fail(job(tmp_path), OSError("disk"))
        time.sleep(0.002)
    finish(job(tmp_path))
    finish(job(tmp_path, wildcards=Values(member="1")))
    assert [(r["wildcards"]["member"], r["attempt"], r["state"]) for r in records(tmp_path)] == [
        ("0", 1, "failed"),
        ("0", 2, "failed"),
        ("0", 3, "finished"),
        ("1", 1, "finished"),
    ]
    time.sleep(0.002)
    finish(job(tmp_path))
    assert [(r["wildcards"]["member"], r["attempt"]) for r in records(tmp_path)] == [("0", 1), ("1", 1)]


def test_names_that_begin_alike_are_not_confused(tmp_path: Path) -> None:
    for name in ("a", "a.b", "a.b.c"):
        finish(job(tmp_path, rule="ingest_scan", wildcards=Values(scan=name)))
    finish(job(tmp_path, rule="ingest_scan", wildcards=Values(scan="a")))
    assert [record["wildcards"]["scan"] for record in records(tmp_path)] == ["a", "a.b", "a.b.c"]


SCRIPT = """
import json, sys, time
from types import SimpleNamespace
from noisebound.jobs.step import step
with step(SimpleNamespace(**json.loads(sys.argv[1]))):
    print("at work", flush=True)
    time.sleep(60)
"""


def start(tmp_path: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, json.dumps(vars(job(tmp_path)))],
        env={**os.environ, "PYTHONPATH": LIBRARY},
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 20
    while not (tmp_path / "log").exists() or "at work" not in (tmp_path / "log").read_text():
        assert time.monotonic() < end
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_that_was_killed_reads_as_cut_off(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path)
    assert [record["state"] for record in records(tmp_path)] == ["running"]
    process.send_signal(number)
    process.wait(20)
    (record,) = records(tmp_path)
    assert record["state"] == "cut off"
    assert record["error"] == (None if number == signal.SIGKILL else "ended by the signal TERM")
    finish(job(tmp_path))
    assert [(r["state"], r["attempt"]) for r in records(tmp_path)] == [("cut off", 1), ("finished", 2)]


def test_a_job_elsewhere_runs_while_it_holds_its_output(tmp_path: Path) -> None:
    """Its process cannot be seen from here; its lock can."""
    process = {**identity(), "boot": "other"}
    output = tmp_path / "out.h5"
    keywords: dict[str, Any] = {"rule": "r", "wildcards": {}, "inputs": [], "outputs": [str(output)]}
    with recorded(tmp_path / "jobs", process, **keywords):
        (path,) = (tmp_path / "jobs").glob("r/*.json")
        running = path.read_bytes()
    path.write_bytes(running)
    lock_path(output).write_text(json.dumps(process), encoding="utf-8")
    assert [record["state"] for record in read_records(tmp_path / "jobs")] == ["running"]
    lock_path(output).write_text(json.dumps(identity()), encoding="utf-8")
    assert [record["state"] for record in read_records(tmp_path / "jobs")] == ["cut off"]


@pytest.mark.parametrize("name", ["../../../evil", "/etc/passwd", "..", "a/b", ".hidden", "nul\0", "<b>"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    path = record_path(tmp_path, name, {"scan": name}, name + "0" * 12)
    assert path.parent.parent == tmp_path
    assert {path.name[0], path.parent.name[0]}.isdisjoint("./")


def test_records_that_are_none_are_passed_over(tmp_path: Path) -> None:
    finish(job(tmp_path))
    folder = tmp_path / "results" / "tiny" / "provenance" / "jobs" / "train_member"
    for number, content in enumerate(["", "[]", "3", '{"rule": 1}', '{"rule": "a", "wildcards": [], "start": ""}']):
        (folder / f"0.{number:012d}.json").write_text(content, encoding="utf-8")
    assert len(records(tmp_path)) == 1


def test_a_record_that_cannot_be_written_stops_no_job(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("in the way of the folder", encoding="utf-8")
    finish(job(tmp_path))
    assert (tmp_path / "member-0.pt").exists()
    assert "no record of this job could be kept" in (tmp_path / "log").read_text(encoding="utf-8")


def test_the_batch_system_is_asked_how_long_the_job_queued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "scontrol"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n[ $4 = 17 ] && echo 'JobId=17 JobName=x SubmitTime=2026-01-02T23:59:00 EligibleTime=Unknown "
        "StartTime=2026-01-03T00:01:30 EndTime=Unknown'\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    for variable, value in {
        "SLURM_JOB_ID": "17",
        "SLURMD_NODENAME": "node2",
        "SLURM_JOB_GPUS": "3",
        "CUDA_VISIBLE_DEVICES": "0",
    }.items():
        monkeypatch.setenv(variable, value)
    finish(job(tmp_path))
    (record,) = records(tmp_path)
    assert {key: record["slurm"][key] for key in ("job", "node", "gpus", "queue_s")} == {
        "job": "17",
        "node": "node2",
        "gpus": "3",
        "queue_s": 150.0,
    }
    assert record["device"]["visible"] == "0"
    for body in ("exit 1", "echo nonsense", "sleep 60"):
        program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        monkeypatch.setattr("noisebound.jobs.usage.PATIENCE", 0.3)
        finish(job(tmp_path))
        assert records(tmp_path)[-1]["slurm"]["queue_s"] is None


def test_a_file_is_described_by_its_content(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc" * 10**6)
    found = describe_file(file)
    assert found["bytes"] == 3 * 10**6
    assert found["sha256"] == hashlib.sha256(b"abc" * 10**6).hexdigest()


def test_a_file_that_was_written_again_alike_says_since_when_it_is_so(tmp_path: Path) -> None:
    """Also where a job between them failed: it hands on what it was told."""
    output = tmp_path / "member-0.pt"
    attempt = job(tmp_path, output=[str(output)])

    def run(content: bytes, error: BaseException | None = None) -> dict[str, Any]:
        if error is not None:
            fail(attempt, error)
        else:
            with step(attempt):
                output.write_bytes(content)
        return records(tmp_path)[-1]

    first = run(b"one")["outputs"][0]
    assert "unchanged_since_ns" not in first
    assert run(b"one")["outputs"][0]["unchanged_since_ns"] == first["mtime_ns"]
    assert run(b"", InputError("no", remedy="none"))["before"][str(output)]["since_ns"] == first["mtime_ns"]
    again = run(b"one")
    assert again["outputs"][0]["unchanged_since_ns"] == first["mtime_ns"] and "before" not in again
    assert "unchanged_since_ns" not in run(b"two")["outputs"][0]
    assert "unchanged_since_ns" not in run(b"one")["outputs"][0], "it was another one in between"
