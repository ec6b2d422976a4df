"""The step assign_regions: every pixel gets its role, and the guard band is wide enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.core.errors import InputError, LeakageError
from noisebound.geometry.boxes import Box
from noisebound.regions.assign_regions import assign_regions
from noisebound.regions.regions import Regions
from noisebound.regions.settings import RegionSettings
from tests.unit.regions.empty_scans import make_scan


def test_auto_guard_is_the_largest_radius_allowed_and_survives_the_file(tmp_path: Path) -> None:
    scan = make_scan(tmp_path / "a.h5", (6, 30, 40))
    assign_regions(scan, tmp_path / "r.json", RegionSettings(["TE"], "auto", 5), role="split")
    regions = Regions.read(tmp_path / "r.json")
    assert regions.guard == (5, 5, 5) and regions.scan == "a" and regions.shape == (6, 30, 40)
    assert regions.boxes == (Box("train", (0, 0, 0), (6, 30, 20)), Box("test", (0, 0, 25), (6, 30, 40)))
    assert regions.mask("train").sum() == 6 * 30 * 20 and regions.mask("train", "test").sum() == 6 * 30 * 35
    regions.write(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "r.json").read_bytes()


@pytest.mark.parametrize("role", ["train", "select", "calibrate", "test", "apply"])
def test_a_scan_of_one_role_is_one_box(tmp_path: Path, role: str) -> None:
    scan = make_scan(tmp_path / "a.h5")
    assign_regions(scan, tmp_path / "r.json", RegionSettings(["TE"], "auto", 3), role=role)
    assert Regions.read(tmp_path / "r.json").boxes == (Box(role, (0, 0), (30, 40)),)


@pytest.mark.parametrize("guard", [0, 4])
def test_a_guard_narrower_than_a_receptive_field_is_refused(tmp_path: Path, guard: int) -> None:
    scan = make_scan(tmp_path / "a.h5")
    with pytest.raises(
        LeakageError, match=rf"'regions.guard', value {guard}.*narrower than the receptive radius.*Remedy"
    ):
        assign_regions(scan, tmp_path / "r.json", RegionSettings(["TE"], guard, 5), role="split")
    assert not (tmp_path / "r.json").exists()
    assign_regions(scan, tmp_path / "r.json", RegionSettings(["TE"], 5, 5), role="split")
    assert Regions.read(tmp_path / "r.json").guard == (5, 5)


def test_a_split_scan_needs_a_layout(tmp_path: Path) -> None:
    scan = make_scan(tmp_path / "a.h5")
    with pytest.raises(InputError, match=r"'a' has role 'split' but no layout.*Remedy"):
        assign_regions(scan, tmp_path / "r.json", RegionSettings(None, "auto", 5), role="split")


def test_every_image_of_a_montage_is_a_box(tmp_path: Path) -> None:
    montage = {"count": 6, "size": 8, "margin": 3}
    scan = make_scan(tmp_path / "a.h5", (2 * 14, 3 * 14))
    assign_regions(scan, tmp_path / "r.json", RegionSettings(None, "auto", 3), role="calibrate", montage=montage)
    regions = Regions.read(tmp_path / "r.json")
    assert {box.role for box in regions.boxes} == {"calibrate"}
    assert [box.lower for box in regions.boxes] == [(y, x) for y in (3, 17) for x in (3, 17, 31)]
    assert regions.mask("calibrate").sum() == 6 * 64 and {box.shape for box in regions.boxes} == {(8, 8)}
    with pytest.raises(InputError, match=r"'a' has shape \(28, 42\), its 5 images make one of \(14, 70\).*Remedy"):
        assign_regions(
            scan, tmp_path / "n.json", RegionSettings(None, "auto", 3), role="test", montage=montage | {"count": 5}
        )
    assert not (tmp_path / "n.json").exists()
