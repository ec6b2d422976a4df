"""Which device a job gets, and how much memory it may take there; invented GPUs, because few machines have them."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from noisebound import devices, leases
from noisebound.devices import pick_device, usable_memory


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


def test_a_job_may_use_the_share_of_its_cores_and_no_more_than_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=16 * 10**9))
    cpu = torch.device("cpu")
    assert usable_memory(cpu, 1) == 2 * 10**9
    assert usable_memory(cpu, 2) == 4 * 10**9
    assert usable_memory(cpu, 100) == 16 * 10**9
    assert usable_memory(cpu, 1, 1500) == 1500 * 10**6
    assert usable_memory(cpu, 1, 4000) == 2 * 10**9


def test_on_a_gpu_it_is_what_the_gpu_has_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (3 * 10**9, 8 * 10**9))
    assert usable_memory(torch.device("cuda:0"), 1, 1000) == 3 * 10**9
