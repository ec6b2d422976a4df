"""Windows and the two frames of each: which scans give them, where they lie, and that halves share nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.ensemble.frame_windows import (
    WINDOW,
    Window,
    choose_scans,
    divide_counts,
    draw_windows,
    read_pair,
    within,
)
from noisebound.ensemble.members import Ensemble
from noisebound.files.scan import Scan
from noisebound.geometry.boxes import Box
from noisebound.regions.regions import Regions
from tests.unit.ensemble.member_files import make_frames, make_members
from tests.unit.learning_files import write_scan


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Ensemble:
    members = make_members(tmp_path_factory.mktemp("members"), 2)
    return Ensemble(members.weights, members.architectures)


def area(name: str, *roles: str) -> Regions:
    boxes = tuple(Box(role, (8 * n, 0), (8 * n + 8, 20)) for n, role in enumerate(roles))
    return Regions(name, (29, 23), (0, 0), "the test", boxes)


def test_held_out_pixels_come_before_train_and_repeats_before_halves(tmp_path: Path) -> None:
    frames = make_frames(2)
    kinds = {
        "repeats": Scan(write_scan(tmp_path / "a.h5", frames, None)),
        "counts": Scan(write_scan(tmp_path / "b.h5", frames[:1], None, counts=True)),
        "single": Scan(write_scan(tmp_path / "c.h5", frames[:1], None)),
    }

    def chosen(*scans: tuple[str, tuple[str, ...]]) -> tuple[str, str, list[int]]:
        source, place, boxes = choose_scans([kinds[kind] for kind, _ in scans], [area(k, *roles) for k, roles in scans])
        return source, place, list(boxes)

    split, train, select = ("train", "test"), ("train",), ("select",)
    assert chosen(("repeats", split), ("counts", split)) == ("repeats", "held-out", [0])
    assert chosen(("repeats", train), ("counts", select)) == ("thinned", "held-out", [1])
    assert chosen(("counts", train), ("repeats", train), ("single", select)) == ("repeats", "train", [1])
    assert chosen(("counts", train), ("single", split)) == ("thinned", "train", [0])
    assert chosen(("single", split), ("repeats", ())) == ("", "", [])
    boxes = choose_scans([kinds["repeats"]], [area("a", "train", "calibrate", "test")])[2]
    assert [box.role for box in boxes[0]] == ["calibrate", "test"]


def test_windows_are_disjoint_lie_in_the_boxes_and_take_the_scans_in_turn(ensemble: Ensemble) -> None:
    shapes = [(200, 300), (90, 90)]
    boxes = {
        0: [Box("test", (3, 5), (200, 140)), Box("select", (0, 200), (130, 300))],
        1: [Box("test", (0, 0), (90, 90))],
    }
    random = np.random.default_rng(0)
    windows = draw_windows(ensemble, shapes, boxes, 10**9, random)
    for number, own in boxes.items():
        seen = np.zeros(shapes[number], int)
        for window in windows:
            if window.number == number:
                seen[window.region] += 1
        expected = np.zeros(shapes[number], int)
        for box in own:
            expected[box.slices] = 1
        np.testing.assert_array_equal(seen, expected)
    assert [window.number for window in windows[:2]] == [0, 1]
    assert all(max(window.shape) <= 1.5 * WINDOW[2] and window.size == np.prod(window.shape) for window in windows)
    sizes = [np.prod([extent + 2 * rim for extent, rim in zip(w.shape, ensemble.halo, strict=True)]) for w in windows]
    few = draw_windows(ensemble, shapes, boxes, sum(sizes[:3]), np.random.default_rng(0))
    assert [window.region for window in few] == [window.region for window in windows[:3]]
    assert len(draw_windows(ensemble, shapes, boxes, 0, random)) == 1
    orders = {draw_windows(ensemble, shapes, boxes, 0, np.random.default_rng(s))[0].region[0].start for s in range(20)}
    assert len(orders) > 2, "windows are drawn at random"


def test_a_window_reads_what_its_tiles_read(ensemble: Ensemble) -> None:
    (window,) = draw_windows(ensemble, [(29, 23)], {0: [Box("test", (10, 0), (14, 23))]}, 0, np.random.default_rng(0))
    rim = ensemble.halo[0]
    assert window.around == (slice(10 - rim, 14 + rim), slice(0, 23))
    assert within(window.region, window.around) == (slice(rim, rim + 4), slice(0, 23))
    tiles = tuple(
        tile
        for start in (10, 12)
        for tile in draw_windows(
            ensemble, [(29, 23)], {0: [Box("test", (start, 0), (start + 2, 23))]}, 0, np.random.default_rng(0)
        )[0].tiles
    )
    assert Window(0, window.region, tiles).around == window.around


def test_pairs_are_the_delivered_frame_and_the_next_or_halves_of_it(tmp_path: Path) -> None:
    frames = make_frames(2)
    region = (slice(2, 9), slice(0, 11))
    random = np.random.default_rng(1)
    with Scan(write_scan(tmp_path / "a.h5", frames, None, counts=True)) as scan:
        for frame, numbers in ((0, (0, 1)), (2, (2, 0)), (7, (2, 0))):
            pair = read_pair(scan, region, "repeats", frame, random)
            for image, number in zip(pair, numbers, strict=True):
                np.testing.assert_array_equal(image, frames[number][(slice(None), *region)])
        one, other = read_pair(scan, region, "thinned", 1, random)
        np.testing.assert_array_equal(one + other, 2 * frames[1][(slice(None), *region)].astype(float))
        assert not np.array_equal(one, other)


@pytest.mark.parametrize("rate", [0.3, 4.0])
def test_halves_of_poisson_counts_share_the_mean_and_nothing_else(rate: float) -> None:
    random = np.random.default_rng(2)
    counts = random.poisson(rate, 400_000).astype(np.float32)
    one, other = divide_counts(counts, random)
    assert one.dtype == other.dtype == np.float32
    for half in (one, other):
        assert half.mean() == pytest.approx(rate, rel=0.02)
        assert half.var() == pytest.approx(2 * rate, rel=0.02), "the noise of half the dose"
        assert (half % 2 == 0).all()
    # 5 standard errors of the correlation of independent values.
    assert abs(np.corrcoef(one, other)[0, 1]) < 5 / np.sqrt(counts.size)


def test_halves_of_counts_that_vary_more_than_poisson_resemble_each_other() -> None:
    random = np.random.default_rng(3)
    counts = 3 * random.poisson(2.0, 100_000)
    assert np.corrcoef(*divide_counts(counts.astype(np.float32), random))[0, 1] > 0.2
