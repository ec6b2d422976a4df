"""From the instrument's files to the standard file of a scan.

Begin with ``ingest_scan``.

    acquisition        The source files of one scan, fitted together by their headers
    apart              Calls in a process of their own, for libraries that damaged files can crash or keep busy forever
    axes               Axes of images: one letter each, R repeat, C channel, Z, Y, X
    channel_digests    Digests of all channels of a scan, and a check for frames of the scan that hold the same pixels
    channels           Channels by name: which channel of a file is which of the run's
    content            The pixels of one scan, read once: every value is checked, every channel digested
    described_sources  The sources of a scan that is being ingested: files and arrays with their digests
    find_problems      Problems with the files of a scan, found by reading them as the step ingest_scan would
    hdf5               HDF5 datasets as images: shape, axes, channel names and pixel size from attributes, with checks
                       of what is stored
    hdf5_files         HDF5 files and the links between them
    hdf5_selections    Selections of pixels, as HDF5 uses them for parts of virtual datasets: regular patterns, boxes,
                       endless ones
    hdf5_storage       How much of an HDF5 dataset lies in its file: whether all of its pixels were written, and how
                       large they may be
    hdf5_virtual       HDF5 datasets put together from their parts: plain datasets, and virtual ones whose parts lie in
                       other datasets
    ingest_scan        step: write the standard file of a scan from the instrument's files
    metadata           What image files say of themselves: axes, channel names and pixel size, from JSON, ImageJ and OME
                       metadata
    pixel_checks       Checks of the pixels of a scan: frames with more than one value, valid counts, an independent
                       reference
    pixel_digests      Digests of pixels: the same for an image in any file format, data type, byte order and order of
                       axes
    pixel_sizes        The pixel size of a scan: from the scan sheet, or from its files if they agree
    readers            Images from TIFF (plain, ImageJ, OME) and HDF5, with axes, channel names and pixel size; every
                       value is checked
    register           Adding a scan to the scan sheet, without losing rows that others add at the same time
    settings           What the scan sheet and the configuration say about the files of a scan
    sheet              The scan sheet: a table of scans with their roles and files, checked as a whole
    sheet_copy         The scan sheet as it was when a run was started: a copy that all jobs of the run read
    sheet_row          One row of the scan sheet: what its cells may hold, and how it is written
    source_stamps      Whether a scan's files still hold what was ingested: by size and time of change or, if these
                       differ, by content
    stored_image       What a reader finds in a file: an image as it is stored, and the files and arrays that its pixels
                       come from
    tiff               TIFF files: which array they hold, what they say of it, and whether all of it is there
    tiff_storage       How much of a TIFF image lies in its file: whether all of its pixels are there, and how large
                       they may be
"""
