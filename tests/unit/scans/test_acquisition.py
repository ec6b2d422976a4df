"""A scan's files fit together, by their headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noisebound.core.errors import InputError, LeakageError
from noisebound.scans.acquisition import Acquisition, plan_acquisition
from noisebound.scans.settings import DataSettings, SourceSettings
from tests.unit.scans import fields
from tests.unit.scans.measured import ingest, refuse, save, values


def test_two_wrappers_within_one_scan_are_refused(tmp_path: Path) -> None:
    fields.save(tmp_path / "raw.h5", fields.frames())
    noisy, again = (fields.wrapper(tmp_path / name, None, fields.frames()) for name in ("a.h5", "b.h5"))
    for reference in ([again], None):
        with pytest.raises(LeakageError, match=r"raw\.h5.*Remedy"):
            fields.ingest(tmp_path, "a", [noisy] if reference else [noisy, again], reference)


def test_shapes_and_dimensions_that_do_not_fit(tmp_path: Path) -> None:
    flat = save(tmp_path / "flat.tif", values(2, 2, 12, 13), "RCYX")
    deep = save(tmp_path / "deep.tif", values(2, 5, 12, 13), "CZYX")
    other = save(tmp_path / "other.tif", values(2, 12, 14), "CYX")
    single = save(tmp_path / "single.tif", values(12, 13), "YX")
    thin = save(tmp_path / "thin.tif", values(2, 1, 12, 13), "CZYX")
    output = tmp_path / "out.h5"
    refuse(output, [flat, other], None, "other.tif", "(12, 14)", "(12, 13)")
    refuse(output, [flat], [other], "other.tif", "(12, 14)")
    refuse(output, [flat], [single], "single.tif", "1 channels")
    refuse(output, [deep], None, "deep.tif", "5 planes along Z", "`data.dimensions: 3`")
    refuse(output, [flat], None, "flat.tif", "no axis Z", dimensions=3)
    refuse(output, [flat, deep], None, "deep.tif")
    refuse(output, [str(tmp_path / "absent.tif")], None, "absent.tif", "does not exist")
    with ingest(tmp_path / "thin.h5", [thin]) as scan:
        assert scan.shape == (12, 13)


def test_leave_one_out_needs_two_frames(tmp_path: Path) -> None:
    source = save(tmp_path / "a.tif", values(1, 2, 12, 13), "RCYX")
    refuse(tmp_path / "out.h5", [source], "leave-one-out", "at least 2")


def plan(noisy: list[str], reference: list[str] | str | None = None, **changes: Any) -> Acquisition:
    data = DataSettings(changes.pop("dimensions", None), changes.pop("channels", None), counts=False)
    return plan_acquisition(SourceSettings(noisy, reference, **changes), data)


def test_what_nobody_says_is_taken_from_the_files(tmp_path: Path) -> None:
    names = ["Mg", "Si"]
    noisy = [
        save(tmp_path / "a.tif", values(3, 2, 4, 5, 6, dtype="uint8"), "RCZYX", channels=names, pixel_um=0.5),
        save(tmp_path / "b.tif", values(2, 4, 5, 6, dtype="int16"), "CZYX", channels=names[::-1]),
    ]
    reference = save(tmp_path / "r.tif", values(2, 4, 5, 6, dtype="float32"), "CZYX")
    found = plan(noisy, [reference])
    assert (found.dimensions, found.shape, found.channels) == (3, (4, 5, 6), ("Mg", "Si"))
    assert found.n_frames == 4 and found.dtype == np.dtype("int16") and found.dtype.isnative
    assert (found.pixel_size, found.pixel_unit) == ((0.5,) * 3, "µm")
    assert found.orders == {noisy[0]: (0, 1), noisy[1]: (1, 0), reference: (0, 1)}
    assert [header.source for header in found.reference] == [reference] and not found.leave_one_out
    assert plan(noisy, reference).reference == found.reference, "one file may stand alone"
    assert plan(noisy, "leave-one-out").leave_one_out and plan(noisy, "leave-one-out").reference == ()
    assert plan(noisy).reference == () and not plan(noisy).leave_one_out


def test_reference_and_truth_have_axes_of_their_own(tmp_path: Path) -> None:
    noisy = save(tmp_path / "n.tif", values(3, 2, 12, 13), "ZCYX")
    other = [save(tmp_path / name, values(13, 12, 2), "ZYX") for name in ("r.tif", "t.tif")]
    found = plan([noisy], other[:1], truth=other[1], axes="RCYX", reference_axes="XYC")
    assert found.n_frames == 3 and found.shape == (12, 13)
    assert found.truth is not None and found.truth.axes == "XYC" and found.orders[other[1]] == (0, 1)


@pytest.mark.parametrize("dimensions", [1, 4, "2"])
def test_images_have_two_or_three_dimensions(tmp_path: Path, dimensions: object) -> None:
    source = save(tmp_path / "a.tif", values(2, 12, 13), "CYX")
    with pytest.raises(InputError, match=r"'dimensions'.*2 or 3 dimensions"):
        plan([source], dimensions=dimensions)
    with pytest.raises(InputError, match="without noisy files"):
        plan([])


def test_one_source_is_used_once_however_it_is_spelled(tmp_path: Path) -> None:
    source = save(tmp_path / "a.tif", values(2, 12, 13), "CYX")
    (tmp_path / "link.tif").symlink_to("a.tif")
    for again in (source, f"{tmp_path}/./a.tif", str(tmp_path / "link.tif")):
        for noisy, reference in (([source, again], None), ([source], [again])):
            with pytest.raises(LeakageError, match="used twice in one scan"):
                plan(noisy, reference)
