"""The step describe_run: a page on how the run went, for people, and a crate of where results come from, for machines.

Both are made from the records of the jobs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.sharing import shared_paths, shared_row, shared_settings, sources_of
from ..core.sources import LEAVE_ONE_OUT
from ..core.storage import write_text
from ..jobs.records import read_records
from .crate import CrateFiles, write_crate
from .jobs_page import write_jobs_page
from .origin import to_yaml


@dataclass(frozen=True)
class RunSettings:
    """What the workflow knows of a run.

    Parameters
    ----------
    run, title
        Name of the run, and the heading of its pages.
    config
        The configuration as pages state it.
    snakefile
        Text of the main file of the workflow.
    scans
        Rows of the scan sheet, each with values by column.
    members
        Number of networks in the ensemble.
    """

    run: str
    title: str
    config: Mapping[str, Any]
    snakefile: str
    scans: Sequence[Mapping[str, Any]]
    members: int


def describe_run(
    settings: RunSettings,
    *,
    records: str | Path,
    scans: Sequence[str],
    results: Sequence[str],
    page: str | Path,
    crate: CrateFiles,
) -> None:
    """Write the page on how a run went, and the crate with the files that its root holds.

    All files but the page may be shared: they name no machine and no folder outside the results.

    Parameters
    ----------
    settings
        What the workflow knows of the run.
    records
        Folder with the records of the jobs.
    scans
        Ingested scans.
    results
        Final results of the run.
    page
        HTML file to write.
    crate
        Files to write: the metadata, the main file of the workflow, the configuration (YAML) and the scan sheet.
    """
    found = _records_of_results(records, settings, page)
    config = shared_settings(settings.config)
    names_of_files = shared_paths(sources_of(settings.scans, other=(LEAVE_ONE_OUT,)))
    write_text(crate.workflow, settings.snakefile)
    write_text(crate.configuration, to_yaml(config))
    write_text(crate.sheet, _table([shared_row(row, names_of_files) for row in settings.scans]))
    write_crate(crate, run=settings.run, settings=config, scans=scans, results=results, records=found)
    write_jobs_page(page, run=settings.run, title=settings.title, records=found)


def _records_of_results(folder: str | Path, settings: RunSettings, page: str | Path) -> list[dict[str, Any]]:
    """Records of the jobs that made the results.

    Left out are records of scans that the run no longer has, of networks beyond its members, of a search, and of this
    step, which has not ended.
    """
    search = Path(folder).parents[1] / "search"
    names = [row["scan"] for row in settings.scans]
    members = {str(member) for member in range(settings.members)}

    def belongs(record: Mapping[str, Any]) -> bool:
        outputs = [output["path"] for output in record["outputs"]]
        return (
            record["wildcards"].get("scan", names[0]) in names
            and record["wildcards"].get("member", "0") in members
            and str(page) not in outputs
            and not any(Path(output).is_relative_to(search) for output in outputs)
        )

    return [record for record in read_records(folder) if belongs(record)]


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The scan sheet as tab-separated text, with a header; lists are joined by semicolons."""
    cells = [
        [";".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "") for value in row.values()]
        for row in rows
    ]
    return "".join("\t".join(line) + "\n" for line in [list(rows[0]), *cells])
