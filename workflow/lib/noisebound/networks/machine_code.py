"""Compiled functions whose machine code is kept on disk; a damaged or missing file costs only time.

numba keeps an index and numbered files of machine code, and trusts both. One damaged file ends every process that reads
it, and two processes that write at once may mix up their code. Here each signature of a function has one file, which
begins with the digest of the rest. Code that does not match its digest is never run: a warning names the file, the
function is compiled anew, and the file is replaced.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import stat
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba
from numba.core import config
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
    UserWideCacheLocator,
)
from numba.core.codegen import get_host_cpu_features

logger = logging.getLogger("noisebound")
MOST = 1 << 26  # bytes; the machine code of a function takes less than one in a hundred of it
ABANDONED = 3600.0  # seconds after which a file that is still being written has no writer any more
_named: set[str] = set()


def compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Compile a function at its first call, and keep its machine code on disk where that is possible.

    The code is kept in the folder ``NUMBA_CACHE_DIR``, else in ``noisebound`` in the user's cache folder
    (``XDG_CACHE_HOME`` or ``~/.cache``), else in a folder that numba chooses. Where a file is damaged, or cannot be
    read or written, a warning names it once, and the function is compiled without it.

    Parameters
    ----------
    function
        The function. Compiled functions that it calls must be in the same source file: the kept code includes them, and
        a change of another file would not make it invalid.
    **options
        As for ``numba.njit``.

    Returns
    -------
    callable
        The compiled function.
    """
    dispatcher = numba.njit(**options)(function)
    wanted = _named_by_user() or _home()
    try:
        dispatcher._cache = cache = _CheckedCache(function)
    except (RuntimeError, OSError) as error:
        _warn(wanted, f"machine code cannot be kept here ({_words(error)}): every process compiles it anew")
    else:
        if not Path(cache.cache_path).is_relative_to(wanted):
            _warn(wanted, f"machine code cannot be kept here, it is kept in {cache.cache_path} instead")
    return dispatcher  # type: ignore[no-any-return]


class _OwnCacheLocator(UserProvidedCacheLocator):
    """The folder of :func:`_own_folder`, where the user has named none."""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        super().__init__(function, file)
        self._cache_path = _own_folder(file)

    @classmethod
    def from_function(cls, function: Callable[..., Any], file: str) -> Any:
        """Return the locator, or None where the user has named a folder or this one cannot be used."""
        # The parent's own method would want a folder named by the user.
        return None if _named_by_user() else super(UserProvidedCacheLocator, cls).from_function(function, file)


class _Code(CompileResultCacheImpl):  # type: ignore[misc]
    def __init__(self, function: Callable[..., Any]) -> None:
        self._locator_classes = [UserProvidedCacheLocator, _OwnCacheLocator, InTreeCacheLocator, UserWideCacheLocator]
        super().__init__(function)


class _CheckedCache(FunctionCache):  # type: ignore[misc]
    """The cache of one function, as numba asks for it: it loads and saves machine code and never raises."""

    _impl_class = _Code

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled function for a signature, or None where there is none that can be used.

        Parameters
        ----------
        sig
            The signature.
        target_context
            numba's description of the processor that the code is for.
        """
        target_context.refresh()
        path, key = self._place(sig, target_context.codegen())
        try:
            return self._impl.rebuild(target_context, pickle.loads(_read_checked(path, key)))
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever is wrong with the file, the function can be compiled
            _warn(path, f"machine code that cannot be used ({_words(error)}): compiled anew")
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled function.

        Parameters
        ----------
        sig
            The signature.
        data
            What numba compiled.
        """
        path, key = self._place(sig, data.codegen)
        try:
            if self._impl.check_cachable(data):
                self._impl.locator.ensure_cache_path()
                _write_checked(path, key, self._cache_file._dump(self._impl.reduce(data)))
        except Exception as error:  # whatever is wrong, the compiled function can be used
            _warn(path, f"machine code cannot be kept here ({_words(error)}): every process compiles it anew")

    def _place(self, sig: Any, codegen: Any) -> tuple[Path, bytes]:
        """Find file and key of a signature. The key covers the versions of numba and of the source, and the CPU."""
        stamp = self._cache_file._source_stamp  # of the file when it was imported; it may have been replaced since
        key = hashlib.sha256(repr((numba.__version__, stamp, self._index_key(sig, codegen))).encode())
        return Path(self._cache_path, f"{self._impl.filename_base}.{key.hexdigest()[:32]}.nbc"), key.digest()


def _named_by_user() -> str:
    """The folder ``NUMBA_CACHE_DIR``, empty where there is none."""
    return str(config.CACHE_DIR)  # type: ignore[attr-defined]


def _home() -> str:
    """The folder ``noisebound`` in the user's cache folder."""
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "noisebound")


def _own_folder(file: str) -> str:
    """Name the folder of machine code, a different one for every kind of processor and version of the source file.

    Computers of one cluster share a home folder, and code of one kind of processor must never run on another.
    """
    version = hashlib.sha256(get_host_cpu_features().encode() + Path(file).read_bytes()).hexdigest()[:16]
    return os.path.join(_home(), f"{Path(file).stem}-{version}")


def _read_checked(path: Path, key: bytes) -> bytes:
    """Read what :func:`_write_checked` wrote under the same key. Raises ``ValueError`` for anything else."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # does not wait for a pipe's writer
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a file")
        if status.st_size > MOST:
            raise ValueError(f"{status.st_size} bytes are too many")
        content = file.read()
    digest, code = content[:32], content[32:]
    if hashlib.sha256(key + code).digest() != digest:
        raise ValueError("its content does not fit its digest" if content else "it is empty")
    return code


def _write_checked(path: Path, key: bytes, code: bytes) -> None:
    """Write ``code`` behind its digest, whole or not at all, whoever else writes the same file."""
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}.tmp")
    try:
        temporary.write_bytes(hashlib.sha256(key + code).digest() + code)
        _remove_abandoned(path, temporary.stat().st_mtime)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_abandoned(path: Path, now: float) -> None:
    """Remove what killed processes left of the same file; ``now`` is the time by the clock of the file system."""
    for other in path.parent.glob(f"{path.name}.*.tmp"):
        with suppress(OSError):
            if now - other.stat().st_mtime > ABANDONED:
                other.unlink()


def _warn(path: str | Path, problem: str) -> None:
    """Warn of a problem with a file, once in the life of this process."""
    if str(path) not in _named:
        _named.add(str(path))
        logger.warning("%s: %s", path, problem)


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
