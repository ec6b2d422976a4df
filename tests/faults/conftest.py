"""The finished tiny run that the tests of the workflow have, for the tests of faults."""

from tests.workflow.conftest import finished

__all__ = ["finished"]
