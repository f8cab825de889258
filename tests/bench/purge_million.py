"""How fast a purge erases a million messages, in how much memory, beside plain SQL that deletes as many."""

import json
import secrets
import subprocess
import sys
import threading
import time

from tests.bench.deployment import ROOT, arguments, deployment, report
from tests.bench.purge import start_up_seconds, watch_memory

SAYS = 10  # messages a chat
SEEDED = 5_000  # chats at once


def main() -> None:
    options = arguments(__doc__, messages=1_000_000)
    with deployment(options.backend):
        chats = options.messages // SAYS
        account = prepare(chats)
        plain = delete_plainly(twin_of(account))
        figures = purge(account)
        rows = chats * (SAYS + 2)  # with the chat and its contact
        report(
            "purge_million",
            backend=options.backend,
            messages=chats * SAYS,
            rows=rows,
            keys=chats * 2,
            rows_per_second=round(rows / figures["seconds"]),
            **figures,
            plain_sql_seconds=plain,
            plain_sql_rows_per_second=round(rows / plain),
            times_plain_sql=round(figures["seconds"] / plain, 2),
        )


def prepare(chats: int):
    """Make an account with chats that are due, and return it."""
    from datetime import timedelta

    from django.utils import timezone

    from tests import factories
    from tests.bench import seed

    account = factories.account(name="Bramble Books")
    closed = {"status": "closed", "closed_at": timezone.now() - timedelta(days=40)}
    for first in range(0, chats, SEEDED):
        tokens = [secrets.token_urlsafe(16) for _ in range(min(SEEDED, chats - first))]
        seed.chats(account, tokens, says=1, **closed)
    repeat_messages(account)
    seed.settle()
    return account


def repeat_messages(account) -> None:
    """Say what each chat says nine times more: sealed once, since a text may repeat under its key."""
    from django.db import connection

    new_id = "lower(hex(randomblob(16)))" if connection.vendor == "sqlite" else "gen_random_uuid()"
    for seq in range(2, SAYS + 1):
        copy_rows("chat_message", account, id=new_id, seq=str(seq), only="AND seq = 1")


def twin_of(account):
    """Make another account with the same rows under other ids, for plain SQL, which needs no keys."""
    from tests import factories
    from tests.bench import seed

    twin = factories.account(name="Other Oats")
    owner = {"account_id": str(twin.pk)}
    copy_rows("helpdesk_contact", account, **owner, id=other("id"))
    chat = {
        "id": other("id"),
        "contact_id": other("contact_id"),
        "token_hash": "'t' || substr(token_hash, 2)",
    }
    copy_rows("chat_conversation", account, **owner, **chat)
    copy_rows("chat_message", account, **owner, id=other("id"), conversation_id=other("conversation_id"))
    seed.settle()
    return twin


def other(column: str) -> str:
    """Return SQL for another id: the halves change places."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return f"substr({column}, 17) || substr({column}, 1, 16)"
    plain = f"replace({column}::text, '-', '')"
    return f"(right({plain}, 16) || left({plain}, 16))::uuid"


def copy_rows(table: str, account, *, only: str = "", **columns: str) -> None:
    """Copy an account's rows of a table, with these columns changed to SQL."""
    from django.db import connection

    with connection.cursor() as cursor:
        names = [column.name for column in connection.introspection.get_table_description(cursor, table)]
        chosen = ", ".join(columns.get(name, name) for name in names)
        statement = f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen} FROM {table}"
        cursor.execute(f"{statement} WHERE account_id = %s {only}", [account.pk])


def delete_plainly(account) -> float:
    """Delete the same rows of another account, as many in a transaction, and return how long it took."""
    from django.db import connection, transaction

    from chat.models import Conversation
    from privacy.services.rules.due import batch_size

    start = time.perf_counter()
    due = Conversation.objects.filter(account=account).order_by("closed_at", "pk")
    size = batch_size()
    while batch := list(due.values_list("pk", "contact_id")[:size]):
        with transaction.atomic(), connection.cursor() as cursor:
            chats, contacts = zip(*batch, strict=True)
            delete(cursor, "chat_message", "conversation_id", chats)
            delete(cursor, "chat_conversation", "id", chats)
            delete(cursor, "helpdesk_contact", "id", contacts)
    return round(time.perf_counter() - start, 2)


def delete(cursor, table: str, column: str, ids: tuple) -> None:
    from django.db import connection

    values = ids if connection.vendor == "postgresql" else [pk.hex for pk in ids]
    holes = ", ".join(["%s"] * len(ids))
    cursor.execute(f"DELETE FROM {table} WHERE {column} IN ({holes})", values)


def purge(account) -> dict:
    """Run the purge as a program, and return how long it took and how its memory grew."""
    start = time.perf_counter()
    program = [sys.executable, "manage.py", "purge", "--json", "--account", str(account.pk)]
    child = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    memory: list[tuple[float, int]] = []
    watcher = threading.Thread(target=watch_memory, args=(child.pid, memory))
    watcher.start()
    output, _ = child.communicate()
    watcher.join()
    outcome = json.loads(output)
    ended, sizes = memory[-1][0], [size / 2**20 for _, size in memory]
    start_up = start_up_seconds()
    begun = [size for (when, _), size in zip(memory, sizes, strict=True) if when - start > start_up]
    return {
        "seconds": round(ended - start - start_up, 2),
        "failed": outcome["failed"],
        "units": outcome["erased"],
        "early_mib": round(begun[len(begun) // 10]),
        "peak_mib": round(max(sizes)),
    }


if __name__ == "__main__":
    main()
