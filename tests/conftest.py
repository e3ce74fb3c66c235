"""Fixtures of all Python tests."""
import pytest

from support import Command


@pytest.fixture(scope="session")
def outboard():
    return Command()
