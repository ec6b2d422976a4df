"""A library that crashes, hangs or takes all memory ends in words, and leaves this process as it was."""

from __future__ import annotations

import mmap
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from noisebound.core.errors import InputError, LeakageError
from noisebound.scans.apart import call_apart, grant_more_time


def apart(function: Callable[[], Any], **limits: float) -> Any:
    settings: dict[str, Any] = {"file": "a.h5", "library": "HDF5", "seconds": 5, "memory": 100 << 20, **limits}
    return call_apart(function, **settings)


def test_results_come_back_and_arrays_are_shared() -> None:
    shared = np.frombuffer(mmap.mmap(-1, 4096), "uint16")
    assert apart(lambda: (shared.fill(7), os.getpid())[1]) != os.getpid()
    assert (shared == 7).all()


def test_errors_come_back_whole() -> None:
    def fail() -> None:
        raise LeakageError("broken", remedy="mend it", file="x.h5", key="k", value=3)

    with pytest.raises(LeakageError, match=r"file 'x\.h5', key 'k', value 3: broken\. Remedy: mend it\.") as raised:
        apart(fail)
    assert (raised.value.problem, raised.value.value, raised.value.remedy) == ("broken", 3, "mend it")


def test_a_crash_and_a_loop_without_end_are_said_in_words() -> None:
    with pytest.raises(InputError, match=r"a\.h5.*the HDF5 library crashes on it.*Remedy"):
        apart(lambda: os.kill(os.getpid(), signal.SIGKILL))

    def loop() -> None:
        while True:
            pass

    with pytest.raises(InputError, match=r"a\.h5.*the HDF5 library is still busy with it after.*Remedy"):
        apart(loop, seconds=0.2)


def test_time_is_granted_anew() -> None:
    def work() -> str:
        for _ in range(6):
            grant_more_time()
            begin = time.process_time()
            while time.process_time() - begin < 0.1:
                pass
        return "done"

    assert apart(work, seconds=0.3) == "done"
    grant_more_time()
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_memory_beyond_the_limit_is_not_given() -> None:
    with pytest.raises(MemoryError):
        apart(lambda: np.ones(200 << 20, "uint8").sum())
    assert apart(lambda: int(np.ones(50 << 20, "uint8").sum())) == 50 << 20
