"""What shows how a run went: a page for people, and a crate for machines, both from the records of its jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.sharing import shared_paths, shared_row, shared_settings, sources_of
from ..core.sources import LEAVE_ONE_OUT
from ..core.storage import write_text
from ..jobs.records import read_records
from .crate import write_crate
from .jobs_page import write_jobs_page
from .origin import to_yaml


def describe_run(
    *,
    run: str,
    title: str,
    config: Mapping[str, Any],
    snakefile: str,
    scans: Sequence[Mapping[str, Any]],
    members: int,
    records: str | Path,
    scan_files: Sequence[str],
    results: Sequence[str],
    page: str | Path,
    crate: str | Path,
    workflow: str | Path,
    configuration: str | Path,
    sheet: str | Path,
) -> None:
    """Write ``page`` (HTML) and ``crate`` (``ro-crate-metadata.json``) with what its root holds beside it.

    That is the main file of the ``workflow`` with the text ``snakefile``, the ``configuration`` (YAML) and the scan
    ``sheet``. All but ``page`` may be shared: they name no folder elsewhere and no machine.

    ``scans`` are the rows of the sheet, column by column. ``records`` is the folder of the jobs' records. Left out are
    records of scans that the run no longer has and of networks beyond the first ``members``, those of a search, which
    made none of the results, and those of this step, which has not ended. ``scan_files`` are the ingested scans,
    ``results`` what the run is for.
    """
    search = Path(records).parents[1] / "search"
    names = {row["scan"] for row in scans}
    found = [
        record
        for record in read_records(records)
        if record["wildcards"].get("scan", scans[0]["scan"]) in names
        and record["wildcards"].get("member", "0") in {str(member) for member in range(members)}
        and str(page) not in [output["path"] for output in record["outputs"]]
        and not any(Path(output["path"]).is_relative_to(search) for output in record["outputs"])
    ]
    config = shared_settings(config)
    names_of_files = shared_paths(sources_of(scans, other=(LEAVE_ONE_OUT,)))
    write_text(workflow, snakefile)
    write_text(configuration, to_yaml(config))
    write_text(sheet, _table([shared_row(row, names_of_files) for row in scans]))
    write_crate(
        crate,
        run=run,
        settings=config,
        workflow=str(workflow),
        configuration=str(configuration),
        sheet=str(sheet),
        scans=scan_files,
        results=results,
        records=found,
    )
    write_jobs_page(page, run=run, title=title, records=found)


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of the scan sheet as the sheet has them. The module for sheets would bring the readers of images along."""
    cells = [
        [";".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "") for value in row.values()]
        for row in rows
    ]
    return "".join("\t".join(line) + "\n" for line in [list(rows[0]), *cells])
