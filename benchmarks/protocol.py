"""One request per line of JSON to a process, one answer per line back: measurements of two environments in turn.

This module runs in the environments of noisebound and of the reference alike: it imports nothing but Python itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
STAND_IN = Path(__file__).parent / "stand_in"
REFERENCE_PYTHON = Path(__file__).parent / ".venv-reference" / "bin" / "python"


def serve(functions: Mapping[str, Callable[..., Any]]) -> None:
    """Answer requests ``{"call": name, ...arguments}`` from stdin with ``{"result": ...}`` until it ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is not an answer
    for line in sys.stdin:
        request = json.loads(line)
        result = functions[request.pop("call")](**request)
        print(json.dumps({"result": result}), file=answers, flush=True)


class Worker:
    """A process that answers calls; use it as a context, which ends it."""

    def __init__(self, module: str, python: str | Path = sys.executable, path: Sequence[Path] = ()) -> None:
        # One thread: members run side by side, one core each.
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
        search = os.pathsep.join([str(ROOT), *map(str, path)])
        self.command = f"{python} -m {module}"
        self.process = subprocess.Popen(
            [str(python), "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **threads, "PYTHONPATH": search},
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def call(self, name: str, **arguments: Any) -> Any:
        """The result of function ``name``. Raises ``RuntimeError`` where the process has ended."""
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            print(json.dumps({"call": name, **arguments}), file=self.process.stdin, flush=True)
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RuntimeError(f"{self.command} ended in the call of {name}: see above")
        return json.loads(answer)["result"]


def engine() -> Worker:
    """A process that runs noisebound."""
    return Worker("benchmarks.engine")


def reference() -> Worker:
    """A process that runs the reference implementation."""
    python = os.environ.get("REFERENCE_PYTHON", str(REFERENCE_PYTHON))
    return Worker("benchmarks.reference", python, [STAND_IN])
