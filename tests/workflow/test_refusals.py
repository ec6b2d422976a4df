"""What cannot work is refused before any job runs, with the file, the key, the value and the remedy."""

from __future__ import annotations

import shutil
import time
from typing import Any

import h5py
import pytest
import tifffile
import yaml

from noisebound.files.scan import Scan
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
        # Slurm reads times beyond 2**32 seconds as no limit, or as a minute.
        ({"cluster": {"time": 1.0e9}}, ["config.yaml", "cluster.time", "1000000000.0", "100"]),
        ({"cluster": {"memory": 0.0}}, ["config.yaml", "cluster.memory", "0.0", "0.1"]),
    ],
    ids=["unknown key", "number as text", "layout", "patch", "radius", "primary", "unit", "nominal", "time", "memory"],
)
def test_configuration(fresh: Project, change: dict[str, Any], words: list[str]) -> None:
    fresh.configure(**change)
    message = refusal(fresh)
    for word in words:
        assert word in message


def bomb() -> str:
    """Anchors in anchors, 9 to the power of 11 values when written out."""
    lines = ["    k0: &a0 [1, 1]"]
    lines += [f"    k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "search:\n  keys:\n" + "\n".join(lines) + "\n"


# 215 to the power of 3, nearly ten million trials.
GRID = {f"architecture.{key}": list(range(1, 216)) for key in ("depth", "latent", "hidden")}


@pytest.mark.parametrize(
    ("change", "text", "words"),
    [
        ({}, "training: {steps: 40, patch: [24, 24]}\n", ["'training'", "the key was given before"]),
        ({}, bomb(), ["search.keys.k", "more than 100000 values"]),
        ({"calibration": {"nominal": [0.5, 0.9, float("nan")]}}, "", ["calibration.nominal.2", "nan", "finite"]),
        ({"run": "x\n"}, "", ["'run'", "hidden characters"]),
        ({"results": "~/nb"}, "", ["'results'", "write /home/ada/nb"]),
        ({"ensemble": {"frame": 4}}, "", ["ensemble.frame", "value 4", "4 frames, numbered from 0", "give 3 or less"]),
        ({"search": {"keys": GRID}}, "", ["9938375 trials", "more than 1000 networks"]),
    ],
    ids=["twice", "anchors", "nan", "line break", "home", "frame", "grid"],
)
def test_what_snakemake_itself_would_take(
    fresh: Project, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], text: str, words: list[str]
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_CACHE_HOME", str(fresh.path / "cache"))
    fresh.configure(**change)
    with open(fresh.path / "config.yaml", "a", encoding="utf-8") as stream:
        stream.write(text)
    begin = time.monotonic()
    message = refusal(fresh)
    # Not the second that it takes, because the machine may be busy; without the check it is a minute and gigabytes.
    assert time.monotonic() - begin < 30
    for word in ["config.yaml", *words]:
        assert word in message
    assert not (fresh.path / "~").exists() and not (fresh.path / "results").exists()


def test_a_scan_that_would_write_over_a_file_of_the_run(fresh: Project) -> None:
    with open(fresh.path / "scans.tsv", "a", encoding="utf-8") as sheet:
        sheet.write("stability\tapply\tdata/fresh.tif\t\t\n")
    message = refusal(fresh)
    for word in ("scans.tsv, line 5", "'scan'", "'stability'", "tokens/stability.csv"):
        assert word in message


def test_files_and_texts_are_taken_as_they_are_called(fresh: Project) -> None:
    """Braces are wildcards to Snakemake; quotes, spaces and stars mean something to shells."""
    names = ["{scan} {x}.tif", 'it\'s "µ" % $HOME \\ 日本 *[a]?.tif', "{.tif"]
    folder = fresh.path / "data" / "{sub}"
    folder.mkdir()
    for name in names:
        shutil.copy2(fresh.path / "data" / "fresh.tif", folder / name)
    lines = (fresh.path / "scans.tsv").read_text(encoding="utf-8").splitlines()[:3]
    lines += [f"odd{number}\tapply\tdata/{{sub}}/{name}\t\t" for number, name in enumerate(names)]
    (fresh.path / "sheet {scan} 'of' 50 %.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh.configure(
        scans="sheet {scan} 'of' 50 %.tsv",
        results="./it's here/",
        data={"channels": ["{scan}", "Fe"]},
        report={"title": "10^{-3} of {scan} {wildcard}"},
    )
    fresh.snakemake("--until", "ingest_scan")
    for number in range(3):
        with Scan(fresh.path / "it's here" / "tiny" / "scans" / f"odd{number}.h5") as scan:
            assert scan.channels == ("{scan}", "Fe")
            assert scan.sources[0]["path"] == f"data/{{sub}}/{names[number]}"
    # Followed, although Snakemake knows nothing of the first.
    shutil.copy2(fresh.path / "data" / "judge.tif", folder / names[0])
    planned = fresh.planned()
    assert ("ingest_scan", "odd0") in planned and ("ingest_scan", "odd1") not in planned


def test_missing_file(fresh: Project) -> None:
    (fresh.path / "data" / "judge.tif").unlink()
    message = refusal(fresh)
    for word in ("scans.tsv", "'judge'", "data/judge.tif", "does not exist"):
        assert word in message


def test_missing_sheet(fresh: Project) -> None:
    (fresh.path / "scans.tsv").unlink()
    assert "scans.tsv" in refusal(fresh)


def test_a_torn_copy_of_the_sheet_is_mended_and_a_foreign_one_ignored(
    fresh: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fresh.planned()
    copies = list(fresh.path.glob(".snakemake/noisebound/*.tsv"))
    assert len(copies) == 1
    copies[0].write_text("scan\trole\tnoisy\treference\tgroup\n", encoding="utf-8")
    monkeypatch.setenv("NOISEBOUND_SHEET", str(fresh.path / "of another run.tsv"))
    assert fresh.planned() == before
    assert copies[0].read_text(encoding="utf-8") == (fresh.path / "scans.tsv").read_text(encoding="utf-8")


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
