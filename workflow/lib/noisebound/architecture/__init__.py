"""What networks may look like, as data: drawn from a seed, written as JSON, without torch.

Begin with ``base``.

    base               The properties that every architecture has, whichever family it belongs to
    draw_architecture  step: draw one member's architecture from the seed and write it as JSON
    families           Reading an architecture of any family from its file
    limits             Limits on the size of architectures, checked before anything is built
    random_graph       Random sparse mixed-scale graphs, drawn from a seed and written as JSON
    settings           The section ``architecture`` of the configuration, one dataclass per family of networks
    unet               The U-Net as data: the encoder that a run can be compared with (Ronneberger et al.,
                       arXiv:1505.04597)
"""
