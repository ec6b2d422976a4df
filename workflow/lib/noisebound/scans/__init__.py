"""From the instrument's files to the standard file of a scan.

Begin with ``ingest_scan``.

    acquisition        What one scan is made of: its source files, fitted together by their headers
    apart              Calls in a process of their own, for libraries that damaged files can crash or keep busy for ever
    axes               Axes of images: one letter each, R repeat, C channel, Z, Y, X
    channel_digests    Digests of all channels of a scan, and the frames of one scan that hold the same pixels
    channels           Channels by name: which channel of a file is which of the run's
    content            The pixels of one scan, read once: every value checked, every channel digested
    described_sources  What a scan was read from, described while it is ingested: files and arrays with their digests
    find_problems      What is wrong with the files of a scan, found by reading them as the step ingest_scan would
    hdf5               HDF5 datasets as images: shape, axes, channel names and pixel size from attributes, with checks
                       of what is stored
    hdf5_files         HDF5 files and the links between them
    hdf5_selections    Selections of pixels as HDF5 describes the parts of virtual datasets: regular patterns, unions of
                       boxes, no end
    hdf5_storage       What of an HDF5 dataset lies in its file: whether all of its pixels were written, and how large
                       they may be
    hdf5_virtual       HDF5 datasets put together from their parts: plain ones, and virtual ones whose parts lie in
                       other datasets
    ingest_scan        step: write the standard file of a scan from the instrument's files
    metadata           What image files say of themselves: axes, channel names, pixel size; from JSON, ImageJ and OME
                       metadata
    pixel_checks       Checks of the pixels of a scan: no frame of one value, counts that are counts, a reference of its
                       own
    pixel_digests      Digests of pixels: an image has the same one in whatever format, type, byte order or order of
                       axes it is saved
    pixel_sizes        The pixel size of a scan: what the scan sheet says, or what all of its files agree on
    readers            Images from TIFF (plain, ImageJ, OME) and HDF5, with axes, channel names and pixel size; every
                       value is checked
    register           Adding a scan to the scan sheet without losing a row, whoever else is writing
    settings           What the scan sheet and the configuration say about a scan's files
    sheet              The scan sheet: a table of scans with their roles and files, checked as a whole
    sheet_copy         The scan sheet as it was when a run was started: a copy that all jobs of the run read
    sheet_row          One row of the scan sheet: what its cells may say, and how it is written
    source_stamps      Whether a scan's files still hold what was ingested: by size and time of change, and by content
                       where these differ
    stored_image       What a reader finds in a file: an image as it is stored, and which files and arrays its pixels
                       come from
    tiff               TIFF files: which array they hold, what they say of it, and whether all of it is there
    tiff_storage       What of a TIFF image lies in its file: whether all of its pixels are there, and how large they
                       may be
"""
