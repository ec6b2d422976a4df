"""Frames that hold the same pixels are found, whatever file and type they are saved in."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.core.errors import LeakageError
from noisebound.scans.channel_digests import ChannelDigests
from noisebound.scans.pixel_digests import pixel_digest
from tests.unit.scans import fields
from tests.unit.scans.fields import frames, ingest, save


@pytest.mark.parametrize("channels", [[0, 1], [1]])
def test_a_noisy_frame_saved_again_is_no_reference(tmp_path: Path, channels: list[int]) -> None:
    reference = frames(5, 1)[0]
    reference[channels] = frames()[2, channels]
    sources = [save(tmp_path / "a.tif", frames())], [save(tmp_path / "r.tif", reference.astype("float32"), "CYX")]
    with pytest.raises(LeakageError, match=r"r\.tif.*frame 0 of the reference equals noisy frame 2.*Remedy"):
        ingest(tmp_path, "a", *sources)
    assert not (tmp_path / "a.h5").exists() and not (tmp_path / "a.json").exists()


def test_one_frame_twice_is_found_in_any_type(tmp_path: Path) -> None:
    again = save(tmp_path / "b.tif", frames()[1].astype("float32"), "CYX")
    with pytest.raises(LeakageError, match="equals frame 1"):
        ingest(tmp_path, "a", [save(tmp_path / "a.tif", frames()), again])


def test_every_channel_is_listed_that_tells_images_apart() -> None:
    digests = ChannelDigests(["Mg", "Si"])
    frame = fields.frames(0, 1)[0]
    frame[1] = 7
    assert digests.add("noisy", 3, frame) == [pixel_digest(frame[0]), None]
    assert digests.arrays == [{"part": "noisy", "frame": 3, "channel": "Mg", "sha256": pixel_digest(frame[0])}]


def test_frames_may_be_the_same_unless_one_is_the_others_target() -> None:
    frame = fields.frames(0, 1)[0]
    for alone in (False, True):
        digests = ChannelDigests(["Mg", "Si"])
        digests.add_noisy(0, frame, "a.tif", 0, alone=alone)
        digests.add_noisy(1, frame + 1, "a.tif", 1, alone=alone)
        if alone:
            with pytest.raises(LeakageError, match=r"frame 0 of 'b\.tif' equals frame 1 of 'a\.tif'"):
                digests.add_noisy(2, frame + 1, "b.tif", 0, alone=True)
        else:
            digests.add_noisy(2, frame + 1, "b.tif", 0, alone=False)
            assert len(digests.arrays) == 6


def test_frames_that_share_a_channel_alone_are_different_frames() -> None:
    digests = ChannelDigests(["Mg", "Si"])
    frame, empty = fields.frames(0, 1)[0], fields.frames(0, 1)[0]
    empty[1] = 7
    other = empty.copy()
    other[1] = 8
    for number, image in enumerate((frame, empty, other)):  # channels of one value count with their value
        digests.add_noisy(number, image, "a.tif", number, alone=True)
    with pytest.raises(LeakageError, match="equals frame 1"):
        digests.add_noisy(3, empty, "a.tif", 3, alone=True)


def test_one_channel_of_a_noisy_frame_in_the_reference_is_enough() -> None:
    digests = ChannelDigests(["Mg", "Si"])
    frame, reference = fields.frames(0, 1)[0], fields.frames(1, 1)[0]
    digests.add_noisy(0, frame, "n.tif", 0, alone=False)
    digests.add_reference(0, reference, "r.tif")
    reference[1] = frame[1]
    with pytest.raises(LeakageError, match=r"frame 1 of the reference equals noisy frame 0 of .* channel Si"):
        digests.add_reference(1, reference.astype("float64"), "r.tif")
