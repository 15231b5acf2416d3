"""The parts of Wayland's protocols that pywayland lacks, written in its terms.

wlr-foreign-toplevel-management-unstable-v1, version 3: which windows exist and which is active.
org_kde_kwin_idle, version 1: idle time, from compositors older than ext-idle-notify-v1.

The order of requests and events is that of the protocols. Arguments that nothing here sends or
reads have the types of the wire, since the library counts messages by position.
"""

from collections.abc import Sequence
from typing import Any

from pywayland import ffi
from pywayland.protocol.wayland import WlOutput, WlSeat, WlSurface
from pywayland.protocol_core.argument import Argument
from pywayland.protocol_core.interface import Interface
from pywayland.protocol_core.message import Message
from pywayland.protocol_core.proxy import Proxy
from pywayland.scanner.argument import ArgumentType

_INT, _UINT = Argument(ArgumentType.Int), Argument(ArgumentType.Uint)
_STRING, _ARRAY = Argument(ArgumentType.String), Argument(ArgumentType.Array)


class _TextMessage(Message):
    """An event with one text; texts of old X11 programs are not UTF-8."""

    def c_to_arguments(self, args_ptr: Any) -> list[Any]:
        """Return the text; if it is not UTF-8, it is read as ICCCM's Latin 1."""
        raw: Any = ffi.string(args_ptr[0].s)
        try:
            return [raw.decode("utf-8")]
        except UnicodeDecodeError:
            return [raw.decode("latin-1")]


class NewObjectMessage(Message):
    """An event that creates an object. The library's own would belong to any open display."""

    display: Any = None

    def c_to_arguments(self, args_ptr: Any) -> list[Any]:
        """Return the new proxy, of `display`."""
        interface: Any = self.arguments[0].interface
        pointer: Any = ffi.cast("struct wl_proxy *", args_ptr[0].o)
        return [interface.proxy_class(pointer, self.display)]


class ToplevelHandle(Interface):
    """One window: its texts and states are valid from ``done`` on."""

    name = "zwlr_foreign_toplevel_handle_v1"
    version = 3


class ToplevelManager(Interface):
    """Reports each window."""

    name = "zwlr_foreign_toplevel_manager_v1"
    version = 3


class KdeIdleTimeout(Interface):
    """One watch on idle time: ``idle`` after its ms without input, ``resumed`` at the next one."""

    name = "org_kde_kwin_idle_timeout"
    version = 1


class KdeIdle(Interface):
    """Creates watches on idle time."""

    name = "org_kde_kwin_idle"
    version = 1


class ToplevelHandleProxy(Proxy[ToplevelHandle]):
    """The client side of a window."""

    interface = ToplevelHandle

    def release(self) -> None:
        """Let the compositor drop it (request ``destroy``)."""
        self._marshal(7)
        self._destroy()


class ToplevelManagerProxy(Proxy[ToplevelManager]):
    """The client side of the manager."""

    interface = ToplevelManager


class KdeIdleTimeoutProxy(Proxy[KdeIdleTimeout]):
    """The client side of a watch."""

    interface = KdeIdleTimeout

    def release(self) -> None:
        """End it (request ``release``)."""
        self._marshal(0)
        self._destroy()


class KdeIdleProxy(Proxy[KdeIdle]):
    """The client side of the object that creates watches."""

    interface = KdeIdle

    def get_idle_timeout(self, seat: Any, timeout_ms: int) -> KdeIdleTimeoutProxy:
        """Return a watch on `seat` for `timeout_ms` without input."""
        watch: KdeIdleTimeoutProxy = self._marshal_constructor(0, KdeIdleTimeout, seat, timeout_ms)
        return watch


def _object(interface: type[Interface], *, nullable: bool = False) -> Argument:
    return Argument(ArgumentType.Object, interface=interface, nullable=nullable)


def _new(interface: type[Interface]) -> Argument:
    return Argument(ArgumentType.NewId, interface=interface)


def _message(
    name: str, *arguments: Argument, since: int | None = None, kind: type[Message] = Message
) -> Message:
    named: Any = lambda: None  # noqa: E731  gives the message its name
    named.__name__ = name
    return kind(named, arguments, since)


def _define(
    interface: type[Interface],
    proxy: type[Proxy[Any]],
    requests: Sequence[Message],
    events: Sequence[Message],
) -> None:
    interface.requests.extend(requests)
    interface.events.extend(events)
    interface._gen_c()  # noqa: SLF001  as the library's own protocols do
    interface.proxy_class = proxy


_define(
    ToplevelHandle,
    ToplevelHandleProxy,
    [
        _message("set_maximized"),
        _message("unset_maximized"),
        _message("set_minimized"),
        _message("unset_minimized"),
        _message("activate", _object(WlSeat)),
        _message("close"),
        _message("set_rectangle", _object(WlSurface), _INT, _INT, _INT, _INT),
        _message("destroy"),
        _message("set_fullscreen", _object(WlOutput, nullable=True), since=2),
        _message("unset_fullscreen", since=2),
    ],
    [
        _message("title", _STRING, kind=_TextMessage),
        _message("app_id", _STRING, kind=_TextMessage),
        _message("output_enter", _object(WlOutput)),
        _message("output_leave", _object(WlOutput)),
        _message("state", _ARRAY),
        _message("done"),
        _message("closed"),
        _message("parent", _object(ToplevelHandle, nullable=True), since=3),
    ],
)
_define(
    ToplevelManager,
    ToplevelManagerProxy,
    [_message("stop")],
    [_message("toplevel", _new(ToplevelHandle), kind=NewObjectMessage), _message("finished")],
)
_define(
    KdeIdleTimeout,
    KdeIdleTimeoutProxy,
    [_message("release"), _message("simulate_user_activity")],
    [_message("idle"), _message("resumed")],
)
_define(
    KdeIdle,
    KdeIdleProxy,
    [_message("get_idle_timeout", _new(KdeIdleTimeout), _object(WlSeat), _UINT)],
    [],
)
