"""The pages: one per scan, an index, a comparison; each is one file that opens without network.

Begin with ``report_scan``.

    decisions          What a page says about decisions: exceedance maps with ranked regions, and the boxes to measure
                       again
    drift              What the pages say about how a scan compares with the calibrated ones, from ``drift/<scan>.json``
    image_boxes        Boxes over an image of a page, with labels that do not cover each other
    image_store        What the viewer of a page needs of the images: pictures, colour bars, sizes
    index_charts       The charts of the index as SVG: coverage, training, size of the ensemble, stability of the tokens
    index_page         What the index of a run shows in words and numbers, taken from its tables
    line_cuts          Line cuts through the plane of a scan that is shown first: where they lie, and their figures
    mode_rows          What other ways to form corrections would cost and bring, in rows for the index
    numbers            Numbers as a page writes them
    page               Filling the template of a page and writing it
    pictures           Pictures that a page holds: figures as SVG, images as PNG
    places             What the page of a scan says of single places that its image lost, invented or missed, from
                       ``drift/<scan>.json``
    region_content     What the page of a scan says of its regions: boxes, roles, what was judged
    region_words       What a page says about regions in words: their ranks, what their pixels were used for, and their
                       totals
    report_comparison  step: the page of a comparison on simulated scans, and its curves as a file
    report_index       step: the index of a run, one HTML file that opens from disk without network
    report_scan        step: the page of one scan, one HTML file that opens from disk without network
    result_rows        What the page of a scan and the index both say about the run and its tests, in rows and sentences
    scan_images        The images of one scan as a page shows them: planes, common limits, colour bars, boxes over them
    scan_page          What the page of one scan shows, taken from the files of that scan
    settings           Settings of the pages that come from the configuration
    signal             What a page says of the signal intervals: how far the denoised value may be from it, and how that
                       is known
    signal_words       What the first lines of a page say of the signal intervals: their width, what they promise, and
                       whether they fail
    stability          What the index says of how far the tokens can be trusted
    summarise          One line per finished run for the terminal, and the table of a comparison on simulated scans
    template           Pages from templates: all text is escaped, and each page is one file that makes no request
"""
