"""Ways in which a file is damaged: cut, flipped bytes, the header of another format, blocks of zeros."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

WAYS = ("cut", "flipped", "flipped structure", "other header", "zeros")


def damaged(
    content: bytes, way: str, structure: np.ndarray, headers: Mapping[str, bytes], random: np.random.Generator
) -> bytes:
    """A damaged copy; ``structure`` are places of bytes that are no pixels, ``headers`` beginnings of other files."""
    changed = bytearray(content)
    if way == "cut":
        return content[: int(random.integers(1, len(content)))]
    if way in ("flipped", "flipped structure"):
        places = np.arange(len(content)) if way == "flipped" or not len(structure) else structure
        for place in random.choice(places, min(len(places), int(2 ** random.integers(0, 7)))):
            changed[place] ^= int(random.integers(1, 256))
    elif way == "other header":
        header = headers[str(random.choice(sorted(headers)))]
        length = min(len(header), len(content), int(2 ** random.integers(2, 11)))
        changed[:length] = header[:length]
    else:
        for _ in range(int(random.integers(1, 4))):
            begin, length = int(random.integers(0, len(content))), int(2 ** random.integers(0, 12))
            changed[begin : begin + length] = bytes(len(changed[begin : begin + length]))
    return bytes(changed)
