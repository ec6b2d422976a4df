"""What a job computes on, and how much memory it may take; invented GPUs, because few machines have them."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from noisebound.core.hardware import JOB_MEMORY, Hardware, usable_memory


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
    text = (Path(__file__).parents[3] / f"workflow/rules/{rule}.smk").read_text()
    assert f"mem_mb=memory({JOB_MEMORY // 10**6}," in text


def test_jobs_that_share_a_gpu_share_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=8 * 10**9))
    assert [usable_memory(torch.device("cuda:0"), 1, members) for members in (1, 3)] == [8 * 10**9, 8 * 10**9 // 3]


def test_a_job_is_prepared_for_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    for threads in (3, 0):
        Hardware(threads=threads).prepare()
    assert asked == [3, 1], "torch refuses none at all"


def test_a_gpu_is_chosen_and_computes_in_plain_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[torch.device] = []
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    cudnn, matmul = SimpleNamespace(allow_tf32=True), SimpleNamespace(allow_tf32=True)
    monkeypatch.setattr(torch.backends, "cudnn", cudnn)
    monkeypatch.setattr(torch.backends.cuda, "matmul", matmul)
    Hardware(torch.device("cuda", 1)).prepare()
    assert chosen == [torch.device("cuda", 1)]
    assert not cudnn.allow_tf32 and not matmul.allow_tf32


def test_a_machine_without_a_gpu_has_its_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert Hardware.here() == Hardware(torch.device("cpu"), torch.get_num_threads())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert Hardware.here().device == torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=9 * 10**9))
    assert Hardware(torch.device("cuda", 0), 1, jobs_per_gpu=2).memory == 45 * 10**8
