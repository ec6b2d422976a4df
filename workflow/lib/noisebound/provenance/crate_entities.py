"""The files and the contextual entities of a Workflow Run RO-Crate, each made once."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
from rocrate.model import ContextEntity, Entity
from rocrate.rocrate import ROCrate

from ..core.sharing import shared_path
from ..core.sources import split_source
from ..jobs.records import describe_file

RO_CRATE = "1.1"
WORKFLOW_RUN = "https://w3id.org/ro/terms/workflow-run"
MEDIA_TYPES = {
    "": "text/plain",
    ".csv": "text/csv",
    ".h5": "application/x-hdf5",
    ".html": "text/html",
    ".json": "application/json",
    ".npz": "application/zip",
    ".png": "image/png",
    ".pt": "application/zip",
    ".svg": "image/svg+xml",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".tsv": "text/tab-separated-values",
    ".yaml": "application/yaml",
}
TOUCHED = 600e9  # in ns; so long after the end of a job Snakemake may still set the times of its outputs


class RunCrate:
    """The crate under construction. Every entity is made once, and found again by its identifier or path.

    Parameters
    ----------
    home
        Folder of the crate. Files of the results are named relative to it.
    records
        Records of the jobs. Digests of outputs are taken from them where the files have not changed since.

    Attributes
    ----------
    crate
        The crate itself.
    scans
        Entities of the files that scans were read from, by path.
    """

    def __init__(self, home: str | Path, records: Sequence[Mapping[str, Any]]) -> None:
        self.home = Path(home)
        self.crate = ROCrate(version=RO_CRATE)
        self.crate.metadata.extra_contexts.append(f"{WORKFLOW_RUN}/context")
        self.scans: dict[str, Entity] = {}
        self._recorded = {output["path"]: output for record in records for output in record["outputs"]}
        self._files: dict[str, Entity] = {}

    def context(self, name_of: str, kind: str, /, **properties: Any) -> Entity:
        """Return the contextual entity with an ``@id``, which is made where there is none yet.

        Parameters
        ----------
        name_of
            The ``@id``.
        kind
            Its ``@type``, if it is made.
        **properties
            Its properties, if it is made; see :func:`present`.

        Returns
        -------
        Entity
            The entity, new or found.
        """
        found = self.crate.get(name_of)
        return found or self.crate.add(
            ContextEntity(self.crate, name_of, properties={"@type": kind, **present(properties)})
        )

    def file(self, path: str) -> Entity:
        """Return the entity of a file of the results.

        Parameters
        ----------
        path
            Path of the file.

        Returns
        -------
        Entity
            Has the size and the SHA-256 of the file.

        Raises
        ------
        OSError
            Where there is no such file.
        """
        if path not in self._files:
            place = Path(os.path.relpath(path, self.home)).as_posix()
            self._files[path] = self.crate.add_file(dest_path=place, properties=self.properties_of(path))
        return self._files[path]

    def properties_of(self, path: str) -> dict[str, Any]:
        """Describe a file by its name, media type, size and SHA-256.

        Size and digest come from the record of the job that wrote the file. The file itself is read where there is no
        record, or where its size or time shows that it has changed since.

        Parameters
        ----------
        path
            Path of the file.

        Returns
        -------
        dict
            name, encodingFormat (where the suffix is known), contentSize (bytes) and sha256, as text.

        Raises
        ------
        OSError
            Where there is no such file.
        """
        recorded = self._recorded.get(path, {})
        status = os.stat(path)
        same = (
            recorded.get("bytes") == status.st_size
            and 0 <= status.st_mtime_ns - recorded.get("mtime_ns", status.st_mtime_ns + 1) <= TOUCHED
        )
        content = recorded if same else describe_file(path)
        return present(
            {
                "name": Path(path).name,
                "encodingFormat": MEDIA_TYPES.get(Path(path).suffix),
                "contentSize": str(content["bytes"]),
                "sha256": content["sha256"],
            }
        )

    def add_sources(self, path: str | Path) -> None:
        """Add the files that an ingested scan was read from, with the SHA-256 that they had then.

        Parameters
        ----------
        path
            ``scans/<scan>.h5``.
        """
        with h5py.File(path) as stored:
            sources = json.loads(stored.attrs["sources"])
        for source in sources:
            place = split_source(source["path"])[0]
            digest = base64.urlsafe_b64encode(bytes.fromhex(source["sha256"])).decode("ascii").rstrip("=")
            identifier = f"ni:///sha-256;{digest}"
            self.scans[place] = self.crate.get(identifier) or self.crate.add_file(
                identifier,
                properties=present(
                    {
                        "name": Path(place).name,
                        "alternateName": shared_path(place),
                        "encodingFormat": MEDIA_TYPES.get(Path(place).suffix),
                        "sha256": source["sha256"],
                    }
                ),
            )

    def entities(self, paths: Iterable[str]) -> list[Entity]:
        """Return the entities of files that were read or written.

        Parameters
        ----------
        paths
            Paths of source files of scans and of files of the results. Other files, and results that no longer exist,
            are left out.

        Returns
        -------
        list of Entity
            One per path; repeated paths count once.
        """
        return [
            self.scans[path] if path in self.scans else self.file(path)
            for path in dict.fromkeys(paths)
            if path in self.scans or (os.path.isfile(path) and self.is_result(path))
        ]

    def is_result(self, path: str) -> bool:
        """Say whether a file lies in the folder of the run, where its path names nothing of the machine.

        Parameters
        ----------
        path
            Path of the file.

        Returns
        -------
        bool
            True for a file in the folder of the run.
        """
        return Path(os.path.abspath(path)).is_relative_to(os.path.abspath(self.home.parent))


def present(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Drop properties without a value, and take single values out of their lists.

    Parameters
    ----------
    properties
        Values by name.

    Returns
    -------
    dict
        Without the properties that are ``None`` or an empty list; a list of one value is replaced by that value.
    """
    known = {key: value for key, value in properties.items() if value is not None and value != []}
    return {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in known.items()}
