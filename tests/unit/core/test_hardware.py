"""How much memory a job may take; invented GPUs, because few machines have them."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

from noisebound.core.hardware import JOB_MEMORY, usable_memory


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
