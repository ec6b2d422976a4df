"""What is remembered of finished jobs and of files that were read, so that exactly what has changed is planned."""

import os
import sys
from functools import cache

import snakemake.jobs
from snakemake.io import contains_wildcard
from snakemake.persistence import RECORD_FORMAT_VERSION, MetadataRecord
from snakemake.persistence.file import FilePersistence
from snakemake.settings.types import RerunTrigger

from noisebound.jobs.memory import remembered_jobs
from noisebound.jobs.read_again import is_second_part, keep_times, only_reading_changed, same_command
from noisebound.scans.source_stamps import stamps_of_run, stamps_of_sources

# Snakemake compares scripts by their time of change, which a clone and a comment alter. Here every script is part of
# the digest in its rule's ``params.code`` instead.
snakemake.jobs.get_script_mtime = lambda path: 0.0


MEMORY = FilePersistence(nolock=True)


def remember(output, **facts):
    """Write what Snakemake is to remember of the job that wrote a file."""
    record = MetadataRecord(incomplete=False, record_format_version=RECORD_FORMAT_VERSION, **facts)
    MEMORY._write_record(output, record)


def restore_memory():
    """Give Snakemake back its memory of results that were copied here without it, so that changes are noticed.

    What nobody remembers counts as made with no parameters, and is made again.
    """

    def is_forgotten(output):
        known = MEMORY._read_record(output)
        return known is None or (known.endtime is not None and abs(known.endtime - os.path.getmtime(output)) > 1e-3)

    for job in remembered_jobs(RUN, is_forgotten):
        facts = {name: job[name] for name in ("rule", "input", "params")}
        remember(job["output"], endtime=os.path.getmtime(job["output"]), **facts)
    MEMORY._clear_cache()  # of what was looked for in vain


async def forget_when_failed(job, *arguments, after=snakemake.jobs.Job.postprocess, error=False, **options):
    """Snakemake remembers the parameters of a job that failed as if it had succeeded.

    It would then neither see what has changed nor miss the output, if what is made of it is still there.
    """
    await after(job, *arguments, error=error, **options)
    if error and workflow.is_main_process:
        for output in job.output:
            remember(output, rule=None, input=[], params=[], endtime=0.0)


snakemake.jobs.Job.postprocess = forget_when_failed
RECORDS = result("provenance/jobs")
MEASURED = [scan for scan in SCANS if scan not in SIMULATED]
if workflow.is_main_process:
    keep_times(RECORDS, MEASURED)
    restore_memory()


def files_of(scan):
    """Files of a scan as inputs. Of measured ones, the content counts and not the time of change: see STAMPS.

    Snakemake would take braces in their names for wildcards: such files have stamps only.
    """
    files = [path for path in SCANS[scan].files if not contains_wildcard(path)]
    return files if scan in SIMULATED else [ancient(path) for path in files]


def all_stamps():
    """What changes with the content of each scan's files; simulated files are made by a rule, which Snakemake follows."""
    memory = ".snakemake/noisebound/contents.json"
    return {
        scan: [] if scan in SIMULATED else stamps_of_sources(SCANS[scan].files, result(f"scans/{scan}.json"), memory)
        for scan in SCANS
    }


STAMPS = stamps_of_run(all_stamps, ".snakemake/noisebound", started_by_user=workflow.is_main_process)


def was_ingested(scan):
    """Whether something was made of a scan, even if its last ingest failed. Of a new scan, nothing is there."""
    return any(os.path.exists(result(path)) for path in (f"scans/{scan}.h5", f"regions/{scan}.json"))


@cache
def scans_come_first():
    """Whether only the code that reads files has changed, so that the scans are read again before all else.

    Asked once Snakemake plans, because it is known only then what the user wants. Whoever starts Snakemake in another
    folder, without the hook that starts the second part, or with rerun triggers of their own, gets one plan for all.
    """
    execution = workflow.execution_settings  # None where nothing is run, nor planned to be
    if not workflow.is_main_process or is_second_part(os.environ) or execution is None or execution.no_hooks:
        return False
    if workflow.overwrite_workdir is not None:
        return False
    if not {RerunTrigger.PARAMS, RerunTrigger.MTIME} <= set(workflow.rerun_triggers):
        return False
    first = only_reading_changed(
        lambda path: (record := MEMORY._read_record(path)) and record.params,
        [result(f"scans/{scan}.h5") for scan in MEASURED if was_ingested(scan)],
        MEMBERS,
        ingest=library_digest("scans.ingest_scan", script=SCRIPTS / "ingest_scan.py"),
        training=library_digest("training.train_member", script=SCRIPTS / "train_member.py"),
    )
    if first:
        print(
            "noisebound: the code that reads files has changed. First the scans are read again; then everything is "
            "planned that depends on a scan in which other values were found.",
            file=sys.stderr,
        )
    return first


def wanted(*targets):
    """The files that a target asks for, as an input function; where scans come first, these alone."""

    def files(wildcards):
        if scans_come_first():
            return expand(result("scans/{scan}.h5"), scan=SCANS)
        return [str(file) for target in targets for file in (target(wildcards) if callable(target) else target)]

    return files


def plan_the_rest():
    """Start this command once more where scans came first, for all that depends on those that have changed."""
    if not scans_come_first.cache_info().currsize or not scans_come_first():
        return
    changed = sorted(set(MEASURED) - keep_times(RECORDS, MEASURED))
    words = f"read differently: {', '.join(changed)}" if changed else "every scan holds the same values as before"
    print(f"noisebound: {words}", file=sys.stderr, flush=True)
    command = same_command(sys.orig_argv, os.environ)
    if command is None:
        raise InputError(
            "the scans were read again, and nothing else was computed yet", remedy="start the same command again"
        )
    workflow.persistence.unlock()
    os.execv(*command)
