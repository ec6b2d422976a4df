"""The test cluster itself: it leaves nothing behind, and says what it is missing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.cluster import slurm
from tests.cluster.slurm import Cluster, wait_until
from tests.workflow.project import ROOT


def test_a_cluster_leaves_nothing_not_even_a_job_that_does_not_want_to_end() -> None:
    before = set(os.listdir(slurm.tempfile.gettempdir()))
    with Cluster() as own:
        mark = own.folder / "stubborn"
        script = f"trap '' TERM INT HUP; touch {mark}; (trap '' TERM; sleep 500) & while true; do sleep 1; done"
        own.command("sbatch", f"--output={own.folder}/job.out", "--mem=100", f"--wrap={script}")
        wait_until(mark.exists, 30, lambda: own.command("squeue", "--states=all"))
        assert len(own.leftovers()) > len(slurm.NODES) + 2, "daemons, a job and what the job started"
    assert own.leftovers() == []
    assert not own.folder.exists()
    assert not {name for name in os.listdir(slurm.tempfile.gettempdir()) if name.startswith("slurm-")} - before
    assert str(own.folder) not in (slurm.Path("/proc/mounts").read_text())


def test_without_slurm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "SYSTEM_PATH", "/nowhere")
    assert "slurmctld" in slurm.missing() and "make test-cluster" in slurm.missing()


def test_an_unprivileged_user_is_told_that_it_needs_root() -> None:
    code = "import os; from tests.cluster.slurm import missing; os.setuid(65534); print(missing())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert "needs root" in done.stdout + done.stderr
