"""What a job says it took: measured against what this process really does."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from noisebound.jobs import usage


def test_time_on_the_processor_counts_programs_that_were_started() -> None:
    before = usage.processor_and_memory()["cpu_s"]
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    assert usage.processor_and_memory()["cpu_s"] - before >= 0.45


def test_the_peak_of_memory_is_that_of_the_larger_of_job_and_program() -> None:
    before = usage.processor_and_memory()["peak_memory_bytes"]
    size = before + 100 * 10**6
    subprocess.run([sys.executable, "-c", f"bytearray({size})"], check=True)
    assert size <= usage.processor_and_memory()["peak_memory_bytes"] <= size + 200 * 10**6


def test_outside_of_a_batch_system_nothing_is_said_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    assert usage.slurm_job() is None


def test_a_cluster_without_scontrol_says_no_queue_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    monkeypatch.setenv("PATH", "")
    found = usage.slurm_job()
    assert found is not None and found["job"] == "17" and found["queue_s"] is None


@pytest.mark.parametrize("variable", ["APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"])
def test_an_image_is_named_without_its_folder(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    for name in ("APPTAINER_CONTAINER", "SINGULARITY_CONTAINER"):
        monkeypatch.delenv(name, raising=False)
    assert usage.container_image() is None
    monkeypatch.setenv(variable, "/home/somebody/images/evaluate.sif")
    assert usage.container_image() == "evaluate.sif"


def test_without_a_gpu_the_processor_is_named() -> None:
    found = usage.device_used()
    assert found["kind"] == "cpu" and found["name"] and found["peak_memory_bytes"] is None
