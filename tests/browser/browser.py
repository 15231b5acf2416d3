"""Chromium without a window, driven over the WebDriver protocol; nothing but the standard library.

`Browser` starts a chromedriver of its own with an empty profile, and ends both.
"""

import base64
import json
import re
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import ProxyHandler, Request, build_opener

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
_SECONDS = 30
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-default-apps", "--disable-dev-shm-usage", "--hide-scrollbars"),
)
_ITS_OWN = ("chrome:", "chrome-untrusted:")
# Called before a frame is drawn: the second time, one has been.
_DRAWN = "requestAnimationFrame(() => requestAnimationFrame(() => arguments[0]()));"
_STARTED = re.compile(r"started successfully on port (\d+)")
# Whatever this machine goes through elsewhere, a driver on it is asked directly.
_open = build_opener(ProxyHandler({})).open


class BrowserError(Exception):
    """The browser would not do it."""


class Browser:
    """One tab."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._stack = ExitStack()
        self._session = ""

    def __enter__(self) -> Self:
        """Start driver and browser."""
        with ExitStack() as stack:
            profile = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            driver = stack.enter_context(
                subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, text=True)
            )
            stack.callback(driver.terminate)
            said = iter(driver.stdout.readline, "")
            port = next((found[1] for line in said if (found := _STARTED.search(line))), None)
            if port is None:
                raise BrowserError(f"{DRIVER} did not start")
            self._session = f"http://127.0.0.1:{port}/session"
            options = {"binary": CHROMIUM, "args": [*_FLAGS, f"--user-data-dir={profile}"]}
            wanted = {
                "browserName": "chrome",
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            }
            made = self._call("POST", "", capabilities={"alwaysMatch": wanted})
            self._session += f"/{made['sessionId']}"
            stack.callback(self._call, "DELETE", "")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End both."""
        self._stack.__exit__(kind, error, trace)

    def open(self, page: Path) -> None:
        """Load a file and wait until it is drawn; what earlier pages did is forgotten."""
        self.logs("browser")
        self.logs("performance")
        self._call("POST", "/url", url=page.as_uri())
        # A page that is loaded has no size yet, and cannot be printed.
        self._call("POST", "/execute/async", script=_DRAWN, args=[])

    def run(self, script: str, *arguments: object) -> Any:
        """Run the body of a function in the page, and return what it returns."""
        return self._call("POST", "/execute/sync", script=script, args=list(arguments))

    def logs(self, kind: str) -> list[dict[str, Any]]:
        """Return what was said since the last call: of the ``browser``, or its ``performance``."""
        found: list[dict[str, Any]] = self._call("POST", "/se/log", type=kind)
        return found

    def requests(self) -> list[str]:
        """Return the addresses that the page asked for since it was opened.

        Not those of what the browser shows of its own accord, such as its first tab.
        """
        messages = (json.loads(each["message"])["message"] for each in self.logs("performance"))
        sent = (m["params"] for m in messages if m["method"] == "Network.requestWillBeSent")
        return [
            each["request"]["url"] for each in sent if not each["documentURL"].startswith(_ITS_OWN)
        ]

    def devtools(self, command: str, **parameters: object) -> Any:
        """Send a command of the DevTools protocol."""
        return self._call("POST", "/goog/cdp/execute", cmd=command, params=parameters)

    def show(self, width: int, height: int, *, scheme: str = "light") -> None:
        """Have a page of this size, for whoever prefers ``light`` or ``dark``."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.devtools("Emulation.setDeviceMetricsOverride", **size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.devtools("Emulation.setEmulatedMedia", media="", features=features)

    def picture(self) -> bytes:
        """Return the whole page as PNG."""
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        taken = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(taken["data"])

    def pdf(self) -> bytes:
        """Return the page as it is printed, on the paper that it asks for."""
        printed = self.devtools("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(printed["data"])

    def _call(self, method: str, path: str, **body: object) -> Any:
        data = json.dumps(body).encode() if method == "POST" else None
        request = Request(self._session + path, data, method=method)  # noqa: S310  http, to here
        try:
            with _open(request, timeout=_SECONDS) as answer:
                return json.load(answer)["value"]
        except OSError as error:
            said = error.read().decode() if hasattr(error, "read") else ""
            raise BrowserError(f"{method} {path}: {error} {said}") from error
