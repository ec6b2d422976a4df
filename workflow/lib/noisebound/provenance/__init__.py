"""How results came about: digests, versions, the page on jobs, the RO-Crate.

Begin with ``describe_run``.

    crate           A run as a Workflow Run RO-Crate: what went in, what came out, and which job made what, for machines
    crate_entities  The entities of a Workflow Run RO-Crate: files, jobs, software, and how they are linked
    describe_run    What shows how a run went: a page for people, and a crate for machines, both from the records of its
                    jobs
    jobs_page       The page on how a run went: every step's jobs with place, time, memory and repetitions, from the
                    jobs' records
    origin          Where results come from: versions of the software, the seed, digests of what was learned, and the
                    configuration
    stated          Whether the settings that a page states are those that its results were made with
"""
