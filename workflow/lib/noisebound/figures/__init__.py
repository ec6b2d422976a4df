"""Figures and images as files, the same bytes on every run.

Begin with ``draw_figures``.

    architecture_figures  An architecture drawn as a picture: random graphs as nodes on a line, connected by arcs;
                          U-Nets as their levels
    comparison_figures    The figures of a comparison on simulated scans: curves over ensemble size, one example's
                          images, cuts through it
    coverage_figures      Figures of coverage: reliability, and coverage by intensity, token, border and block
    draw_figures          step: every figure of a run, drawn from its tables
    images                Images as small PNG files: which slices are shown, colour maps, limits in physical units
    labels                Label images as PNG, a colour per label
    published             The published figures of the synthetic experiment, beside those of a run that repeats it
    scale_bar             Scale bars, and lengths in the unit that reads best
    scan_figures          The figures of one scan: line cuts through its intervals, an overview, a thumbnail
    style                 One look for every figure, and figures as bytes that are the same on every run
    training_figures      Figures of the networks: training curves, ensemble size, stability of the tokens
"""
