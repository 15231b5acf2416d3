"""An independent log of what was recorded, and what has to be in both databases after it.

Each change is written to a plain file before it is committed and once more after it: what a kill
leaves without the second line may be on either side. Nothing here reads the program's own code
for what a change does; the rules are those of the design.
"""

import json
import os
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

TAKEN = -1


@dataclass(slots=True)
class Kept:
    """A session as it has to be found: what is compared, and the run that recorded it."""

    device: str
    host: str
    state: str
    name: str
    title: str
    process_id: int | None
    start: int
    end: int
    offset: int
    open: int
    deleted: int = 0
    revision: int = 1
    run: int = field(default=0, compare=False)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Of two versions of one session the one with the higher rank is the last word."""
        return self.deleted, self.revision, self.end

    def close(self, end: int | None = None) -> None:
        self.end = self.end if end is None else end
        self.open = 0
        self.revision += 1

    def erase(self) -> None:
        self.deleted, self.open, self.name, self.title = 1, 0, "", ""
        self.revision += 1
        self.process_id = None


Rows = dict[str, Kept]


class Ledger:
    """What the changes so far add up to."""

    def __init__(self) -> None:
        self.rows: Rows = {}
        self.device = ""
        self.host = ""
        self.run = 0

    def apply(self, change: dict[str, Any]) -> None:
        what = dict(change)
        getattr(self, "_" + what.pop("do"))(**what)

    @property
    def open_uid(self) -> str | None:
        mine = (uid for uid, row in self.rows.items() if row.open and row.device == self.device)
        return next(mine, None)

    def _run(self, device: str, host: str) -> None:
        """A start of recording: what a killed run left open ends at its last heartbeat."""
        self.device, self.host = device, host
        self.run += 1
        for row in self.rows.values():
            if row.open and row.device == device:
                if row.end > row.start:
                    row.close()
                else:
                    row.erase()

    def _put(self, sessions: list[dict[str, Any]]) -> None:
        for values in sessions:
            known = self.rows.get(values["uid"])
            if known is None:
                more = {key: value for key, value in values.items() if key != "uid"}
                made = Kept(device=self.device, host=self.host, run=self.run, **more)
                self.rows[values["uid"]] = made
            elif known.open:
                known.end, known.open = values["end"], values["open"]
                known.revision += 1

    def _this_run(self) -> list[Kept]:
        mine = [
            row
            for row in self.rows.values()
            if row.device == self.device and row.run == self.run and not row.deleted
        ]
        return sorted(mine, key=lambda row: row.start, reverse=True)

    def _rewind(self, moment: int) -> None:
        for row in self._this_run():
            if row.start >= moment:
                row.erase()
            elif row.end > moment:
                row.close(moment)

    def _step_back(self, step: int, now: int) -> None:
        earlier = [
            row
            for row in self.rows.values()
            if row.device == self.device and TAKEN < row.run < self.run and not row.deleted
        ]
        limit: int | None = None
        for row in self._this_run():
            if row.end <= now and (limit is None or row.end <= limit):
                return
            limit = row.start - step
            end = row.end - step
            before = [each for each in earlier if each.start < end]
            border = max(before, key=lambda each: each.start).end if before else 0
            start = max(limit, border)
            if start >= end:
                row.erase()
            else:
                row.start, row.end = start, end
                row.revision += 1

    def _identity(self, device: str, old: str | None, new: str | None) -> None:
        """The file goes on as `device`, and its open session by a new uid."""
        self.device = device
        if old is not None and new is not None:
            row = self.rows.pop(old)
            row.device = device
            row.revision += 1
            self.rows[new] = row

    def _erased(self, uid: str) -> None:
        """The server was told to forget it by somebody else."""
        self.rows[uid].erase()

    def _replaced(self, rows: dict[str, dict[str, Any]]) -> None:
        """The server had a later version of these, which another copy of the file had sent."""
        for uid, values in rows.items():
            self.rows[uid] = replace(Kept(**values), run=self.rows[uid].run)

    def _taken(self, uids: list[str]) -> None:
        """Retention took these from the file: nothing here meets them any more."""
        for uid in uids:
            self.rows[uid].run = TAKEN

    def _bulk(self, rows: dict[str, dict[str, Any]]) -> None:
        """Rows came from elsewhere, as an import brings them."""
        for uid, values in rows.items():
            self.rows.setdefault(uid, Kept(**values))

    def _forget(self, since: int, until: int, pieces: list[tuple[str, str]]) -> None:
        """[`since`, `until`) was forgotten; `pieces` are what was left, as (old uid, new uid)."""
        made: Rows = {}
        fresh: dict[str, list[str]] = {}
        for old, new in pieces:
            fresh.setdefault(old, []).append(new)
        for uid, row in self.rows.items():
            if row.deleted or row.start >= until or not (row.end > since or row.start >= since):
                continue
            parts = ((row.start, min(row.end, since)), (max(row.start, until), row.end))
            parts = [(start, end) for start, end in parts if end > start]
            for new, (start, end) in zip(fresh.get(uid, []), parts, strict=True):
                made[new] = replace(row, start=start, end=end, open=0, revision=1)
            row.erase()
        self.rows |= made


class Log:
    """The plain file; `begin` a change before its commit and `end` it after."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def begin(self, change: dict[str, Any]) -> None:
        self._write(change)

    def end(self, **found: Any) -> None:
        """It is committed; `found` is what was only known after it."""
        self._write({"do": "end", **found})

    def undo(self) -> None:
        """It was not committed after all."""
        self._write({"do": "undo"})

    def note(self, change: dict[str, Any]) -> None:
        """Something is committed already."""
        self._write(change)
        self.end()

    def close(self) -> None:
        os.close(self._file)

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(line).encode() + b"\n")


def read(path: Path) -> tuple[Ledger, dict[str, Any] | None]:
    """Return what was committed for certain, and the change that may have been."""
    ledger, begun = Ledger(), None
    for line in path.read_text("utf-8").splitlines():
        change = json.loads(line)
        match change["do"]:
            case "end":
                assert begun is not None
                ledger.apply(begun | {key: change[key] for key in change if key != "do"})
                begun = None
            case "undo":
                begun = None
            case _:
                assert begun is None, "a change was begun while another one was"
                begun = change
    return ledger, begun


def settle(path: Path, found: Rows, device: str) -> Ledger:
    """Say on which side the change is that a kill interrupted, by the local file; note it.

    Raises:
        AssertionError: the file is on neither side.
    """
    ledger, begun = read(path)
    if begun is None:
        return ledger
    log = Log(path)
    try:
        if begun["do"] == "identity" and device != ledger.device:
            new = next(
                (uid for uid, row in found.items() if row.open and row.device == device), None
            )
            log.end(device=device, old=ledger.open_uid if new else None, new=new)
        elif begun["do"] != "identity" and differences(_after(ledger, begun).rows, found) == []:
            log.end()
        else:
            log.undo()
    finally:
        log.close()
    settled, _none = read(path)
    if begun["do"] != "identity":
        assert_same(settled.rows, found)
    return settled


def _after(ledger: Ledger, change: dict[str, Any]) -> Ledger:
    other = deepcopy(ledger)
    other.apply(change)
    return other


def differences(wanted: Rows, found: Rows) -> list[str]:
    """Return what is missing, too much or otherwise, a line each."""
    lines = [f"missing: {uid} {wanted[uid]}" for uid in wanted.keys() - found.keys()]
    lines += [f"too much: {uid} {found[uid]}" for uid in found.keys() - wanted.keys()]
    lines += [
        f"{uid} should be {wanted[uid]}, is {found[uid]}"
        for uid in wanted.keys() & found.keys()
        if wanted[uid] != found[uid]
    ]
    return lines


def assert_same(wanted: Rows, found: Rows) -> None:
    """Fail with a line for each difference."""
    lines = differences(wanted, found)
    assert not lines, "\n".join([f"{len(lines)} rows differ:", *lines[:8]])


def together(*parts: Rows) -> Rows:
    """Return the rows of several logs; of one uid the newest revision, a tombstone before all."""
    rows: Rows = {}
    for part in parts:
        for uid, row in part.items():
            known = rows.get(uid)
            if known is None or known.rank < row.rank:
                rows[uid] = row
    return rows
