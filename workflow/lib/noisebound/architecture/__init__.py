"""What networks may look like, as data: drawn from a seed, written as JSON, without torch.

Begin with ``base``.

    base               What every architecture says of itself, whichever family it is of
    draw_architecture  step: draw one member's architecture from the seed and write it as JSON
    families           Reading an architecture of either family from its file
    limits             How large an architecture may be, so that a file that announces more is refused before anything
                       is made of it
    random_graph       Random sparse mixed-scale graphs, drawn from a seed and written as JSON
    unet               The U-Net as data: the encoder that a run can be compared with (Ronneberger et al.,
                       arXiv:1505.04597)
"""
