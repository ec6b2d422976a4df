"""What surrounds a step, and changes no result: its log, its lock, its record, its GPU, and the digest of its code.

Begin with ``step``.

    digests      Which code a step depends on, as a short text that Snakemake can compare between runs
    gpu_places   Which of a machine's devices a job may use: places that jobs take and give back by themselves
    hardware     What a job of the workflow computes on: a GPU that is free, or the processor where the machine has none
    import_path  Which noisebound the jobs of a run import: that of the project that the workflow belongs to, before any
                 other
    log          A step's log: everything a script prints goes to its log file, and errors meant for the user also to
                 the terminal
    memory       Rebuild what Snakemake remembers of finished jobs from the jobs' records, which travel with the results
    output_lock  One job at a time per output: a lock file beside it, which jobs on all machines of a shared file system
                 respect
    processes    Which process a job is, on whichever machine and in whichever container, and whether it has ended
    read_again   Whether only the code that reads the instrument's files has changed, so that scans are read again
                 before all else
    records      What a job leaves behind about itself: where and when it ran, what it took, and the digests of what it
                 wrote
    step         What every step has around its one call: a log, its outputs to itself, and a record of how it went
    usage        What a job took, and where it ran: Slurm, processor, memory, GPU, image
"""
