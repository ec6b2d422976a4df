"""How much of an HDF5 dataset lies in its file: whether all of its pixels were written, and how large they may be."""

from __future__ import annotations

import math
import os
from itertools import pairwise, product

import h5py

from ..core.errors import SAVE_AGAIN, InputError
from .stored_image import check_memory

_SIGNATURE = 8  # bytes at the beginning of every file
# The most bytes that one stored byte can unpack to, by the number of a filter; others have no known limit.
_MOST_PER_BYTE = {
    h5py.h5z.FILTER_DEFLATE: 1032,
    h5py.h5z.FILTER_SHUFFLE: 1,
    h5py.h5z.FILTER_FLETCHER32: 1,
    h5py.h5z.FILTER_LZF: 128,
}


def check_stored(
    dataset: h5py.Dataset, properties: h5py.h5p.PropDCID, file: str, size: int, *, every_chunk: bool
) -> None:
    """Check that all pixels of a dataset are stored in its file.

    Parameters
    ----------
    dataset
        A dataset that is not virtual.
    properties
        Its creation properties.
    file
        Its file.
    size
        Size of the file in bytes.
    every_chunk
        Whether to look up each chunk, which a damaged index may prevent, instead of only counting chunks.

    Raises
    ------
    InputError
        If pixels lie in a file that is not HDF5 (external storage, which can name any file on the disk), the dataset or
        a chunk was never written, or the announced shape needs more bytes than are stored or than fit into memory.
    """
    name = dataset.name
    if dataset.shape is None:
        raise InputError(f"the dataset {name!r} holds no pixel", file=file, remedy=SAVE_AGAIN)
    if properties.get_external_count():
        named = repr(os.fsdecode(properties.get_external(0)[0]))
        problem = f"the pixels of the dataset {name!r} lie outside HDF5, in the raw file {named}"
        remedy = "copy them into the file, for example with h5repack -l CONTI, and use the copy"
        raise InputError(problem, file=file, remedy=remedy)
    if not dataset.shape or dataset.dtype.kind not in "uif":
        return  # refused later, with a message of its own
    announced, stored = math.prod(dataset.shape) * dataset.dtype.itemsize, dataset.id.get_storage_size()
    if announced == 0:
        return
    if stored == 0:
        raise InputError(f"the dataset {name!r} was created but never written", file=file, remedy=SAVE_AGAIN)
    offset = dataset.id.get_offset() if properties.get_layout() == h5py.h5d.CONTIGUOUS else _SIGNATURE
    if offset is None or offset < _SIGNATURE:
        problem = f"corrupt: the pixels of the dataset {name!r} are not where its description says"
        raise InputError(problem, file=file, remedy=SAVE_AGAIN)
    most = 1
    if dataset.chunks is not None:
        announced = _chunk_bytes(dataset, file)
        filters = [properties.get_filter(number)[0] for number in range(properties.get_nfilters())]
        limits = [_MOST_PER_BYTE.get(code) for code in filters]
        most = 0 if None in limits else math.prod(limit for limit in limits if limit)
    if stored > size or (most and stored * most < announced):
        problem = (
            f"the header of the dataset {name!r} promises {announced} bytes of pixels, and {stored} bytes are stored"
        )
        raise InputError(f"{problem} in a file of {size} bytes", file=file, remedy=SAVE_AGAIN)
    check_memory(announced, file)
    if every_chunk and dataset.chunks is not None:
        _find_chunks(dataset, properties, file)


def _chunk_bytes(dataset: h5py.Dataset, file: str) -> int:
    """Return the bytes of all chunks when unpacked; raise ``InputError`` if some were never written."""
    needed = math.prod(-(-length // chunk) for length, chunk in zip(dataset.shape, dataset.chunks, strict=True))
    written = dataset.id.get_num_chunks()
    if written < needed:
        raise InputError(
            f"{needed - written} of the {needed} chunks of the dataset {dataset.name!r} were never written",
            file=file,
            remedy="the scan was aborted, or is still running: save the part that was measured as a file of its own",
        )
    return needed * math.prod(dataset.chunks) * dataset.dtype.itemsize


def _find_chunks(dataset: h5py.Dataset, properties: h5py.h5p.PropDCID, file: str) -> None:
    """Raise ``InputError`` unless HDF5 finds every chunk inside the file, in a place of its own.

    If the index is damaged, HDF5 takes a chunk for one that was never written, and returns zeros.
    """
    whole = math.prod(dataset.chunks) * dataset.dtype.itemsize
    filters = [properties.get_filter(number)[0] for number in range(properties.get_nfilters())]
    listed: dict[tuple[int, ...], h5py.h5d.StoreInfo] = {}
    dataset.id.chunk_iter(lambda found: listed.update({found.chunk_offset: found}))
    # There are no pixels at the beginning of the file and of the description of the dataset.
    places = [(0, _SIGNATURE), (header := h5py.h5o.get_info(dataset.id).addr, header + _SIGNATURE)]
    for corner in product(*(range(0, *pair) for pair in zip(dataset.shape, dataset.chunks, strict=True))):
        found = listed.get(corner)
        try:
            # Above, the index was listed; here it is searched, as it is when pixels are read.
            mask, content = dataset.id.read_direct_chunk(corner)
        except (OSError, RuntimeError, ValueError):
            found = None
        same = found is not None and (mask, len(content)) == (found.filter_mask, found.size)
        if found is None or not same or not _possible(found, filters, whole):
            problem = f"the chunk at {corner} of the dataset {dataset.name!r} is not where its index says"
            raise InputError(f"corrupt or truncated: {problem}", file=file, remedy=SAVE_AGAIN)
        places.append((found.byte_offset, found.byte_offset + found.size))
    places.sort()
    if any(end > begin for (_, end), (begin, _) in pairwise(places)):
        problem = f"corrupt: a chunk of the dataset {dataset.name!r} lies where another or its description lies"
        raise InputError(problem, file=file, remedy=SAVE_AGAIN)


def _possible(chunk: h5py.h5d.StoreInfo, filters: list[int], whole: int) -> bool:
    """Tell whether a chunk of ``whole`` bytes can have its stored size, given the filters that were applied to it."""
    applied = [code for number, code in enumerate(filters) if not chunk.filter_mask >> number & 1]
    checksums = 4 * applied.count(h5py.h5z.FILTER_FLETCHER32)
    packed = any(_MOST_PER_BYTE.get(code) != 1 for code in applied)
    return not chunk.filter_mask >> len(filters) and (packed or chunk.size == whole + checksums)
