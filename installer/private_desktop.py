"""What makes a virtual desktop private: the environment of its programs, and its bus."""

import os
from pathlib import Path

CONFIG = Path(__file__).with_name("desktop")

# What belongs to the desktop that this may have been started from, and must not leak in.
FOREIGN = (
    *("DBUS_", "DISPLAY", "GDK_", "GTK_", "LANGUAGE", "LC_", "PYSTRAY_", "PYTHONPATH", "QT_"),
    *("REPROSPECTIVE_", "SESSION_", "VIRTUAL_ENV", "WAYLAND_", "XAUTHORITY", "XDG_"),
)
# What the bus may start by itself: the panel's settings, and not what else is installed here,
# or a desktop without notifications would have them as soon as somebody asks.
BUS_SERVICES = (Path("/usr/share/dbus-1/services/org.xfce.Xfconf.service"),)
BUS_CONFIG = """\
<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/run/bus</listen>
  <auth>EXTERNAL</auth>
  <servicedir>{folder}/services</servicedir>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def make(folder: Path, home: Path, mark: str) -> dict[str, str]:
    """Make the folders of a person below `home`, and return the environment that names them.

    Args:
        folder: The desktop's own temporary folder.
        home: The person's home folder.
        mark: ``NAME=value``, which tells the desktop's processes from all others.
    """
    folders = {"HOME": home, "XDG_RUNTIME_DIR": folder / "run"}
    for variable, name in (
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
        ("XDG_CACHE_HOME", ".cache"),
    ):
        folders[variable] = home / name
    for made in folders.values():
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    mark_name, _, mark_value = mark.partition("=")
    return {
        **kept,
        **{name: str(made) for name, made in folders.items()},
        mark_name: mark_value,
        "LANG": "C.UTF-8",
        "XDG_CONFIG_DIRS": f"{CONFIG}:/etc/xdg",
        "XDG_DATA_DIRS": f"{CONFIG / 'share'}:/usr/local/share:/usr/share",
        "XDG_SESSION_TYPE": "x11",
        # The machine's own logind must not lock this desktop; tests start one of theirs here.
        "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/run/system_bus",
        # No services that nobody here asks for: accessibility bus, settings daemon.
        "NO_AT_BRIDGE": "1",
        "GTK_A11Y": "none",
        "GSETTINGS_BACKEND": "memory",
    }


def write_bus_config(folder: Path) -> Path:
    """Write the session bus's config into the desktop's folder and return its path."""
    services = folder / "services"
    services.mkdir()
    for service in BUS_SERVICES:
        (services / service.name).symlink_to(service)
    config = folder / "bus.conf"
    config.write_text(BUS_CONFIG.format(folder=folder), "utf-8")
    return config
