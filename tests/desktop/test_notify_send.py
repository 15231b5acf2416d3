"""Where there is no PyGObject, notify-send shows the texts as they are: no markup, no escapes.

How it can fail: a title's markup is shown as bold text or swallowed; entities show where the
service reads none; a path of Windows becomes a new line.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from installer.demo.virtual_desktop import VirtualDesktop

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
WITHOUT_GI = (
    "from reprospective_tray.desktop import notifications\n"
    "notifications._by_bus = lambda *_texts: False\n"
    "import sys\n"
    "assert notifications.Notifier().notify(*sys.argv[1:])\n"
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH with the real notify-send, or one that does the same."""
    if not shutil.which("notify-send"):
        pytest.importorskip("gi")
        program = tmp_path / "notify-send"
        program.write_text(NOTIFY_SEND.format(python=sys.executable))
        program.chmod(0o700)
    return f"{tmp_path}:{os.environ['PATH']}"


def notify(desktop: VirtualDesktop, path: str) -> None:
    environment = {**desktop.env, "PYTHONPATH": str(ROOT), "PATH": path}
    command = [sys.executable, "-c", WITHOUT_GI, TITLE, BODY]
    subprocess.run(command, env=environment, check=True, timeout=SECONDS)


def test_a_service_that_reads_markup_gets_none(desktop: VirtualDesktop, path: str) -> None:
    notify(desktop, path)
    desktop.run("dunstctl", "close-all")
    shown = json.loads(desktop.run("dunstctl", "history"))["data"][0]
    assert (TITLE, ESCAPED) in [(one["summary"]["data"], one["body"]["data"]) for one in shown]


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
        print(json.dumps(arguments.unpack()[3:5]), flush=True)
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
    own_desktop: VirtualDesktop, plain_service: subprocess.Popen[str], path: str
) -> None:
    notify(own_desktop, path)
    assert plain_service.stdout is not None
    assert json.loads(plain_service.stdout.readline()) == [TITLE, BODY]
