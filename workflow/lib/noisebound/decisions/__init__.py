"""Where a threshold is exceeded, and where to measure again.

Begin with ``recommend_regions``.

    exceedance         Where a channel exceeds a threshold at a stated confidence
    rank_regions       Order of the regions that deserve attention: those above a threshold, and boxes to measure again
    recommend_regions  step: exceedance maps, ranked regions, and boxes worth measuring again
    region_roles       What the pixels of a region were used for: their share in each role
    region_table       Rows and columns of ``decisions/<scan>.csv``: one region per row, with its place, its roles and
                       its totals
    remeasure          Which boxes to measure again: where more dose lowers the error of the signal most
    settings           The section ``decisions`` of the configuration
"""
