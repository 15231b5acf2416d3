"""A compositor that is not there, says nothing, or goes away; a program without pywayland."""

import socket
import sys
import threading

import pytest

from reprospective_tray.monitor import probes
from reprospective_tray.monitor.probes.base import Lack, ProbeLostError
from reprospective_tray.monitor.probes.wayland import connection as wayland
from reprospective_tray.monitor.probes.wayland.connection import WaylandConnection

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no Wayland")


@pytest.fixture
def listener(tmp_path, monkeypatch):
    """A socket where programs look for a compositor."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "wayland-7"))
        listening.listen()
        yield listening


@pytest.mark.usefixtures("listener")
@pytest.mark.parametrize("name", ["wayland-8", "a\0b", "x" * 200])
def test_where_no_compositor_is_the_probe_is_lost(name):
    with pytest.raises(ProbeLostError):
        WaylandConnection(name)


def test_without_a_folder_for_sockets_it_is_lost_too(monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with pytest.raises(ProbeLostError, match="XDG_RUNTIME_DIR"):
        WaylandConnection("wayland-0")


@pytest.mark.usefixtures("listener")
def test_a_compositor_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(wayland, "ANSWER_S", 0.1)
    with pytest.raises(ProbeLostError, match="does not answer"):
        WaylandConnection()


def test_a_compositor_that_hangs_up_is_gone(listener):
    def hang_up() -> None:
        listener.accept()[0].close()

    other = threading.Thread(target=hang_up)
    other.start()
    with pytest.raises(ProbeLostError):
        WaylandConnection()
    other.join()


def test_what_is_no_wayland_is_gone_too(listener):
    def speak() -> None:
        line, _address = listener.accept()
        with line:
            line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            line.recv(1024)

    other = threading.Thread(target=speak)
    other.start()
    with pytest.raises(ProbeLostError):
        WaylandConnection()
    other.join()


@pytest.mark.usefixtures("listener")
def test_without_pywayland_the_probe_says_that_it_lacks(monkeypatch):
    monkeypatch.setitem(sys.modules, "pywayland.client.display", None)
    probe = probes.open_probe(1.0)
    assert (probe.name, probe.lack) == ("none", Lack.PYWAYLAND)


def test_a_choice_that_does_not_work_here_is_not_replaced_by_another(listener, monkeypatch):
    listener.close()
    monkeypatch.setenv("DISPLAY", ":4321")
    probe = probes.open_probe(1.0, "wlr")
    assert (probe.name, probe.lack) == ("none", Lack.CHOICE)
    assert probe.trouble.startswith("wlr: wayland-7: ")
