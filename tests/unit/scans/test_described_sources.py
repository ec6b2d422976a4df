"""What a scan was read from: every file once, with its digest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from noisebound.core.storage import read_json
from noisebound.files.scan import Scan
from noisebound.scans.pixel_digests import pixel_digest
from tests.unit.scans.fields import frames, ingest, save, wrapper


def test_the_file_of_sources_names_every_file_once(tmp_path: Path) -> None:
    array, reference = frames(), frames(5, 1)[0]
    save(tmp_path / "raw.h5", array)
    save(tmp_path / "r.h5", reference, "CYX", name="reference")
    save(tmp_path / "r.h5", frames(6, 1)[0], "CYX", name="second")
    noisy = wrapper(tmp_path / "master.h5", None, array)
    references = [f"{tmp_path}/r.h5:/reference", f"{tmp_path}/r.h5:/second"]
    ingest(tmp_path, "a", [noisy], references, planned=["17 4", "any text"])
    content = read_json(tmp_path / "a.json")
    assert content["format_version"] == 1 and content["planned"] == ["17 4", "any text"] and content["frames"] == 3
    files = {file["path"]: file for file in content["files"]}
    assert list(files) == [f"{tmp_path}/master.h5", f"{tmp_path}/r.h5", f"{tmp_path}/raw.h5"]
    for path, file in files.items():
        assert (file["size"], file["mtime_ns"]) == (os.stat(path).st_size, os.stat(path).st_mtime_ns)
        assert file["sha256"] == hashlib.sha256(Path(path).read_bytes()).hexdigest()
    arrays = {(entry["part"], entry["frame"], entry["channel"]): entry["sha256"] for entry in content["arrays"]}
    # Of each channel: frames, references, and the sum and two means of the frames.
    assert len(arrays) == len(content["arrays"]) == (3 + 2 + 3) * 2
    assert arrays["noisy", 2, "Si"] == pixel_digest(array[2, 1])
    assert arrays["reference", 0, "Mg"] == pixel_digest(reference[0])
    with Scan(tmp_path / "a.h5") as scan:
        named = [(source["part"], source["path"]) for source in scan.sources]
        digests = {source["path"]: source["sha256"] for source in scan.sources}
    assert named == [
        ("noisy", noisy),
        ("noisy", f"{tmp_path}/raw.h5"),
        *(("reference", source) for source in references),
    ]
    assert digests[noisy] == files[f"{tmp_path}/master.h5"]["sha256"]
    assert digests[f"{tmp_path}/raw.h5"] == files[f"{tmp_path}/raw.h5"]["sha256"]
