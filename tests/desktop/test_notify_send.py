"""Every way to the notification service shows the texts as they are: no markup, no escapes.

How it can fail: a title's markup is shown as bold text or swallowed; entities show where the
service reads none; a path of Windows becomes a new line.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from reprospective_tray.desktop.notifications import Notifier

pytestmark = pytest.mark.trust

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 15.0
TITLE = r"AT&T <b>\n"
BODY = r"a <b>bold</b> title & C:\new\table &amp; <img src='x'/>"
ESCAPED = r"a &lt;b&gt;bold&lt;/b&gt; title &amp; C:\new\table &amp;amp; &lt;img src='x'/&gt;"

# What notify-send 0.8 does: g_strcompress on the body alone, and no other change.
NOTIFY_SEND = """#!{python}
import sys
*_options, title, body = sys.argv[1:]
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
name, path = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
values = ("x", 0, "", title, GLib.strcompress(body), [], {{}}, -1)
call = GLib.Variant("(susssasa{{sv}}i)", values)
bus.call_sync(name, path, name, "Notify", call, None, Gio.DBusCallFlags.NONE, 3000, None)
"""
NOTIFY = """
import sys
from reprospective_tray.desktop.notifications import Notifier
sys.modules["gi"] = None  # as if PyGObject were not installed
if sys.argv[1] == "notify-send":
    Notifier._by_bus = lambda *_texts: False
notifier = Notifier()
assert notifier.notify(*sys.argv[2:])
notifier.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH with the real notify-send, or one that does the same."""
    if not shutil.which("notify-send"):
        pytest.importorskip("gi")
        program = tmp_path / "notify-send"
        program.write_text(NOTIFY_SEND.format(python=sys.executable))
        program.chmod(0o700)
    return f"{tmp_path}:{os.environ['PATH']}"


def notify(desktop: VirtualDesktop, way: str, path: str = os.environ["PATH"]) -> None:
    environment = {**desktop.env, "PYTHONPATH": str(ROOT), "PATH": path}
    command = [sys.executable, "-W", "error", "-c", NOTIFY, way, f"{TITLE} {way}", BODY]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("way", ["bus", "notify-send"])
def test_a_service_that_reads_markup_gets_none(
    desktop: VirtualDesktop, path: str, way: str
) -> None:
    notify(desktop, way, path)
    desktop.run("dunstctl", "close-all")
    shown = json.loads(desktop.run("dunstctl", "history"))["data"][0]
    texts = [(one["summary"]["data"], one["body"]["data"]) for one in shown]
    assert (f"{TITLE} {way}", ESCAPED) in texts


SERVICE = """
import json, sys
from gi.repository import Gio, GLib
XML = '''<node><interface name="org.freedesktop.Notifications">
<method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
<arg type="as" direction="in"/><arg type="a{sv}" direction="in"/><arg type="i" direction="in"/>
<arg type="u" direction="out"/></method></interface></node>'''
def call(bus, sender, path, interface, method, arguments, invocation):
    if method == "GetCapabilities":
        invocation.return_value(GLib.Variant("(as)", (["body"],)))
    else:
        print(json.dumps([*arguments.unpack()[3:5], sender]), flush=True)
        invocation.return_value(GLib.Variant("(u)", (1,)))
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
interface = Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0]
bus.register_object("/org/freedesktop/Notifications", interface, call, None, None)
name = "org.freedesktop.Notifications"
Gio.bus_own_name_on_connection(bus, name, 0, lambda *_: print("ready", flush=True), None)
GLib.MainLoop().run()
"""


@pytest.fixture
def plain_service(own_desktop: VirtualDesktop) -> Iterator[subprocess.Popen[str]]:
    """A notification service that knows no markup; it prints the texts that it gets."""
    pytest.importorskip("gi")
    command = [sys.executable, "-c", SERVICE]
    with subprocess.Popen(
        command, env=own_desktop.env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.terminate()


def test_a_service_that_reads_none_gets_the_text_itself(
    own_desktop: VirtualDesktop, plain_service: subprocess.Popen[str]
) -> None:
    notify(own_desktop, "bus")
    assert plain_service.stdout is not None
    assert json.loads(plain_service.stdout.readline())[:2] == [f"{TITLE} bus", BODY]


def test_notifications_come_by_one_connection_as_long_as_the_bus_is_there(
    own_desktop: VirtualDesktop,
    plain_service: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """GNOME takes away what came by a connection that has ended."""
    name = "DBUS_SESSION_BUS_ADDRESS"
    monkeypatch.setenv(name, own_desktop.env[name])
    assert plain_service.stdout is not None
    with closing(Notifier()) as notifier:
        assert notifier.notify("the first", "")
        assert notifier.notify("the second", "")
        said = [json.loads(plain_service.stdout.readline()) for _each in range(2)]
        assert [each[0] for each in said] == ["the first", "the second"]
        assert said[0][2] == said[1][2]
        own_desktop.stop_bus()
        assert not notifier.notify("the third", "")
        with VirtualDesktop(panel=None, notifications=True) as other:
            monkeypatch.setenv(name, other.env[name])
            assert notifier.notify("the fourth", "")
