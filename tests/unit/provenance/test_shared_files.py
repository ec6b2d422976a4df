"""Pages, index and crate, which people share, name no folder of this machine, no machine and no user."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from noisebound.provenance.crate import CrateFiles
from noisebound.provenance.describe_run import RunSettings, describe_run
from tests.shared_files import leaks, shared_files
from tests.unit import example_run
from tests.unit.run_records import record

HOME, HOST, USER = "/hostile-home/alice-q7", "node-hostile-q7", "alice-q7"


ELSEWHERE = f"{HOME}/secret-project/raw data/field.h5:/entry/data"


CONFIG = {
    "run": "example",
    "results": f"{HOME}/results",
    "scans": f"{HOME}/sheets/scans.tsv",
    "data": {"channels": ["Mg", "Fe"]},
    "software": {"containers": f"{HOME}/images"},
    "cluster": {"account": USER},
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose scans lie in somebody's home, with a job that failed there."""
    folder = tmp_path_factory.mktemp("run")
    made = example_run.write_pages(
        folder,
        truth=example_run.phantom((24, 32), 2, 0),
        channels=["Mg", "Fe"],
        pixel_size=[1.7, 1.7],
        config=CONFIG,
        members=2,
        source=ELSEWHERE,
    )
    scans = sorted((folder / "files").glob("*.scan.h5"))
    outputs = [{"path": str(made["files"]["calibration"])}]
    records = folder / "provenance" / "jobs"
    for number, changes in enumerate(
        [
            {"inputs": [f"{HOME}/secret-project/raw data/field.h5", str(scans[0])], "outputs": outputs},
            {"state": "failed", "error": f"file '{HOME}/secret-project/x.tif': torn, says {USER} on {HOST}"},
            {"slurm": None, "image": f"{HOME}/images/step.sif".rpartition("/")[2]},
        ]
    ):
        entry = record(number=number, **{"outputs": outputs, **changes})
        entry["process"]["host"] = HOST
        if entry["slurm"]:
            entry["slurm"]["node"] = f"{HOST}-{number}"
        path = records / "train_member" / f"{number}.{number:012x}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(entry), encoding="utf-8")
    row = {"scan": "map", "role": "train", "noisy": (ELSEWHERE, f"{HOME}/b/field.h5:/entry/data")}
    describe_run(
        RunSettings(
            run="example",
            title="Example",
            config=CONFIG,
            snakefile="# the workflow\n",
            scans=[{**row, "reference": "leave-one-out", "group": "", "truth": f"{HOME}/truth.tif"}],
            members=9,
        ),
        records=records,
        scans=[str(scans[0])],
        results=[str(made["index"]), f"{HOME}/not-there.csv"],
        page=folder / "report" / "jobs.html",
        crate=CrateFiles(
            metadata=folder / "provenance" / "ro-crate-metadata.json",
            workflow=folder / "provenance" / "Snakefile",
            configuration=folder / "provenance" / "config.yaml",
            sheet=folder / "provenance" / "scans.tsv",
        ),
    )
    return folder


def test_no_shared_file_names_a_folder_a_machine_or_a_user(written: Path) -> None:
    files = [path for path in shared_files(written) if not path.name.endswith(".scan.h5")]
    names = {path.name for path in files}
    assert {"index.html", "scan-0.html", "ro-crate-metadata.json", "config.yaml", "scans.tsv"} <= names
    assert leaks(files, [HOME, HOST, USER, "secret-project", str(written)]) == []


def test_the_page_of_the_jobs_still_does(written: Path) -> None:
    page = (written / "report" / "jobs.html").read_text(encoding="utf-8")
    assert HOST in page and f"{HOME}/secret-project/x.tif" in page


def test_sources_are_named_by_what_is_left_of_their_path(written: Path) -> None:
    assert "field.h5:/entry/data" in (written / "report" / "scans" / "scan-0.html").read_text(encoding="utf-8")
    graph = json.loads((written / "provenance" / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    (source,) = [entity for entity in graph if entity["@id"].startswith("ni:")]
    assert source["alternateName"] == source["name"] == "field.h5"
    jobs = [entity for entity in graph if entity["@id"].startswith("#job-") and "description" in entity]
    assert sorted(job["description"].split(",")[0] for job in jobs) == [f"on machine {n}" for n in (1, 2, 3)]
    (failed,) = [job for job in jobs if "error" in job]
    assert failed["error"] == "failed; report/jobs.html says why"
    lines = (written / "provenance" / "scans.tsv").read_text(encoding="utf-8").splitlines()
    row = dict(zip(lines[0].split("\t"), lines[1].split("\t"), strict=True))
    assert row["noisy"] == "elsewhere-1/field.h5:/entry/data;elsewhere-2/field.h5:/entry/data"
    assert row["reference"] == "leave-one-out" and row["truth"] == "truth.tif"


def test_the_search_finds_what_is_hidden(tmp_path: Path) -> None:
    text = PngInfo()
    text.add_text("Comment", f"drawn in {HOME}", zip=True)
    picture = tmp_path / "a.png"
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(picture, pnginfo=text)
    with zipfile.ZipFile(tmp_path / "a.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.pkl", 50 * "x" + HOME)
    (tmp_path / "a.json").write_text(json.dumps(HOME).replace("/", r"\/"), encoding="utf-8")
    (tmp_path / "a.tif").write_bytes(HOME.encode("utf-16-le"))
    assert len({found.split(":")[0] for found in leaks(shared_files(tmp_path), [HOME])}) == 4
