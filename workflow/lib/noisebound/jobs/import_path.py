"""Which noisebound the jobs of a run import: that of the project that the workflow belongs to, before any other."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

# What containers/passed.env makes the PYTHONPATH of a container of, which gets none of the user's.
LIBRARY = "NOISEBOUND_LIBRARY"
BINDS = "APPTAINER_BIND"


def import_from(library: Path, environment: MutableMapping[str, str] | None = None) -> None:
    """Put a library first in the environment that jobs inherit, also those of a cluster and in containers.

    Every job reads the workflow again, so doing this twice is doing it once. A library outside of the working folder,
    which is all that Apptainer shows to a container by itself, is shown to containers as well.

    Parameters
    ----------
    library
        Folder that holds the package.
    environment
        Variables to change; by default those of this process.
    """
    environment = os.environ if environment is None else environment
    others = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path not in ("", str(library))]
    environment["PYTHONPATH"] = os.pathsep.join([str(library), *others])
    environment[LIBRARY] = str(library)
    if not library.is_relative_to(Path.cwd()):
        binds = [bind for bind in environment.get(BINDS, "").split(",") if bind]
        environment[BINDS] = ",".join(dict.fromkeys([*binds, f"{library}:{library}:ro"]))
