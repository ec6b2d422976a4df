"""Figures and images as files, the same bytes on every run.

Begin with ``draw_figures``.

    architecture_figures  Pictures of architectures: random graphs as nodes on a line with arcs between them; U-Nets as
                          boxes per level
    comparison_figures    Figures of a comparison on simulated scans: curves over ensemble size, images of one example,
                          and cuts through it
    coverage_figures      Figures of coverage: reliability, and coverage by intensity, token, border and block
    draw_figures          step: every figure of a run, drawn from its tables
    images                Images as small PNG files: which planes and pixels are shown, colour maps, limits in physical
                          units
    labels                Label images as PNG, one colour per label
    published             The published results of the synthetic experiment, beside those of a run that repeats it
    scale_bar             Scale bars, and lengths in the unit that reads best
    scan_figures          The figures of one scan: line cuts with intervals, an overview, a thumbnail
    style                 One look for every figure, and figures as bytes that are the same on every run
    training_figures      Figures of the networks: training curves, ensemble size, stability of the tokens
"""
