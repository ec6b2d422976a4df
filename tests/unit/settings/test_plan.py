"""Which scans each stage sees, and what the rules hand to the steps about them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from noisebound.core.errors import NoiseboundError
from noisebound.scans.sheet_row import SheetRow
from noisebound.settings.plan import SHAPELESS, Plan, run_folder

ROLES = ("train", "select", "calibrate", "test", "apply", "split")


def rows_of(roles: dict[str, str], folder: Path = Path("data")) -> dict[str, SheetRow]:
    return {
        scan: SheetRow(scan, role, (f"{folder}/{scan}.tif",), None if role == "apply" else (f"{folder}/{scan}-r.tif",))
        for scan, role in roles.items()
    }


@pytest.fixture
def plan(settings: dict[str, Any]) -> Plan:
    return Plan(rows_of({f"{role}-{n}": role for n in (2, 1) for role in ROLES}), settings)


def test_a_split_scan_counts_wherever_a_role_does(plan: Plan) -> None:
    assert plan.holding("calibrate") == ["calibrate-1", "calibrate-2", "split-1", "split-2"]
    assert plan.trained_on == ["select-1", "select-2", "split-1", "split-2", "train-1", "train-2"]
    assert "apply-1" not in plan.learned and len(plan.learned) == 10


def test_each_stage_checks_the_scans_that_it_sees(plan: Plan) -> None:
    assert set(plan.checked["train"]) < set(plan.checked["calibrate"]) < set(plan.checked["test"])
    assert not any(scan.startswith(("calibrate", "test", "apply")) for scan in plan.checked["train"])
    assert not any(scan.startswith(("test", "apply")) for scan in plan.checked["calibrate"])


def test_the_order_of_the_sheet_changes_nothing_but_the_roles(settings: dict[str, Any]) -> None:
    names = [(f"{role}-{n}", role) for n in range(3) for role in ROLES]
    shuffled = random.Random(1).sample(names, len(names))
    one, other = (Plan(rows_of(dict(order)), settings) for order in (names, shuffled))
    assert one.checked == other.checked and one.learned == other.learned
    assert list(one.roles) != list(other.roles), "the index lists scans as the sheet does"


def test_nothing_is_learned_from_a_scan_to_apply_to(plan: Plan) -> None:
    assert plan.learned_role("apply-1") is None
    assert plan.learned_role("test-1") == "test"
    sources = plan.learned_sources(lambda scan: f"scans/{scan}.json")
    assert set(sources) == set(plan.learned)
    assert sources["test-1"] == ("test", "scans/test-1.json", ["data/test-1.tif", "data/test-1-r.tif"])


def test_missing_files_are_named_all_at_once(settings: dict[str, Any], tmp_path: Path) -> None:
    rows = rows_of({"a": "train", "b": "apply"}, tmp_path)
    (tmp_path / "a.tif").write_bytes(b"x")
    with pytest.raises(NoiseboundError) as error:
        Plan(rows, settings).check_files()
    assert "a-r.tif" in str(error.value) and "b.tif" in str(error.value) and "/a.tif" not in str(error.value)


def test_files_of_simulated_scans_come_later(settings: dict[str, Any], tmp_path: Path) -> None:
    settings["simulation"]["scans"] = [{"scan": "a", "images": 7, "seed": 1}]
    plan = Plan(rows_of({"a": "train"}, tmp_path), settings)
    plan.check_files()
    assert plan.simulated_with("train") == ["a"] and plan.simulated_with("test") == []
    montage = plan.montage("a")
    assert montage is not None and montage["count"] == 7
    side = montage["size"] + 2 * montage["margin"]
    assert plan.megabytes(["a"]) == pytest.approx(7 * side**2 * 12 / 1e6)


def test_sizes_of_measured_files_add_up(settings: dict[str, Any], tmp_path: Path) -> None:
    plan = Plan(rows_of({"a": "train", "b": "apply"}, tmp_path), settings)
    for name, size in (("a.tif", 3000), ("a-r.tif", 500), ("b.tif", 70)):
        (tmp_path / name).write_bytes(bytes(size))
    assert plan.montage("a") is None
    assert plan.megabytes(["a", "b"]) == pytest.approx(3570e-6)


def test_what_steps_are_told_is_plain(settings: dict[str, Any]) -> None:
    """Snakemake compares it between runs by how it is written."""
    row = SheetRow("a", "train", ("a.tif",), ("r.tif", "q.tif"), channels=("Mg", "Fe"), pixel_size=(0.5, 0.5))
    told = Plan({"a": row}, settings).source_settings("a")
    assert told["reference"] == ["r.tif", "q.tif"] and told["file_channels"] == ["Mg", "Fe"]
    assert not any(isinstance(value, tuple) for value in told.values())
    assert (
        Plan({"a": SheetRow("a", "train", ("a.tif",), "leave-one-out")}, settings).source_settings("a")["reference"]
        == "leave-one-out"
    )


def test_pages_print_what_shapes_results(plan: Plan) -> None:
    shown = plan.shown_settings()
    assert not set(shown) & set(SHAPELESS)
    assert set(plan.settings["training"]) - set(shown["training"]) == {"members_per_gpu", "checkpoint_every"}
    assert plan.page_settings()["title"] == "r", "a run without a title is called by its name"
    plan.settings["report"]["title"] = "Olivine"
    assert plan.page_settings()["title"] == "Olivine"


def test_the_folder_of_a_run() -> None:
    assert run_folder({"results": "results", "run": "tiny"}) == Path("results/tiny")
