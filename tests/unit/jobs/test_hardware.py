"""Which device a job gets, and how much memory it may take there; invented GPUs, because few machines have them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from noisebound.core.hardware import Hardware
from noisebound.jobs import gpu_places
from noisebound.jobs.hardware import gpu_names, take_hardware


@pytest.fixture
def gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[torch.device]:
    """Two GPUs of which the first is taken by another job; the list says which one became the current one."""
    current: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: SimpleNamespace(uuid=f"gpu-{number}"))
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    monkeypatch.setattr(gpu_places, "default_folder", lambda: tmp_path / "locks")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "locks").mkdir(mode=0o700)
    gpu_places._lock(tmp_path / "locks" / "gpu-0.0")
    return current


def test_without_a_gpu_it_is_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert take_hardware(3) == Hardware(torch.device("cpu"), 3)


def test_a_free_gpu_is_taken_and_made_the_current_one(gpus: list[torch.device]) -> None:
    for _ in range(2):  # a process keeps what it has
        hardware = take_hardware()
        assert hardware.device == torch.device("cuda:1")
        hardware.prepare()
    assert gpus == [torch.device("cuda:1")] * 2


def test_gpus_that_several_jobs_share_are_filled_evenly(gpus: list[torch.device]) -> None:
    assert take_hardware(1, 2).device == torch.device("cuda:1")


def test_slices_of_a_gpu_are_told_apart(gpus: list[torch.device], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: SimpleNamespace(uuid="the-whole"))
    assert gpu_names() == ["the-whole", "the-whole"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-1, MIG-2")
    assert gpu_names() == ["MIG-1", "MIG-2"]
