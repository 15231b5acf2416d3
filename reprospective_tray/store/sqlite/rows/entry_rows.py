"""EntryRows: reads, cuts and buries the rows of entries, so that none overlap."""

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from reprospective_tray.store.model.bounds import LONGEST_MS
from reprospective_tray.store.model.entries import entry_of, outside
from reprospective_tray.store.model.ids import new_uid
from reprospective_tray.store.model.sessions import Interval, Row
from reprospective_tray.store.model.tables import LocalModels

# The column values that turn a row into a tombstone; its times and its device stay.
TOMBSTONE = MappingProxyType({"deleted": 1, "category": "", "note": ""})

_COPIED = (
    *("device_id", "source_host", "utc_offset_minutes"),
    *("category", "note", "billable"),
)


class EntryRows:
    """The entries of a file; call what changes them in a write transaction."""

    def __init__(self, models: LocalModels) -> None:
        """Take the models of the file."""
        self._models = models
        self._table = models.Entry

    def get(self, uid: str) -> Row | None:
        """Return the row of `uid`, also if it is deleted; None if there is none."""
        found: Row | None = self._table.select().where(self._table.uid == uid).dicts().first()
        return found

    def overlapping(self, started_at: int, ended_at: int, without: str = "") -> list[Row]:
        """Return the rows that overlap [`started_at`, `ended_at`) (ms UTC), ordered by start.

        Deleted ones, and the one with the uid `without`, are left out.
        """
        table = self._table
        rows = table.select().where(
            table.deleted == 0,
            table.started_at < ended_at,
            # No entry is longer, so the index on the start bounds the search.
            table.started_at > started_at - LONGEST_MS,
            table.ended_at > started_at,
            table.uid != without,
        )
        return list(rows.order_by(table.started_at).dicts())

    def free(self, row: Row) -> list[Interval]:
        """Return the parts of a row's time that no other row has."""
        left = [entry_of(row)]
        for other in self.overlapping(row["started_at"], row["ended_at"], without=row["uid"]):
            left = [rest for each in left for rest in outside(each, entry_of(other))]
        return [(each.started_at, each.ended_at) for each in left]

    def insert(self, row: Row) -> None:
        """Add a row; keys that are missing get the table's defaults."""
        self._table.insert(row).execute()

    def change(self, uid: str, changes: Row) -> None:
        """Change columns of a row in a new revision, which waits for the server."""
        newer: Row = {"revision": self._table.revision + 1, "synced": 0}
        self._table.update(changes | newer).where(self._table.uid == uid).execute()

    def replace(self, uid: str, row: Row) -> None:
        """Give a row the values of another one, its revision included."""
        self._table.update(row).where(self._table.uid == uid).execute()

    def cut(self, row: Row, started_at: int, ended_at: int) -> None:
        """Take [`started_at`, `ended_at`) out of a row: its first part keeps the uid."""
        parts = _parts(row, started_at, ended_at)
        if not parts:
            self.bury([row])
            return
        first, *others = parts
        self.change(row["uid"], {"started_at": first[0], "ended_at": first[1]})
        self._insert_parts(row, others)

    def bury(self, rows: Sequence[Row]) -> None:
        """Turn rows into tombstones."""
        uids = [row["uid"] for row in rows]
        for uid in uids:
            self.change(uid, dict(TOMBSTONE))
        # The server's reason may contain the note.
        refused = self._models.Refused
        refused.delete().where(refused.uid.in_(uids)).execute()

    def forget(self, started_at: int, ended_at: int) -> int:
        """Erase what lies in [`started_at`, `ended_at`); return how many entries were there.

        A tombstone wins over every revision, so the parts outside become new entries.
        """
        rows = self.overlapping(started_at, ended_at)
        self.bury(rows)
        for row in rows:
            self._insert_parts(row, _parts(row, started_at, ended_at))
        return len(rows)

    def _insert_parts(self, row: Row, parts: Iterable[Interval]) -> None:
        """Add parts of a row as entries that are as old: of two, the later made one wins."""
        kept = {name: row[name] for name in _COPIED}
        for start, end in parts:
            uid = new_uid(int(row["uid"].replace("-", "")[:12], 16))
            self.insert(kept | {"uid": uid, "started_at": start, "ended_at": end})


def _parts(row: Row, started_at: int, ended_at: int) -> list[Interval]:
    """Return what is left of a row's time outside [`started_at`, `ended_at`)."""
    before = row["started_at"], min(row["ended_at"], started_at)
    after = max(row["started_at"], ended_at), row["ended_at"]
    return [(start, end) for start, end in (before, after) if start < end]
