from collections.abc import Iterator

import pytest

from tests.conftest import find_program
from tests.deploy.team_server import TeamServer


@pytest.fixture(scope="session")
def server() -> Iterator[TeamServer]:
    """A team's server that runs."""
    find_program("pg_ctlcluster")
    team = TeamServer()
    team.start()
    yield team
    team.remove()
