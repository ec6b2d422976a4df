"""Who may learn from which pixel.

Begin with ``regions``.

    assign_regions  step: give every pixel of a scan its role
    check_roles     step: refuse scans in which a pixel could serve two roles
    divide          Dividing a scan by a drawn layout, with guard bands between roles
    layout          The picture of a divided scan: one string per row of cells, one letter per cell
    leakage         Pixels that two scans share, found by the digests of their pixels and by the arrays that they were
                    read from
    regions         The regions of a scan: boxes with roles, separated by guard bands
    settings        Settings of the regions: the layout of divided scans and the guard band
"""
