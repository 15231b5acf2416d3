"""What the app bundle says of itself to macOS, and to the person who is asked for permission."""

import plistlib
from typing import Any

from installer.frozen import names

# Never changed: macOS keeps by it what the person has permitted.
IDENTIFIER = "org.reprospective.tray"
DISPLAY_NAME = "Re:prospective"
OLDEST_MACOS = "11.0"

# Shown by macOS where it asks for permission; the last two it asks for without a text as yet, and
# then the person finds these in the documents alone.
USAGE = {
    "NSAppleEventsUsageDescription": {
        "en": "The name of the application in front and the title of its window are recorded on "
        "this Mac; System Events tells them.",
        "ja": "最前面のアプリケーション名とウインドウのタイトルをこのMacに記録するために、"
        "System Eventsに問い合わせます。",
    },
    "NSAccessibilityUsageDescription": {
        "en": "macOS shows the titles of other applications' windows only to programs that may use "
        "Accessibility. Nothing is clicked or typed.",
        "ja": "ほかのアプリケーションのウインドウのタイトルを読み取るために必要です。"
        "クリックや入力は行いません。",
    },
    "NSScreenCaptureUsageDescription": {
        "en": "macOS counts the titles of other applications' windows as part of the screen. No "
        "picture of the screen is ever taken.",
        "ja": "macOSではほかのアプリケーションのウインドウのタイトルが画面の内容として扱われる"
        "ため必要です。画面の画像を取得することはありません。",
    },
}
LANGUAGES = ("en", "ja")


def contents(version: str) -> dict[str, Any]:
    """Return what is added to what PyInstaller writes into Info.plist by itself."""
    return {
        "CFBundleIdentifier": IDENTIFIER,
        "CFBundleName": names.APP.removesuffix(".app"),
        "CFBundleDisplayName": DISPLAY_NAME,
        "CFBundleShortVersionString": version,
        "CFBundleVersion": ".".join(map(str, names.release_numbers(version))),
        "CFBundleDevelopmentRegion": "en",
        "CFBundleLocalizations": list(LANGUAGES),
        "LSApplicationCategoryType": "public.app-category.productivity",
        "LSMinimumSystemVersion": OLDEST_MACOS,
        # It lives in the menu bar: no icon in the Dock, and no menu of its own.
        "LSUIElement": True,
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": "MIT licence",
        **{key: texts["en"] for key, texts in USAGE.items()},
    }


def translated(language: str) -> bytes:
    """Return InfoPlist.strings, as a property list: the texts of Info.plist in `language`."""
    return plistlib.dumps({key: texts[language] for key, texts in USAGE.items()})
