"""The part of X's SYNC extension that reports when idle time begins and ends.

python-xlib does not support SYNC; the requests are those of the X Synchronization
Extension Protocol 3.1: IDLETIME is a counter of the server that alarms watch.
"""

import sys
from typing import Any

from Xlib.protocol import rq

_COUNTER = b"IDLETIME"
_ABSOLUTE = 0
_POSITIVE_TRANSITION, _NEGATIVE_TRANSITION = 0, 1
# XSyncCA: counter, value type, value, test type, delta, events.
_ALL_ATTRIBUTES = 0b111111


class _Initialize(rq.ReplyRequest):
    _request = rq.Struct(
        rq.Card8("opcode"),
        rq.Opcode(0),
        rq.RequestLength(),
        rq.Card8("major"),
        rq.Card8("minor"),
        rq.Pad(2),
    )
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Pad(1),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Card8("major"),
        rq.Card8("minor"),
        rq.Pad(22),
    )


class _ListSystemCounters(rq.ReplyRequest):
    _request = rq.Struct(rq.Card8("opcode"), rq.Opcode(1), rq.RequestLength())
    _reply = rq.Struct(
        rq.ReplyCode(),
        rq.Pad(1),
        rq.Card16("sequence_number"),
        rq.ReplyLength(),
        rq.Card32("count"),
        rq.Pad(20),
        rq.Binary("counters", pad=0),
    )


def _alarm_request(number: int) -> type[rq.Request]:
    class AlarmRequest(rq.Request):
        _request = rq.Struct(
            rq.Card8("opcode"),
            rq.Opcode(number),
            rq.RequestLength(),
            rq.Card32("alarm"),
            rq.Card32("mask"),
            rq.Card32("counter"),
            rq.Card32("value_type"),
            rq.Int32("value_high"),
            rq.Card32("value_low"),
            rq.Card32("test_type"),
            rq.Int32("delta_high"),
            rq.Card32("delta_low"),
            rq.Card32("events"),
        )

    return AlarmRequest


_CreateAlarm = _alarm_request(8)
_ChangeAlarm = _alarm_request(9)


class IdleAlarms:
    """Two alarms on the server's idle time; their events only wake, they need no reading."""

    def __init__(self, display: Any, opcode: int, event: int, counter: int) -> None:
        """Watch `counter` of `display`, with SYNC's `opcode` and its alarms' `event` code."""
        self._display = display
        self._event = event
        self._opcode = opcode
        self._counter = counter
        self._alarms: tuple[int, int] | None = None

    @classmethod
    def of(cls, display: Any) -> "IdleAlarms | None":
        """Return the alarms of `display`, None if it has no such counter."""
        extension = display.query_extension("SYNC")
        if extension is None or not extension.present:
            return None
        opcode = extension.major_opcode
        _Initialize(display=display.display, opcode=opcode, major=3, minor=1)
        answer = _ListSystemCounters(display=display.display, opcode=opcode)
        counter = _find(bytes(answer.counters), _COUNTER)
        # Alarms are events 0 and 1 of the extension.
        event = extension.first_event + 1
        display.extension_add_event(event, _AlarmNotify)
        return cls(display, opcode, event, counter) if counter else None

    def sent(self, event: Any) -> bool:
        """Tell whether `event` is an alarm's."""
        return bool(event.type == self._event)

    def set(self, idle_ms: int) -> None:
        """Request an event when idle time reaches `idle_ms`, and one when it falls below again."""
        request: Any = _ChangeAlarm
        if self._alarms is None:
            resource = self._display.display.allocate_resource_id
            self._alarms = (resource(), resource())
            request = _CreateAlarm
        tests = (_POSITIVE_TRANSITION, _NEGATIVE_TRANSITION)
        for alarm, test in zip(self._alarms, tests, strict=True):
            request(
                display=self._display.display,
                opcode=self._opcode,
                alarm=alarm,
                mask=_ALL_ATTRIBUTES,
                counter=self._counter,
                value_type=_ABSOLUTE,
                value_high=idle_ms >> 32,
                value_low=idle_ms & 0xFFFFFFFF,
                test_type=test,
                delta_high=0,
                delta_low=0,
                events=1,
            )
        self._display.flush()


class _AlarmNotify(rq.Event):
    _code = None
    _fields = rq.Struct(
        rq.Card8("type"),
        rq.Card8("kind"),
        rq.Card16("sequence_number"),
        rq.Card32("alarm"),
        rq.Int32("counter_high"),
        rq.Card32("counter_low"),
        rq.Int32("alarm_high"),
        rq.Card32("alarm_low"),
        rq.Card32("timestamp"),
        rq.Card8("state"),
        rq.Pad(3),
    )


def _find(counters: bytes, name: bytes) -> int:
    """Return the id of the counter `name` in the server's list, 0 if it is missing."""
    at = 0
    while at + 14 <= len(counters):
        length = int.from_bytes(counters[at + 12 : at + 14], sys.byteorder)
        if counters[at + 14 : at + 14 + length] == name:
            return int.from_bytes(counters[at : at + 4], sys.byteorder)
        at += (14 + length + 3) & ~3
    return 0
