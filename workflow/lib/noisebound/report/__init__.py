"""The pages: one per scan, an index, a comparison; each is one file that opens without network.

Begin with ``report_scan``.

    decisions          What a page says about decisions: exceedance maps with ranked regions, and the boxes to measure
                       again
    drift              What the pages say about how a scan compares with the calibrated ones, from ``drift/<scan>.json``
    index_charts       The charts of the index as SVG: coverage, training, size of the ensemble, stability of the tokens
    index_page         What the index of a run shows in words and numbers, gathered from its tables
    line_cuts          Line cuts through the first plane of a scan: where they lie, and their figures
    numbers            Numbers in the words of a page
    page               Writing a page, with numbers, lengths and shares in words
    pictures           Pictures that a page holds: figures as SVG, images as PNG
    report_comparison  step: the page of a comparison on simulated scans, and its curves as a file
    report_index       step: the index of a run, one HTML file that opens from disk without network
    report_scan        step: the page of one scan, one HTML file that opens from disk without network
    result_rows        What both kinds of page say about the run and its tests, in rows and sentences
    scan_images        The images of one scan as a page shows them: planes, common limits, colour bars, boxes over them
    scan_page          What the page of one scan shows, gathered from that scan's own files
    settings           What the pages need of the configuration to word their content
    summarise          One line per finished run for the terminal, and the table of a comparison on simulated scans
    template           Pages from templates: everything escaped, one file, no request to anywhere
"""
