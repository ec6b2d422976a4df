"""HDF5 files and the links between them.

Links are followed here and not by HDF5, in the same order of places, so that every file that is opened is known, and no
other way leads to further files on the disk.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

import h5py

from ..core.errors import SAVE_AGAIN, InputError
from .apart import grant_more_time
from .stored_image import SourceFile

_NAME_DATASET = "write the path of the dataset that the link leads to, as file.h5:/path"
MOST_LINKS = 16  # the default limit of HDF5
_MOST_OPEN = 48  # far fewer than a process may have open, far more than one chain of links needs
_COPY_TARGET = "copy the file that is linked to, under the same name, to where this file lies"


@dataclass(frozen=True)
class Found:
    """A dataset that was found through links.

    Parameters
    ----------
    dataset
        The dataset.
    group
        The group that holds it.
    file
        The file that it lies in, as it was opened.
    path
        Its path in that file.
    """

    dataset: h5py.Dataset
    group: h5py.Group
    file: str
    path: str


class Hdf5Files:
    """Opens HDF5 files for reading and follows links between them; a context manager.

    Attributes
    ----------
    files : tuple of SourceFile
        Every file that was opened, once, in order, as it was just before it was opened.
    """

    def __init__(self) -> None:
        self._files: dict[str, SourceFile] = {}
        self._open: OrderedDict[str, h5py.File] = OrderedDict()

    def __enter__(self) -> Hdf5Files:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._open.values():
            file.close()

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """Every file that was opened so far."""
        return tuple(self._files.values())

    def stamp(self, path: str) -> SourceFile:
        """Return a file as it was just before it was opened.

        Parameters
        ----------
        path
            A file that was opened.

        Returns
        -------
        SourceFile
            Its size and time of change.
        """
        return self._files[os.path.realpath(path)]

    def open(self, path: str) -> h5py.File:
        """Open a file, or return it if it is open.

        If very many files are open, the one that was used longest ago is closed.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        h5py.File
            The open file.

        Raises
        ------
        InputError
            If it is no readable HDF5 file.
        """
        if path in self._open:
            self._open.move_to_end(path)
            return self._open[path]
        grant_more_time()
        found = SourceFile.of(path)
        try:
            opened = h5py.File(path, "r", locking="best-effort")
        except Exception as error:
            problem = f"not a readable HDF5 file, corrupt or truncated ({type(error).__name__}: {error})"
            raise InputError(problem, file=path, remedy=SAVE_AGAIN) from None
        self._files.setdefault(os.path.realpath(path), found)
        self._open[path] = opened
        if len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        return opened

    def find(self, file: str, path: str) -> Found:
        """Find a dataset through hard, soft and external links.

        Parameters
        ----------
        file
            The file to begin with.
        path
            Path of the dataset in it.

        Returns
        -------
        Found
            The dataset.

        Raises
        ------
        InputError
            If there is no such dataset (the message lists those in the file), if a file that is linked to is missing
            (the message lists the places where it was looked for), or if links form a circle.
        """
        here, way = file, [f"{path!r} of {file!r}"]
        root: h5py.Group = self.open(here)
        node = group = root
        parts, walked = _parts(path), list[str]()
        while parts:
            name = parts.pop(0).encode("utf-8", "surrogateescape")
            if not isinstance(node, h5py.Group) or not node.id.links.exists(name):
                raise _no_dataset(root, here, way, path)
            group = node
            kind = node.id.links.get_info(name).type
            if kind == h5py.h5l.TYPE_HARD:
                node = _wrap(h5py.h5o.open(node.id, name))
                walked.append(_text(name))
                continue
            if len(way) > MOST_LINKS:
                problem = f"more than {MOST_LINKS} links, or links in a circle: {', '.join(way[:3])} ..."
                raise InputError(problem, file=file, remedy=_NAME_DATASET)
            value = node.id.links.get_val(name)
            if kind == h5py.h5l.TYPE_SOFT:
                target = _text(value)
                if target.startswith("/"):
                    node, walked = root, []
            elif kind == h5py.h5l.TYPE_EXTERNAL:
                named, target = _text(value[0]), _text(value[1])
                here = search(named, here, os.environ.get("HDF5_EXT_PREFIX"))
                node = root = self.open(here)
                walked = []
            else:
                problem = f"{_text(name)!r} is a link of a kind that only another program can follow"
                raise InputError(problem, file=here, remedy=_NAME_DATASET)
            way.append(f"{target!r} of {here!r}")
            parts = _parts(target) + parts
        if not isinstance(node, h5py.Dataset):
            raise _no_dataset(root, here, way, path)
        return Found(node, group, here, "/" + "/".join(walked))


def search(name: str, opened: str, prefixes: str | None) -> str:
    """Find a file that an HDF5 file refers to, in the places where HDF5 looks for it.

    An absolute name is tried as it is. If there is no such file, its base name is searched like any other name: in the
    folders of ``prefixes``, beside ``opened``, in the working directory, and beside the file that a symbolic link
    ``opened`` leads to.

    Parameters
    ----------
    name
        Name of the file, as it stands in ``opened``.
    opened
        The file that refers to it.
    prefixes
        Folders separated by colons, from HDF5's environment variables; None for none.

    Returns
    -------
    str
        Path of the file.

    Raises
    ------
    InputError
        If there is no such file (the message lists the places), or it is a device or a pipe.
    """
    found = locate(name, opened, prefixes)
    if found is None:
        tried = ", ".join(dict.fromkeys(_candidates(name, opened, prefixes)))
        problem = f"it refers to the file {name!r}, which is not there (looked for: {tried})"
        raise InputError(problem, file=opened, remedy=_COPY_TARGET)
    return found


def locate(name: str, opened: str, prefixes: str | None) -> str | None:
    """Find a file as :func:`search` does, which may be missing.

    Parameters
    ----------
    name, opened, prefixes
        As for :func:`search`.

    Returns
    -------
    str or None
        Path of the file; None if it is missing.

    Raises
    ------
    InputError
        If it is a device or a pipe.
    """
    for candidate in _candidates(name, opened, prefixes):
        if os.path.isfile(candidate):
            return candidate
        if os.path.exists(candidate) and not os.path.isdir(candidate):
            problem = f"it refers to {candidate!r}, which is no ordinary file"
            raise InputError(problem, file=opened, remedy="refer to HDF5 files only")
    return None


def _candidates(name: str, opened: str, prefixes: str | None) -> Iterator[str]:
    if os.path.isabs(name):
        yield name
        name = os.path.basename(name)
    for prefix in (prefixes or "").split(":"):
        if prefix:
            yield os.path.join(prefix, name)
    yield os.path.join(os.path.dirname(opened), name)
    yield name
    yield os.path.join(os.path.dirname(os.path.realpath(opened)), name)


def _no_dataset(root: h5py.Group, file: str, way: list[str], path: str) -> InputError:
    inside: list[str] = []
    root.visititems(lambda name, item: inside.append(f"/{name}") if isinstance(item, h5py.Dataset) else None)
    # Links are listed without following them.
    root.visititems_links(lambda name, link: inside.append(f"/{name}") if not isinstance(link, h5py.HardLink) else None)
    listed = ", ".join(sorted(inside)[:8]) or "none"
    if len(way) > 1:
        problem, example = f"no dataset at {way[-1]}, to which a link at {way[0]} leads", "name the dataset itself; "
    else:
        problem = f"no dataset {path!r} in the file" if path else "an HDF5 file without the path of a dataset"
        example = f"write {file}:{min(inside, default='/data')}; "
    return InputError(problem, file=file, remedy=f"{example}datasets in the file: {listed}")


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _wrap(identifier: h5py.h5i.ObjectID) -> h5py.Group | h5py.Dataset | None:
    if isinstance(identifier, h5py.h5g.GroupID):
        return h5py.Group(identifier)
    return h5py.Dataset(identifier) if isinstance(identifier, h5py.h5d.DatasetID) else None
