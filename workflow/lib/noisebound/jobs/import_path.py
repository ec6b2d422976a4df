"""Which noisebound the jobs of a run import: that of the project that the workflow belongs to, before any other."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

# Variable from which containers/passed.env sets PYTHONPATH in a container, where that of the user is not passed on.
LIBRARY = "NOISEBOUND_LIBRARY"
BINDS = "APPTAINER_BIND"


def import_from(library: Path, environment: MutableMapping[str, str] | None = None) -> None:
    """Put a library first on the import path of all jobs, also on a cluster and in containers.

    Every job reads the workflow and calls this again; a second call changes nothing. By itself, Apptainer shows only
    the working folder to a container. So a library elsewhere is added to the folders that it shows.

    Parameters
    ----------
    library
        Folder that holds the package.
    environment
        Environment variables to change; by default those of this process, which jobs inherit.
    """
    environment = os.environ if environment is None else environment
    others = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path not in ("", str(library))]
    environment["PYTHONPATH"] = os.pathsep.join([str(library), *others])
    environment[LIBRARY] = str(library)
    if not library.is_relative_to(Path.cwd()):
        binds = [bind for bind in environment.get(BINDS, "").split(",") if bind]
        environment[BINDS] = ",".join(dict.fromkeys([*binds, f"{library}:{library}:ro"]))
