"""Sessions that a person has, made by `import`, and what lies in their data folder."""

import json
from datetime import datetime, timedelta

from tests.desktop.command_line import Command, assert_good
from tests.support import User

TITLE = "what nobody may know"


def bytes_of_data(user: User) -> bytes:
    files = [file for file in user.paths.data.rglob("*") if file.is_file()]
    return b"".join(file.read_bytes() for file in files)


def write_sessions(user: User, command: Command, *starts: datetime, minutes: int = 30) -> None:
    """Import one session of `minutes` at each of `starts`."""
    lines = [
        json.dumps(
            {
                "state": "active",
                "application_name": "Editor",
                "window_title": f"{TITLE} {number}",
                "started_at": start.isoformat(),
                "ended_at": (start + timedelta(minutes=minutes)).isoformat(),
            }
        )
        for number, start in enumerate(starts)
    ]
    file = user.folder / "sessions.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    assert_good(command("import", file))
