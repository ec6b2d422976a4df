"""The step ingest_scan: what goes into the standard file, and refusals that keep nothing."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from noisebound.core.errors import InputError, LeakageError
from noisebound.scans.readers import read_image
from tests.unit.scans.measured import ingest, refuse, save, values

DEMO = Path(__file__).parents[3] / "resources" / "demo"


EDX = ["O", "Mg", "Al", "Si", "Ca", "Fe"]


def test_the_truth_of_a_simulated_scan_is_kept_apart(tmp_path: Path) -> None:
    noisy, measured = values(2, 2, 12, 13), values(2, 12, 13, seed=1)
    truth = np.random.default_rng(2).normal(50, 9, (2, 12, 13)).astype(np.float32)
    sources = [save(tmp_path / "n.tif", noisy, "RCYX")], [save(tmp_path / "r.tif", measured, "CYX")]
    file = save(tmp_path / "t.tif", truth, "CYX")
    with ingest(tmp_path / "a.h5", *sources, truth=file) as scan:
        found = scan.read_truth((slice(2, 9), slice(0, 5)))
        assert found is not None
        np.testing.assert_array_equal(found, truth[:, 2:9, :5])
        np.testing.assert_array_equal(scan.read_target(0), measured.astype(np.float32))
        assert scan.sources[-1]["part"] == "truth"
    with ingest(tmp_path / "b.h5", *sources) as scan:
        assert scan.read_truth() is None
    small = save(tmp_path / "s.tif", truth[:, :9], "CYX")
    refuse(tmp_path / "c.h5", *sources, "s.tif", "spatial shape", truth=small)
    many = save(tmp_path / "m.tif", np.stack([truth, truth]), "RCYX")
    refuse(tmp_path / "c.h5", *sources, "m.tif", "the truth holds 2 frames", truth=many)
    refuse(tmp_path / "c.h5", *sources, "none.tif", truth=str(tmp_path / "none.tif"))


def test_many_files_and_any_order_of_axes_give_the_same_scan(tmp_path: Path) -> None:
    frames = values(4, 2, 3, 12, 13)
    stack = save(tmp_path / "stack.tif", frames, "RCZYX")
    parts = [
        save(tmp_path / "0.tif", frames[0], "CZYX"),
        save(tmp_path / "12.tif", frames[1:3].transpose(2, 0, 3, 1, 4), "ZRYCX"),
    ]
    with h5py.File(tmp_path / "3.h5", "w") as stored:
        stored["entry/data"] = frames[3].transpose(3, 2, 1, 0)
    parts.append(f"{tmp_path}/3.h5:/entry/data")
    stored_parts = [*parts[:2], save(tmp_path / "3.tif", frames[3].transpose(3, 2, 1, 0), "XYZC")]
    with (
        ingest(tmp_path / "a.h5", [stack], dimensions=3) as one,
        ingest(tmp_path / "b.h5", stored_parts, dimensions=3) as many,
    ):
        assert one.shape == many.shape == (3, 12, 13) and one.axes == "RCZYX" and one.ndim == 3
        for k in range(4):
            np.testing.assert_array_equal(one.read_frame(k), frames[k])
            np.testing.assert_array_equal(many.read_frame(k), frames[k])
    refuse(tmp_path / "c.h5", parts, None, "3.h5", "`axes` column", dimensions=3)
    with ingest(tmp_path / "d.h5", parts[2:], dimensions=3, axes="XYZC") as last:
        np.testing.assert_array_equal(last.read_frame(0), frames[3])


def test_the_same_inputs_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    noisy, reference = (save(tmp_path / f"{n}.tif", values(3, 2, 40, 50, seed=n), "RCYX") for n in (0, 1))
    ingest(tmp_path / "a.h5", [noisy], [reference], group="g").close()
    script = (
        "import sys; from noisebound.scans.ingest_scan import ingest_scan; "
        "from noisebound.scans.settings import DataSettings, SourceSettings; "
        "source = SourceSettings([sys.argv[1]], [sys.argv[2]], group='g'); "
        "ingest_scan(source, DataSettings(2, ['Mg', 'Si'], True), sys.argv[3], scan='a')"
    )
    subprocess.run([sys.executable, "-c", script, noisy, reference, str(tmp_path / "b.h5")], check=True)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_sources_carry_digests_and_metadata_survives(tmp_path: Path) -> None:
    noisy = save(tmp_path / "n.tif", values(3, 2, 12, 13), "RCYX", channels=["Mg_Ka", "Si_Ka"], pixel_um=0.5)
    reference = save(tmp_path / "r.tif", values(2, 12, 13, seed=4), "CYX")
    with ingest(tmp_path / "a.h5", [noisy], [reference], group="slice 7", scan="a-1") as scan:
        digest = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in (noisy, reference)]
        assert scan.sources == [
            {"path": noisy, "sha256": digest[0], "part": "noisy"},
            {"path": reference, "sha256": digest[1], "part": "reference"},
        ]
        assert (scan.name, scan.group, scan.channels) == ("a-1", "slice 7", ("Mg", "Si"))
        assert (scan.pixel_size, scan.pixel_unit, scan.axes) == ((0.5, 0.5), "µm", "RCYX")
        np.testing.assert_array_equal(scan.read_target(1), values(2, 12, 13, seed=4))
    again = read_image(f"{tmp_path}/a.h5:/noisy")
    assert (again.axes, again.channels, again.pixel_size) == ("RCYX", ("Mg", "Si"), (0.5, 0.5))
    np.testing.assert_array_equal(again.array, values(3, 2, 12, 13))
    assert read_image(f"{tmp_path}/a.h5:/reference").axes == "CYX"


def test_images_are_stored_in_pieces_compressed_and_labelled(tmp_path: Path) -> None:
    noisy = save(tmp_path / "n.tif", values(2, 2, 40, 150, 20), "RCZYX")
    reference = save(tmp_path / "r.tif", values(2, 40, 150, 20, seed=1), "CZYX")
    ingest(tmp_path / "a.h5", [noisy], [reference], dimensions=3).close()
    with h5py.File(tmp_path / "a.h5") as stored:
        assert sorted(stored) == ["noisy", "reference"]
        assert stored["noisy"].chunks == (1, 1, 32, 128, 20) and stored["reference"].chunks == (1, 32, 128, 20)
        for dataset, axes in ((stored["noisy"], "RCZYX"), (stored["reference"], "CZYX")):
            assert dataset.compression == "gzip" and dataset.shuffle
            assert "".join(dimension.label for dimension in dataset.dims) == axes


def test_very_many_sources_fit_into_the_attributes(tmp_path: Path) -> None:
    sources = [save(tmp_path / f"frame-{k:03d}.tif", values(2, 4, 4, seed=k), "CYX") for k in range(500)]
    with ingest(tmp_path / "a.h5", sources, "leave-one-out") as scan:
        assert len(scan.sources) == scan.n_frames == 500


@pytest.mark.parametrize("name", ["../x", "a b", "$(x)", "<script>", "", ".hidden", "a..b", "a/b", "a\n", "-a", "é"])
def test_hostile_names_are_refused(tmp_path: Path, name: str) -> None:
    source = save(tmp_path / "a.tif", values(2, 12, 13), "CYX")
    with pytest.raises(InputError, match="letters, digits"):
        ingest(tmp_path / "out.h5", [source], scan=name)


def test_demo_edx_counts(tmp_path: Path) -> None:
    full = tifffile.imread(DEMO / "edx_71GPa_full_CYX.tif").astype(np.float64)
    frames = tifffile.imread(DEMO / "edx_71GPa_frames10_RCYX.tif")
    with ingest(
        tmp_path / "edx.h5", [str(DEMO / "edx_71GPa_frames10_RCYX.tif")], "leave-one-out", channels=EDX
    ) as scan:
        assert scan.n_frames == 10 and scan.shape == (201, 201) and scan.channels == tuple(EDX)
        assert scan.pixel_unit == "µm" and scan.pixel_size == pytest.approx((0.0017165364,) * 2)
        np.testing.assert_allclose(scan.read_target(3), (full - frames[3]) / 9, rtol=1e-6)
    with pytest.raises(LeakageError, match="sum or the mean"):
        ingest(
            tmp_path / "leak.h5",
            [str(DEMO / "edx_71GPa_frames10_RCYX.tif")],
            [str(DEMO / "edx_71GPa_full_CYX.tif")],
            channels=EDX,
        )


def test_demo_bone_volume(tmp_path: Path) -> None:
    noisy = [str(DEMO / f"xct_bone_64x96x96_lowdose_rep{k}_ZYX.tif") for k in (0, 1)]
    reference = str(DEMO / "xct_bone_64x96x96_reference_ZYX.tif")
    with ingest(tmp_path / "bone.h5", noisy, [reference], dimensions=3, channels=["grey"], counts=False) as scan:
        assert scan.n_frames == 2 and scan.shape == (64, 96, 96) and scan.axes == "RCZYX"
        np.testing.assert_array_equal(scan.read_frame(1)[0], tifffile.imread(noisy[1]))
        np.testing.assert_array_equal(scan.read_target(0)[0], tifffile.imread(reference))
        assert scan.read_target_noise(0) is None and scan.pixel_unit == "px"
