"""Which device a job gets, and how much memory it may take there; invented GPUs, because few machines have them."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from noisebound import devices, leases
from noisebound.devices import JOB_MEMORY, pick_device, usable_memory


@pytest.fixture
def gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[torch.device]:
    """Two GPUs of which the first is taken by another job; the list says which one became the current one."""
    current: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: SimpleNamespace(uuid=f"gpu-{number}"))
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    monkeypatch.setattr(leases, "default_folder", lambda: tmp_path / "locks")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "locks").mkdir(mode=0o700)
    leases._lock(tmp_path / "locks" / "gpu-0.0")
    return current


def test_without_a_gpu_it_is_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device() == torch.device("cpu")


def test_a_free_gpu_is_taken_and_made_the_current_one(gpus: list[torch.device]) -> None:
    for _ in range(2):  # a process keeps what it has
        assert pick_device() == torch.device("cuda:1")
    assert gpus == [torch.device("cuda:1")] * 2


def test_gpus_that_several_jobs_share_are_filled_evenly(gpus: list[torch.device]) -> None:
    assert pick_device(2) == torch.device("cuda:1")


def test_slices_of_a_gpu_are_told_apart(gpus: list[torch.device], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: SimpleNamespace(uuid="the-whole"))
    assert devices._gpu_names() == ["the-whole", "the-whole"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-1, MIG-2")
    assert devices._gpu_names() == ["MIG-1", "MIG-2"]


def test_a_job_may_use_the_share_of_its_cores_and_no_more_than_it_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    memory = SimpleNamespace(total=16 * 10**9, available=1)  # what is free changes nothing
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert [usable_memory(torch.device("cpu"), threads) for threads in (1, 2, 100)] == [
        2 * 10**9,
        4 * 10**9,
        JOB_MEMORY,
    ]


@pytest.mark.parametrize("rule", ["ensemble_scan", "fit_latent_basis"])
def test_steps_that_predict_ask_for_as_much_as_they_use(rule: str) -> None:
    text = (Path(__file__).parents[2] / f"workflow/rules/{rule}.smk").read_text()
    assert f"mem_mb=memory({JOB_MEMORY // 10**6}," in text


def test_jobs_that_share_a_gpu_share_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=8 * 10**9))
    assert [usable_memory(torch.device("cuda:0"), 1, members) for members in (1, 3)] == [8 * 10**9, 8 * 10**9 // 3]
