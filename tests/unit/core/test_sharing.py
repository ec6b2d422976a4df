"""Files are named so that no folder, machine or user is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.core.sharing import shared_path, shared_paths, shared_row, shared_settings

HOME, HOST, USER = "/hostile-home/alice-q7", "node-hostile-q7", "alice-q7"


CONFIG = {
    "run": "example",
    "results": f"{HOME}/results",
    "scans": f"{HOME}/sheets/scans.tsv",
    "data": {"channels": ["Mg", "Fe"]},
    "software": {"containers": f"{HOME}/images"},
    "cluster": {"account": USER},
}


def test_paths_below_the_working_folder_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shared_path("data/a.tif") == "data/a.tif"
    assert shared_path(f"{tmp_path}/data/a.h5:/x/y") == "data/a.h5:/x/y"
    assert shared_path("data/../../up/a.tif") == "a.tif" and shared_path("../up/a.tif") == "a.tif"
    assert shared_path("/a.tif") == "a.tif" and shared_path(str(tmp_path)) == tmp_path.name
    (tmp_path / "here").symlink_to("/hostile-home")
    assert shared_path("here/x.tif") == "here/x.tif"


def test_files_elsewhere_stay_apart() -> None:
    given = ["/a/x.tif", "/b/x.tif", "/b/y.tif", "x.tif", "/a/x.tif"]
    assert shared_paths(given) == {
        "/a/x.tif": "elsewhere-1/x.tif",
        "/b/x.tif": "elsewhere-2/x.tif",
        "/b/y.tif": "y.tif",
        "x.tif": "x.tif",
    }
    row = {"scan": "s", "noisy": ["/a/x.tif"], "reference": "leave-one-out", "truth": None}
    assert shared_row(row, shared_paths(given)) == {**row, "noisy": ["elsewhere-1/x.tif"]}


def test_settings_of_machines_are_left_out_and_the_rest_stays() -> None:
    shared = shared_settings({**CONFIG, "results": "results", "scans": "config/scans.tsv"})
    assert shared == {"run": "example", "results": "results", "scans": "config/scans.tsv", "data": CONFIG["data"]}
