"""Buffers of the compiled loops, used again and again.

Fresh memory costs more than the convolutions that fill it, because the system clears every page. All networks share
their buffers, so that an ensemble needs no more memory than its widest member.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .cpu_layout import Layout


class Buffers:
    """At most one free buffer, so that memory does not pile up, and a scratch array for gradients."""

    def __init__(self) -> None:
        # A buffer, the layout that it was used for last, and how many of its numbers were used then.
        self.free: list[tuple[Tensor, Layout, int]] = []
        self._scratch: NDArray[np.float32] = np.empty(0, dtype=np.float32)

    def borrow(self, images: int, channels: int, layout: Layout) -> Tensor:
        """A float32 buffer (images, channels, length) that is zero between the pixels of ``layout`` and around them."""
        size = images * channels * layout.length
        free, last, clean = self.free.pop() if self.free else (torch.empty(0), layout, 0)
        if free.numel() < size:
            # From numpy, which asks the system for large pages.
            free = torch.from_numpy(np.zeros(size, dtype=np.float32))
        elif last is not layout or clean < size:
            free[:size] = 0
        return free[:size].view(images, channels, layout.length)

    def give_back(self, buffer: Tensor, layout: Layout) -> None:
        """Return what :meth:`borrow` gave; of several, the largest is kept."""
        whole = torch.empty(0).set_(buffer.untyped_storage())
        self.free[:] = [max([(whole, layout, buffer.numel()), *self.free], key=lambda free: free[0].numel())]

    def scratch(self, channels: int, layout: Layout) -> NDArray[np.float32]:
        """An array (channels, length) for the gradients of one image, with any content; the same for all callers."""
        size = channels * layout.length
        if self._scratch.size < size:
            self._scratch = np.empty(size, dtype=np.float32)
        return self._scratch[:size].reshape(channels, layout.length)


BUFFERS = Buffers()  # of this process
