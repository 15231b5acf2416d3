"""The app bundle and the disk image for macOS, as far as they can be looked into without macOS."""

import plistlib
import re

import pytest

from installer import steps
from installer.frozen import names
from installer.macos import build, info_plist

ENTITLEMENTS = steps.ROOT / "installer" / "macos" / "entitlements.plist"
# As Apple names them; macOS shows the first, and keeps the other two to its own words as yet.
USAGES = {
    "NSAppleEventsUsageDescription",
    "NSAccessibilityUsageDescription",
    "NSScreenCaptureUsageDescription",
}


def contents(version="1.2.0rc1"):
    """Return Info.plist as macOS reads it: written, and read again."""
    return plistlib.loads(plistlib.dumps(info_plist.contents(version)))


def test_it_lives_in_the_menu_bar_alone():
    assert contents()["LSUIElement"] is True


def test_it_has_one_name_for_ever_and_the_projects_version():
    found = contents()
    assert found["CFBundleIdentifier"] == "org.reprospective.tray"
    assert found["CFBundleShortVersionString"] == "1.2.0rc1"
    assert found["CFBundleVersion"] == "1.2.0"
    assert found["CFBundleName"] + ".app" == names.APP


def test_every_permission_that_it_asks_for_has_a_reason_in_both_languages():
    assert set(info_plist.USAGE) == USAGES
    found = contents()
    assert found["CFBundleLocalizations"] == ["en", "ja"]
    english = plistlib.loads(info_plist.translated("en"))
    japanese = plistlib.loads(info_plist.translated("ja"))
    assert set(english) == set(japanese) == USAGES
    for key in USAGES:
        assert found[key] == english[key]
        assert re.search(r"[\u3040-\u30ff]", japanese[key])
        assert not re.search(r"[\u3040-\u30ff]", english[key])


def test_the_spec_puts_the_reasons_and_the_icon_into_the_bundle():
    spec = (steps.ROOT / "installer/frozen/reprospective-tray.spec").read_text("utf-8")
    assert "info_plist=info_plist.contents(VERSION)" in spec
    assert '"InfoPlist.strings"' in spec
    assert "icons.write_icns(" in spec


def test_the_entitlements_let_it_ask_system_events_and_nothing_of_the_person():
    allowed = plistlib.loads(ENTITLEMENTS.read_bytes())
    assert allowed["com.apple.security.automation.apple-events"] is True
    assert not [key for key in allowed if "personal-information" in key or "device" in key]


def tools(made):
    return [" ".join(command[:2]) for command in made]


def test_without_an_identity_the_image_is_made_and_not_signed(tmp_path):
    made = build.commands(tmp_path / "x.dmg", tmp_path, {})
    assert tools(made) == ["hdiutil create"]
    assert made[0][-1].endswith("x.dmg")
    # A colon divides folders for the Finder.
    assert ":" not in made[0][made[0].index("-volname") + 1]


def test_with_an_identity_it_is_signed_and_with_a_profile_notarised_as_well(tmp_path):
    image = tmp_path / "x.dmg"
    signed = build.commands(image, tmp_path, {build.IDENTITY: "Developer ID"})
    assert tools(signed) == ["codesign --verify", "hdiutil create", "codesign --sign"]
    both = {build.IDENTITY: "Developer ID", build.PROFILE: "mine"}
    notarised = build.commands(image, tmp_path, both)
    assert tools(notarised) == [
        *tools(signed),
        "xcrun notarytool",
        "xcrun stapler",
        "spctl --assess",
    ]
    assert {"--wait", "--keychain-profile", "mine"} <= set(notarised[3])


def test_apple_is_asked_to_notarise_nothing_that_is_unsigned(tmp_path):
    with pytest.raises(steps.StepFailedError, match=build.IDENTITY):
        build.commands(tmp_path / "x.dmg", tmp_path, {build.PROFILE: "mine"})


def test_the_readme_beside_it_names_what_the_script_goes_by():
    text = (steps.ROOT / "installer" / "macos" / "README.md").read_text("utf-8")
    for name in (build.IDENTITY, build.PROFILE, "package macos", names.APP, "Accessibility"):
        assert name in text
