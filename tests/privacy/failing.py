"""Ways for the outside world to fail at one step: a connection that breaks, a storage that refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.storage import FileSystemStorage
from django.db import DatabaseError, connections


class Killed(BaseException):
    """The process ends here: no handler of ours may catch it."""


@contextmanager
def dying_at(alias: str, statement: str, nth: int = 1) -> Iterator[None]:
    """End the process when the nth statement with these words reaches a database."""
    seen = 0

    def watch(execute, sql, params, many, context):
        nonlocal seen
        if statement in sql:
            seen += 1
            if seen == nth:
                raise Killed(sql[:60])
        return execute(sql, params, many, context)

    with connections[alias].execute_wrapper(watch):
        try:
            yield
        except Killed:
            return
    raise AssertionError(f"{statement} was sent {seen} times only")


@contextmanager
def breaking(alias: str, statement: str) -> Iterator[None]:
    """Let every statement with these words fail, as a database does that went away."""

    def fail(execute, sql, params, many, context):
        if statement in sql:
            raise DatabaseError("the database went away")
        return execute(sql, params, many, context)

    with connections[alias].execute_wrapper(fail):
        yield


class StubbornStorage(FileSystemStorage):
    """A storage that fails to delete while it is told to."""

    refuses = False

    def delete(self, name: str) -> None:
        if StubbornStorage.refuses:
            raise OSError("the storage is read-only")
        super().delete(name)


class ForgetfulStorage(FileSystemStorage):
    """A storage that says it deleted, and didn't."""

    forgets = False

    def delete(self, name: str) -> None:
        if not ForgetfulStorage.forgets:
            super().delete(name)
