"""Who may learn from which pixel.

Begin with ``regions``.

    assign_regions  step: give every pixel of a scan its role
    check_roles     step: refuse any way in which a pixel could serve two roles
    divide          Dividing a scan by a drawn layout, with guard bands between roles
    layout          The picture of a divided scan: one string per row of cells, one letter per cell
    leakage         Pixels that two scans share: found by the digests of the arrays and by the datasets that they were
                    read from
    regions         Who may learn from which pixel: roles of scans and of regions, separated by guard bands
    settings        What the configuration says of regions: the layout of divided scans and the guard band
"""
