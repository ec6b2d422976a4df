"""What cannot work is refused before any job runs, with the file, the key, the value and the remedy."""

from __future__ import annotations

import shutil
from typing import Any

import h5py
import pytest
import tifffile
import yaml

from tests.workflow.project import Project, create


def refusal(project: Project) -> str:
    """The message with which a start is refused; nothing may have been computed."""
    done = project.snakemake(check=False)
    assert done.returncode != 0
    assert "Remedy: " in done.stdout, done.stdout
    assert not list(project.path.glob("results/*/scans/*")), "a job ran before the refusal"
    return done.stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"data": {"chanels": ["Mg"]}}, ["config.yaml", "data.chanels", "unknown key", "channels"]),
        ({"training": {"learning_rate": "1e-3"}}, ["config.yaml", "training.learning_rate", "1e-3", "1.0e-3"]),
        ({"regions": {"layout": ["TTX", "SCE"]}}, ["config.yaml", "regions.layout", "letter X", "T (train)"]),
        ({"training": {"patch": [8, 8]}}, ["config.yaml", "training.patch", "[8, 8]", "leave no pixel"]),
        ({"architecture": {"family": "unet"}}, ["config.yaml", "architecture.max_radius", "value 4", "raise it to 13"]),
        ({"calibration": {"primary": 0.8}}, ["config.yaml", "calibration.primary", "0.8", "[0.5, 0.9]"]),
        (
            {"calibration": {"unit": "scan"}},
            ["config.yaml", "calibration.unit", "'scan'", "no scan", "needs 1 of them"],
        ),
        ({"calibration": {"nominal": [0.9, 1.0]}}, ["config.yaml", "calibration.nominal.1", "1.0", "below 1"]),
    ],
    ids=["unknown key", "number as text", "layout", "patch", "radius", "primary", "unit", "nominal"],
)
def test_configuration(fresh: Project, change: dict[str, Any], words: list[str]) -> None:
    fresh.configure(**change)
    message = refusal(fresh)
    for word in words:
        assert word in message


def test_missing_file(fresh: Project) -> None:
    (fresh.path / "data" / "judge.tif").unlink()
    message = refusal(fresh)
    for word in ("scans.tsv", "'judge'", "data/judge.tif", "does not exist"):
        assert word in message


def test_missing_sheet(fresh: Project) -> None:
    (fresh.path / "scans.tsv").unlink()
    assert "scans.tsv" in refusal(fresh)


def test_one_file_under_two_roles(fresh: Project) -> None:
    with open(fresh.path / "scans.tsv", "a", encoding="utf-8") as sheet:
        sheet.write("again\tcalibrate\tdata/judge.tif\tleave-one-out\t\n")
    message = refusal(fresh)
    for word in ("scans.tsv", "'judge'", "'again'", "data/judge.tif"):
        assert word in message


def test_no_calibration(tmp_path: Any) -> None:
    project = create(tmp_path / "project", {"learn": "train", "fresh": "apply"})
    message = refusal(project)
    for word in ("scans.tsv", "'calibrate'", "split"):
        assert word in message


@pytest.mark.parametrize("how", ["copied", "saved again"])
def test_the_same_pixels_under_another_role_stop_before_training(fresh: Project, how: str) -> None:
    """The pixels count, not the name or the format: only reading the files can tell."""
    whole, again = fresh.path / "data" / "judge.tif", fresh.path / "data" / "renamed.tif"
    if how == "copied":
        shutil.copy2(whole, again)
    else:
        frames = tifffile.imread(whole).astype("float32")
        tifffile.imwrite(again, frames, metadata={"axes": "RCYX"}, compression="zlib", photometric="minisblack")
    with open(fresh.path / "scans.tsv", "a", encoding="utf-8") as sheet:
        sheet.write("renamed\tcalibrate\tdata/renamed.tif\tleave-one-out\t\n")
    done = fresh.snakemake(check=False)
    assert done.returncode != 0
    for word in ("'judge'", "'renamed'", "Remedy: "):
        assert word in done.stdout
    assert not list(fresh.path.glob("results/tiny/members/*"))


def test_two_datasets_of_one_file_may_have_two_roles(tmp_path: Any) -> None:
    project = create(tmp_path / "project", {"field": "split", "judge": "test"})
    sheet = project.path / "scans.tsv"
    with h5py.File(project.path / "data" / "all.h5", "w") as stored:
        for scan in ("field", "judge"):
            stored[scan] = tifffile.imread(project.path / "data" / f"{scan}.tif")
            stored[scan].attrs["axes"] = "RCYX"
    text = sheet.read_text(encoding="utf-8")
    for scan in ("field", "judge"):
        text = text.replace(f"data/{scan}.tif", f"data/all.h5:/{scan}")
    sheet.write_text(text, encoding="utf-8")
    project.snakemake("--until", "check_roles")
    assert len(list(project.path.glob("results/tiny/scans/*.json"))) == 2


def test_guard_narrower_than_the_networks_see_stops_before_training(fresh: Project) -> None:
    fresh.configure(regions={"guard": 1})
    done = fresh.snakemake(check=False)
    assert done.returncode != 0
    for word in ("regions.guard", "value 1", "Remedy: "):
        assert word in done.stdout
    assert not list(fresh.path.glob("results/tiny/members/*"))


def test_torn_file_stops_before_training_even_where_it_is_only_applied(fresh: Project) -> None:
    file = fresh.path / "data" / "fresh.tif"
    file.write_bytes(file.read_bytes()[:2000])
    done = fresh.snakemake(check=False)
    assert done.returncode != 0
    for word in ("data/fresh.tif", "Remedy: "):
        assert word in done.stdout
    assert not list(fresh.path.glob("results/tiny/members/*"))


def test_defaults_fill_every_section(fresh: Project) -> None:
    """A configuration of the two required keys is enough to plan a run, apart from what the data demand."""
    fresh.configure()
    file = fresh.path / "config.yaml"
    file.write_text(yaml.safe_dump({"run": "bare", "scans": "scans.tsv"}), encoding="utf-8")
    assert "regions.layout" in refusal(fresh)
    file.write_text(
        yaml.safe_dump({"run": "bare", "scans": "scans.tsv", "regions": {"layout": ["TTT", "TTT", "SCE"]}}),
        encoding="utf-8",
    )
    planned = fresh.planned()
    assert {value for rule, value in planned if rule == "train_member"} == {"0", "1", "2", "3", "4"}
