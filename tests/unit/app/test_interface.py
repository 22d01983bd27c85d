"""The whole contract, on one worker alone in stateful mode: the same tests that run against whole labs."""

from tests.contract.test_app_interface import (
    TestEntries,
    TestFiles,
    TestPage,
    TestSessions,
    TestWork,
    TestWorker,
    visitor,
)

__all__ = ["TestEntries", "TestFiles", "TestPage", "TestSessions", "TestWork", "TestWorker", "visitor"]
