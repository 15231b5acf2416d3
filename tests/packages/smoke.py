"""What every package must do where it was installed, whichever it is."""

import shutil
from pathlib import Path

from tests.packages.clean_debian import PROGRAM


def use(person, pictures: Path, home: Path) -> None:
    """Have the running program record, show its menu and its window, and look itself over."""
    assert person.do("ask", "--version")["out"].split()[0] == PROGRAM
    person.do("rename", "Tides of the harbour")
    pictures.mkdir(parents=True, exist_ok=True)
    assert person.do("menu", "menu.png"), person.do("said")
    # It would say that there is no icon, and another menu may have opened in its place.
    said = person.do("said")
    assert not said, said
    person.do("summary", "summary.png")
    for picture in home.glob("*.png"):
        shutil.copy(picture, pictures)
    status = person.do("ask", "status")
    assert (status["code"], status["err"]) == (0, "")
    doctor = person.do("ask", "doctor")
    (pictures / "doctor.txt").write_text(doctor["out"], "utf-8")
    assert doctor["code"] == 0, doctor["out"]
    names = {row["window_title"] for row in person.do("rows")}
    assert {"Harbour plan", "Tides of the harbour"} <= names
    report = person.do("ask", "report", "--titles", "9")
    assert (report["code"], report["err"]) == (0, "")
    assert "Tides of the harbour" in report["out"]


def switch_on_at_login(person, home: Path) -> str:
    """Have the program started at login; return the line of its entry that starts it."""
    enabled = person.do("ask", "autostart", "enable")
    assert (enabled["code"], enabled["err"]) == (0, "")
    assert person.do("ask", "autostart", "status")["code"] == 0
    return line_at_login(home)


def line_at_login(home: Path) -> str:
    """Return what the entry at login starts."""
    entry = (home / ".config/autostart" / f"{PROGRAM}.desktop").read_text("utf-8")
    (line,) = (line for line in entry.splitlines() if line.startswith("Exec="))
    return line.removeprefix("Exec=")


def stop(person) -> None:
    """End the program as a log-out does: no session stays open."""
    assert person.do("stop") == 0, person.do("said")
    assert not any(row["open"] for row in person.do("rows"))
