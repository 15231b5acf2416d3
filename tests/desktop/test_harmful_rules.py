"""Rules that would hang a backtracking engine, in the whole program.

How it can fail: one title stops the recording for good, and `status` and the end with it.
"""

import json

import pytest

from installer.demo.virtual_desktop import VirtualDesktop
from tests.desktop.windows import Windows

pytestmark = pytest.mark.trust

CONFIG = r"""
monitor:
  never_idle: ['^(\w+\s?)*\.never$']
  titles: {ignore_patterns: ['(x+x+)+y$']}
privacy:
  rules:
    - {title: '^(\w+\s?)*\.pdf$'}
    - {title: '^(a+)+$', action: redact}
categories:
  rules:
    - {category: Papers, title: '^(\w+\s?)*\.doc$'}
"""


def test_no_rule_stops_the_recording(
    make_app, desktop: VirtualDesktop, windows: Windows, user
) -> None:
    user.write_config(CONFIG)
    app = make_app(desktop, "--no-tray").start()
    for title in ("a" * 4_000 + "!", "word " * 800 + "!", "x" * 4_000, "report.pdf", "my.doc"):
        windows.open("Reader", title)
    app.wait_for_row("window_title = 'my.doc'")
    assert app.ask("status")["running"]
    assert not app.rows("window_title = 'report.pdf'")
    report = json.loads(app.cli("report", "--format", "json").stdout)
    assert report["applications"][0]["application_name"] == "Reader"
    assert app.stop() == 0
