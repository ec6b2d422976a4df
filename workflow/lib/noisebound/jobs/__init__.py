"""What surrounds a step, and changes no result: its log, its lock, its record, its GPU, and the digest of its code.

Begin with ``step``.

    digests      Which code a step depends on, as a short text that Snakemake can compare between runs
    gpu_places   Which GPU of a machine a job may use: jobs take places on GPUs by themselves
    hardware     What a job of the workflow computes on: a free GPU, or the processor if the machine has no GPU
    import_path  Which noisebound the jobs of a run import: that of the project that the workflow belongs to, before any
                 other
    log          The log of a step: all output of a script goes to its log file, and errors for the user also to the
                 terminal
    memory       Snakemake's memory of finished jobs, rebuilt from the jobs' records, which travel with the results
    output_lock  One job at a time per output: a lock file beside it, which jobs on all machines of a shared file system
                 respect
    processes    Which process a job is, on whichever machine and in whichever container, and whether it has ended
    read_again   Whether only the code that reads the instrument's files has changed
    records      What a job leaves behind about itself: where and when it ran, what it used, and the digests of what it
                 wrote
    step         What every step has around its one call: a log, a lock on its outputs, and a record of the job
    usage        What a job used and where it ran: Slurm, processor, memory, GPU, container image
"""
