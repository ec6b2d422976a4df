"""How much of a TIFF image lies in its file: whether all of its pixels are there, and how large they may be."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import tifffile

from ..core.errors import SAVE_AGAIN, InputError
from .stored_image import check_memory

# The most bytes that one stored byte can unpack to, by the number of a compression; others have no known limit.
_MOST_PER_BYTE = {1: 1, 8: 1032, 32946: 1032, 32773: 128}
_STORAGE_TAGS = (258, 273, 279, 324, 325)  # bits per sample; offsets and lengths of strips and tiles


def check_announced(tiff: tifffile.TiffFile, file: str) -> None:
    """Check that OME metadata announce no more than the pages hold, before an array of that size is made.

    Parameters
    ----------
    tiff
        The open file.
    file
        Its path, for messages.

    Raises
    ------
    InputError
        If the metadata cannot be read, or announce more or larger planes than there are.
    """
    if not tiff.is_ome or not tiff.ome_metadata:
        return
    try:
        described = ElementTree.fromstring(tiff.ome_metadata).findall(".//{*}Image/{*}Pixels")
        sizes = [{axis: int(pixels.get(f"Size{axis}", "1")) for axis in "XYZCT"} for pixels in described]
    except (ElementTree.ParseError, ValueError) as error:
        raise InputError(f"OME metadata that cannot be read: {error}", file=file, remedy=SAVE_AGAIN) from None
    first, there = tiff.pages.first, len(tiff.pages)
    announced = sum(size["Z"] * size["C"] * size["T"] for size in sizes)
    if announced > there * first.samplesperpixel:
        problem = f"its metadata announce {announced} planes, and {there} are there: planes are missing"
        remedy = "save all planes in this file; sets of several OME-TIFF files are not read"
        raise InputError(problem, file=file, remedy=remedy)
    if any(size["X"] * size["Y"] > first.imagewidth * first.imagelength for size in sizes):
        problem = f"its metadata announce larger planes than those of {first.imagewidth} x {first.imagelength} pixels"
        raise InputError(f"{problem} that are there", file=file, remedy=SAVE_AGAIN)


def check_stored(tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries, file: str, complaints: list[str]) -> None:
    """Check that every page is listed and that all pixels lie inside the file.

    Parameters
    ----------
    tiff
        The open file.
    series
        Its image series.
    file
        Its path.
    complaints
        The errors that tifffile only logged.

    Raises
    ------
    InputError
        If pages or pixels are missing, or the announced shape needs more bytes than are stored or than fit into memory.
    """
    size = Path(file).stat().st_size
    pages = [page for page in series.pages if page is not None]
    if len(pages) < len(series.pages):
        remedy = "save all planes in this file; sets of several OME-TIFF files are not read"
        raise InputError("planes that its metadata announce are missing", file=file, remedy=remedy)
    if complaints:
        raise InputError(f"corrupt or truncated ({complaints[0]})", file=file, remedy=SAVE_AGAIN)
    announced = math.prod(series.shape) * series.dtype.itemsize
    segments = [pair for page in pages for pair in zip(page.dataoffsets, page.databytecounts, strict=True)]
    missing = sum(int(offset == 0 or count == 0 or offset + count > size) for offset, count in segments)
    stored = sum(count for _, count in segments)
    most = _MOST_PER_BYTE.get(series.keyframe.compression)
    if len(pages) == 1 and series.dataoffset is not None:
        # One page may stand for many that follow each other without gaps and have no entries of their own.
        missing += int(series.dataoffset + announced > size)
    elif most:
        missing += int(stored * most < max(announced, len(segments) * _tile_bytes(series)))
    if missing:
        problem = f"truncated: pixels lie beyond the end of the file ({size} bytes)"
        raise InputError(problem, file=file, remedy=SAVE_AGAIN)
    _check_lengths(series, segments, file)
    described = json_description(tiff).get("shape")
    if isinstance(described, list) and _size(described) != math.prod(series.shape):
        problem = f"truncated: its description announces the shape {described}, pages of {list(series.shape)} are there"
        raise InputError(problem, file=file, remedy=SAVE_AGAIN)
    images, planes = (tiff.imagej_metadata or {}).get("images"), math.prod(series.shape) // max(1, series.keyframe.size)
    if tiff.is_imagej and isinstance(images, int) and images != planes:
        problem = f"corrupt: its description says {images} images, but channels x slices x frames is {planes}"
        raise InputError(problem, file=file, remedy=SAVE_AGAIN)
    check_memory(announced, file)


def check_pages(tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries, file: str) -> None:
    """Read the description of every page, which takes a while for many pages, and check it before pixels are read.

    Parameters
    ----------
    tiff
        The open file.
    series
        Its image series.
    file
        Its path, for messages.

    Raises
    ------
    InputError
        If a page describes its pixels otherwise than the first, by which all are decoded, or pixels overlap other
        pixels or a description.
    """
    # Sets, because several tiles may share the same bytes, for example of a blank tile.
    described, pixels = {(0, 8)}, set[tuple[int, int]]()
    for number, page in enumerate(series.pages):
        if page is None:
            continue
        pixels |= {(begin, begin + count) for begin, count in zip(page.dataoffsets, page.databytecounts, strict=True)}
        if isinstance(page, tifffile.TiffFrame) and page.offset:
            tiff.filehandle.seek(page.offset)
            page = tifffile.TiffPage(tiff, page.index)
            if page.hash != series.keyframe.hash:
                problem = f"corrupt: page {number} describes its pixels otherwise than the first page"
                raise InputError(problem, file=file, remedy=SAVE_AGAIN)
        if isinstance(page, tifffile.TiffPage):
            described |= set(_described(page))
    ordered = sorted([*pixels, *_merged(described)])
    if any(end > begin for (_, end), (begin, _) in pairwise(ordered)):
        problem = "corrupt: pixels lie where other pixels or the description of the image lie"
        raise InputError(problem, file=file, remedy=SAVE_AGAIN)


def _merged(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge places that overlap, since pages may share values."""
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(places):
        if merged and begin < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _described(page: tifffile.TiffPage) -> Iterator[tuple[int, int]]:
    """Yield where the list of tags of a page lies, and the values of tags that say how pixels are stored."""
    end = max((tag.offset for tag in page.tags), default=page.offset) + 12
    yield (page.offset, end)
    for code in _STORAGE_TAGS:
        tag = page.tags.get(code)
        if tag is not None and not page.offset <= tag.valueoffset < end:  # short values stand in the list itself
            yield (tag.valueoffset, tag.valueoffset + tag.valuebytecount)


def _tile_bytes(series: tifffile.TiffPageSeries) -> int:
    """Return the bytes of a tile when unpacked; 0 if the image is in strips."""
    keyframe = series.keyframe
    samples = keyframe.samplesperpixel if keyframe.planarconfig == 1 else 1
    return math.prod(keyframe.tile or ()) * samples * series.dtype.itemsize if keyframe.is_tiled else 0


def _check_lengths(series: tifffile.TiffPageSeries, segments: list[tuple[int, int]], file: str) -> None:
    """Raise ``InputError`` if uncompressed strips or tiles have more bytes than their pixels need."""
    keyframe = series.keyframe
    if keyframe.compression == 1 and len(segments) > 1 and keyframe.samplesperpixel == 1:
        strip = min(keyframe.rowsperstrip, keyframe.imagelength) * keyframe.imagewidth * series.dtype.itemsize
        most = (_tile_bytes(series) or strip) + 3  # some programs fill up to whole words
        if any(count > most for _, count in segments):
            problem = f"corrupt: a strip or tile of {most - 3} bytes of pixels holds more"
            raise InputError(problem, file=file, remedy=SAVE_AGAIN)


def _size(shape: list[Any]) -> int:
    return math.prod(length for length in shape) if all(isinstance(length, int) for length in shape) else -1


def json_description(tiff: tifffile.TiffFile) -> dict[str, Any]:
    """Read the description of the first page as JSON.

    Parameters
    ----------
    tiff
        The open file.

    Returns
    -------
    dict
        The JSON object; empty if the description is no JSON object.
    """
    text = tiff.pages.first.description
    if not text.lstrip().startswith("{"):
        return {}
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}
