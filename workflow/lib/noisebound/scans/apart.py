"""Calls in a process of their own, for libraries that damaged files can crash or keep busy forever."""

from __future__ import annotations

import os
import pickle
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ..core.errors import SAVE_AGAIN, InputError

Result = TypeVar("Result")
_granted = 0.0  # seconds; set only in the process of a call


def call_apart(
    function: Callable[[], Result], *, file: str | Path, library: str, seconds: float, memory: int
) -> Result:
    """Call a function in a copy of this process; what it raises there is raised here.

    Parameters
    ----------
    function
        The function to call. Its result is pickled, so arrays should rather be written to memory that both processes
        share.
    file, library
        The file that it reads, and the library that it uses, for messages.
    seconds
        Processor time that it may take, in seconds. :func:`grant_more_time` begins the time anew.
    memory
        Bytes that it may take beyond what this process holds, if the system can limit that.

    Returns
    -------
    object
        The result of ``function``.

    Raises
    ------
    InputError
        If the library crashes or takes too much time.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _answer(function, writing, seconds, memory)
    os.close(writing)
    try:
        with open(reading, "rb") as stream:
            content = stream.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended != 0:
        slow = ended == -signal.SIGPROF
        what = f"is still busy with it after {seconds:.0f} s" if slow else f"crashes on it ({ended})"
        raise InputError(f"a damaged file: the {library} library {what}", file=file, remedy=SAVE_AGAIN)
    failed, result = pickle.loads(content)
    if failed:
        raise result
    return result  # type: ignore[no-any-return]


def grant_more_time() -> None:
    """Begin the time of the call anew, for example for the next of many files; does nothing outside of such a call."""
    if _granted:
        signal.setitimer(signal.ITIMER_PROF, _granted)


def _answer(function: Callable[[], Any], writing: int, seconds: float, memory: int) -> None:
    """Write whether ``function`` failed, and its result or error, as a pickle; then end this process at once."""
    global _granted
    ended = 1
    try:
        # The signal's own action ends the process even inside a library; a handler in Python would have to wait.
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _granted = seconds
        grant_more_time()
        _limit_memory(memory)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        try:
            answer = pickle.dumps((False, function()))
        except BaseException as error:
            answer = pickle.dumps((True, error))
        with open(writing, "wb") as stream:
            stream.write(answer)
        ended = 0
    finally:
        os._exit(ended)


def _limit_memory(more: int) -> None:
    try:
        held = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = held + more
    resource.setrlimit(resource.RLIMIT_AS, (wanted if soft == resource.RLIM_INFINITY else min(soft, wanted), hard))
