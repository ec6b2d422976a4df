"""Read by every Python that the tests start: Snakemake looks after its jobs every second.

The plugin looks ten seconds later after each look in which no job succeeded, and has no option against it. The jobs
themselves, and all else that Snakemake does, are as without this file.
"""

import sys

if "snakemake" in sys.orig_argv and "--profile" in sys.orig_argv:
    import asyncio

    from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

    async def sleep(self) -> None:
        await asyncio.sleep(1)

    RemoteExecutor.sleep = sleep
