"""Buffers of the compiled loops, used again and again.

Fresh memory costs more time than the convolutions that fill it, because the system clears every page. All networks
share their buffers, so that an ensemble needs no more memory than its widest member.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .cpu_layout import Layout


class Buffers:
    """Memory for features and for gradients. At most one buffer is kept for later, so that memory does not pile up."""

    def __init__(self) -> None:
        # A buffer, the layout that it was used for last, and how many of its numbers were used then.
        self.free: list[tuple[Tensor, Layout, int]] = []
        self._scratch: NDArray[np.float32] = np.empty(0, dtype=np.float32)

    def borrow(self, images: int, channels: int, layout: Layout) -> Tensor:
        """Take a buffer for features.

        Parameters
        ----------
        images
            Number of images B.
        channels
            Channels of the buffer.
        layout
            Where pixels lie in its rows.

        Returns
        -------
        Tensor
            float32 (B, channels, length), zero between the pixels and around them; the pixels may hold anything.
        """
        size = images * channels * layout.length
        free, last, clean = self.free.pop() if self.free else (torch.empty(0), layout, 0)
        if free.numel() < size:
            # From numpy, which asks the system for large pages.
            free = torch.from_numpy(np.zeros(size, dtype=np.float32))
        elif last is not layout or clean < size:
            free[:size] = 0
        return free[:size].view(images, channels, layout.length)

    def give_back(self, buffer: Tensor, layout: Layout) -> None:
        """Return a buffer, to be used again. If another one waits already, the larger of the two is kept.

        Parameters
        ----------
        buffer
            What :meth:`borrow` returned.
        layout
            The layout that it was borrowed for; all else than its pixels must still be zero.
        """
        whole = torch.empty(0).set_(buffer.untyped_storage())
        self.free[:] = [max([(whole, layout, buffer.numel()), *self.free], key=lambda free: free[0].numel())]

    def scratch(self, channels: int, layout: Layout) -> NDArray[np.float32]:
        """Take the array for the gradients of one image. All callers share it.

        Parameters
        ----------
        channels
            Channels of the array.
        layout
            Where pixels lie in its rows.

        Returns
        -------
        array
            float32 (channels, length), with any content.
        """
        size = channels * layout.length
        if self._scratch.size < size:
            self._scratch = np.empty(size, dtype=np.float32)
        return self._scratch[:size].reshape(channels, layout.length)


BUFFERS = Buffers()  # of this process
