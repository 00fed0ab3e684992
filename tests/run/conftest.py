"""Small runs shared by the tests of the bench."""

import pytest

from explorer.run.experiment import run
from explorer.run.spec import RunSpec


@pytest.fixture(scope="session")
def small():
    """A finished run of 4,000 calls with bound, bands and strata wider than one step."""
    return run(RunSpec(norm="sign", rows=2, columns=3, horizon=4000, seeds=6, device="cpu"))
