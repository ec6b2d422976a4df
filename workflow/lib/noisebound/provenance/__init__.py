"""How results came about: digests, versions, the page on jobs, the RO-Crate.

Begin with ``describe_run``.

    crate           A run as a Workflow Run RO-Crate, for machines: what went in, what came out, and which job made what
    crate_entities  The files and the contextual entities of a Workflow Run RO-Crate, each made once
    crate_jobs      The steps and jobs of a Workflow Run RO-Crate: which program ran where, with which software, and
                    what it took
    describe_run    step: a page on how the run went, for people, and a crate of where results come from, for machines
    jobs_page       The page on how a run went: the jobs of every step with machine, time, memory and repetitions
    origin          Where results come from: versions of the software, the seed, digests of what was learned, and the
                    configuration
    stated          Check that the settings that a page states are those that its results were made with
"""
