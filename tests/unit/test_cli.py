"""The command: what it writes, what it says, and the status it ends with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile

from noisebound.cli import main
from noisebound.scans.sheet import read_sheet
from noisebound.scans.sheet_row import SheetRow


def image(path: Path, *shape: int, axes: str = "RCYX", seed: int = 0, **metadata: object) -> str:
    array = np.random.default_rng(seed).integers(0, 99, shape or (3, 2, 6, 7)).astype("uint16")
    tifffile.imwrite(path, array, metadata={"axes": axes, **metadata}, photometric="minisblack")
    return str(path)


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(work: Path, text: str) -> str:
    (work / "run.yaml").write_text(text, encoding="utf-8")
    return str(work / "run.yaml")


def test_register_writes_what_list_shows(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image(work / "n.tif", 2, 5, 6, 7, axes="RZYX")
    image(work / "m.tif", 5, 6, 7, axes="ZYX", seed=1)
    image(work / "r.tif", 5, 6, 7, axes="ZYX", seed=2)
    for arguments in (
        "--scan a --role train --noisy n.tif m.tif --reference r.tif --group g --pixel-size 3 2 1 --pixel-unit nm",
        "--scan b --role apply --noisy n.tif --axes TZYX --channels grey --dimensions 3",
        "--scan c --role apply --noisy n.tif --reference leave-one-out",
    ):
        assert main(["register", "--sheet", "s.tsv", *arguments.split()]) == 0
    first, second, third = read_sheet("s.tsv")
    assert first == SheetRow(
        "a", "train", ("n.tif", "m.tif"), ("r.tif",), "g", pixel_size=(3.0, 2.0, 1.0), pixel_unit="nm"
    )
    assert second.axes == "TZYX" and second.channels == ("grey",) and third.reference == "leave-one-out"
    capsys.readouterr()
    assert main(["list", "--sheet", "s.tsv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["scan", "role", "group", "noisy", "reference"],
        ["a", "train", "g", "n.tif;m.tif", "r.tif"],
        ["b", "apply", "-", "n.tif", "-"],
        ["c", "apply", "-", "n.tif", "leave-one-out"],
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("register --sheet s.tsv --scan ../x --role apply --noisy n.tif", "letters, digits"),
        ("register --sheet s.tsv --scan a --role apply --noisy gone.tif", "gone.tif"),
        ("register --sheet s.tsv --scan a --role train --noisy n.tif", "no reference"),
        ("register --sheet s.tsv --scan a --role apply --noisy n.tif --axes YX", "`axes` column"),
        ("register --sheet s.tsv --scan a --role apply --noisy n.tif --channels only", "channel names"),
        ("register --sheet s.tsv --scan a --role apply --noisy n.tif --pixel-size 1", "pixel_unit"),
        ("list --sheet gone.tsv", "gone.tsv"),
        ("check --sheet gone.tsv", "gone.tsv"),
        ("check --config gone.yaml", "gone.yaml"),
    ],
)
def test_errors_are_one_line_with_status_2(
    work: Path, capsys: pytest.CaptureFixture[str], arguments: str, words: str
) -> None:
    image(work / "n.tif")
    assert main(arguments.split()) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and captured.err.startswith("noisebound: ")
    assert words in captured.err and "Remedy: " in captured.err and captured.out == ""
    assert not (work / "s.tsv").exists()


def test_check_reports_every_problem_at_once(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image(work / "good.tif", channels=["Mg_Ka", "Si_Ka"])
    image(work / "three.tif", 3, 6, 7, axes="CYX")
    bad = np.full((6, 7), np.nan, "float32")
    tifffile.imwrite(work / "nan.tif", bad, metadata={"axes": "YX"})
    (work / "cut.tif").write_bytes((work / "good.tif").read_bytes()[:-30])
    rows = [
        "good\ttrain\tgood.tif\tleave-one-out\t",
        "three\tapply\tthree.tif\t\t",
        "nan\tapply\tnan.tif\t\t",
        "cut\tapply\tcut.tif;also-gone.tif\t\t",
        "damaged\tapply\tcut.tif\t\t",
    ]
    sheet = work / "s.tsv"
    sheet.write_text("\n".join(["scan\trole\tnoisy\treference\tgroup", *rows]) + "\n")
    assert main(["check", "--sheet", "s.tsv"]) == 1
    captured = capsys.readouterr()
    assert [line.split("'")[1] for line in captured.err.splitlines()] == ["nan", "cut", "damaged"]
    assert "also-gone.tif" in captured.err and "42 NaN" in captured.err and "5 scans, 3 problems" in captured.out
    image(work / "second.tif", channels=["Mg_Ka", "Si_Ka"], seed=1)
    rows.append("second\tcalibrate\tsecond.tif\tleave-one-out\t")
    sheet.write_text("\n".join(["scan\trole\tnoisy\treference\tgroup", *rows]) + "\n")
    run = config(work, "run: r\nscans: s.tsv\ndata: {dimensions: 2, channels: [Mg, Si], kind: counts}\n")
    assert main(["check", "--config", run]) == 1
    assert [line.split("'")[1] for line in capsys.readouterr().err.splitlines()] == ["three", "nan", "cut", "damaged"]
    sheet.write_text("\n".join(["scan\trole\tnoisy\treference\tgroup", rows[0], rows[-1]]) + "\n")
    assert main(["check", "--config", run]) == 0
    deeper = config(work, "run: r\nscans: s.tsv\ndata: {dimensions: 3, channels: [Mg, Si], kind: counts}\n")
    assert main(["check", "--config", deeper]) == 1
    other = config(work, "run: r\nscans: s.tsv\ndata: {dimensions: 2, channels: [Mg, Fe], kind: counts}\n")
    assert main(["check", "--config", other]) == 1
    assert "Fe" in capsys.readouterr().err


def test_a_configuration_that_is_not_yaml(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in (
        *("a: [1\n", "- 1\n", "", "text\n", "a:\n\t b: 1\n", "run: r\nrun: s\n", "a: &a [*a]\n"),
        *(f"run: r\nscans: s.tsv\ndata: {data}\n" for data in ("3", "{channels: Mg}", "{dimensions: x}")),
        "run: r\nscans: [a]\n",
    ):
        assert main(["check", "--config", config(work, text)]) == 2
        captured = capsys.readouterr()
        assert captured.err.count("\n") == 1 and "run.yaml" in captured.err


def two_scans(work: Path) -> None:
    rows = ["scan\trole\tnoisy\treference\tgroup"]
    for seed, (scan, role) in enumerate((("learn", "train"), ("adjust", "calibrate"))):
        image(work / f"{scan}.tif", 3, 6, 7, axes="RYX", seed=seed)
        rows.append(f"{scan}\t{role}\t{scan}.tif\tleave-one-out\t")
    (work / "s.tsv").write_text("\n".join(rows) + "\n")


GOOD = "run: r\nscans: s.tsv\n"


def test_a_run_that_would_start_is_found_good(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two_scans(work)
    assert main(["check", "--config", config(work, GOOD)]) == 0
    assert capsys.readouterr().out == "s.tsv: 2 scans, 0 problems\n"
    (work / "more.yaml").write_text("run: other\ntraining: {steps: 3}\n")
    assert main(["check", "--config", config(work, GOOD), "more.yaml"]) == 0
    (work / "more.yaml").write_text("training: {step: 3}\n")
    assert main(["check", "--config", config(work, GOOD), "more.yaml"]) == 2
    assert "training.step" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "run: q\n", "given before"),
        (GOOD + "calibration: {nominal: [.nan]}\n", "finite"),
        (GOOD + "decisions: {exceed: [{name: a, channel: intensity, above: .inf}]}\n", "finite"),
        (GOOD + "seed: 1000000000000000000000000000000\n", "too large"),
        (GOOD + "results: ~/nb\n", "neither ~ nor"),
        (GOOD + "results: a{b}\n", "wildcards"),
        (GOOD + "training: {levels: [0.6, 0.9]}\n", "median"),
        (GOOD + "calibration: {primary: 0.4}\n", "nominal"),
        ('scans: s.tsv\nrun: "x\\n"\n', "hidden characters"),
        (f"scans: s.tsv\nrun: {'x' * 300}\n", "at most 100 characters"),
    ],
)
def test_what_the_workflow_would_refuse_is_refused(
    work: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    two_scans(work)
    assert main(["check", "--config", config(work, text)]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and words in captured.err
    assert "run.yaml" in captured.err and "Remedy: " in captured.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ensemble: {frame: 3}\n", "3 frames, numbered from 0"),
        ("calibration: {unit: scan}\n", "calibration.unit"),
        ("search: {keys: {architecture.depth: [1, 2]}}\n", "select"),
        ("search: {keys: {architecture.deep: [1, 2]}}\n", "there is no such key"),
        ("search: {keys: {architecture.depth: [0]}}\n", "search.keys architecture.depth"),
    ],
)
def test_what_the_scans_do_not_allow_is_a_problem(
    work: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    two_scans(work)
    assert main(["check", "--config", config(work, GOOD + text)]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and words in captured.err and "2 scans, 1 problems" in captured.out


def test_a_sheet_without_a_role_that_is_needed(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two_scans(work)
    lines = (work / "s.tsv").read_text().splitlines()
    (work / "s.tsv").write_text("\n".join(lines[:2]) + "\n")
    assert main(["check", "--config", config(work, GOOD)]) == 1
    assert "'calibrate'" in capsys.readouterr().err


def test_simulated_scans_need_not_be_there(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roles = ("train", "calibrate", "test")
    text = GOOD + "architecture: {max_radius: 16}\nsimulation:\n  scans:\n"
    text += "".join(f"  - {{scan: {role}, images: 1, seed: {seed}}}\n" for seed, role in enumerate(roles))
    rows = ["scan\trole\tnoisy\treference\tgroup\ttruth"]
    for role in roles:
        place = f"results/r/simulated/{role}.h5"
        rows.append(f"{role}\t{role}\t{place}:/noisy\t{place}:/reference\t\t{place}:/truth")
    (work / "s.tsv").write_text("\n".join(rows) + "\n")
    assert main(["check", "--config", config(work, text)]) == 0
    (work / "s.tsv").write_text("\n".join(rows).replace("simulated/test", "elsewhere/test") + "\n")
    assert main(["check", "--config", config(work, text)]) == 1
    assert "lies elsewhere" in capsys.readouterr().err


def test_the_command_as_a_process_shows_no_traceback(work: Path) -> None:
    command = [sys.executable, "-m", "noisebound.cli", "list", "--sheet", "gone.tsv"]
    library = str(Path(__file__).parents[2] / "workflow" / "lib")
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": library})
    assert done.returncode == 2 and "Traceback" not in done.stderr and "gone.tsv" in done.stderr
    done = subprocess.run([*command[:3], "register"], capture_output=True, text=True, env={"PYTHONPATH": library})
    assert done.returncode == 2 and "--scan" in done.stderr
