"""Builds the disk image: `python3 installer/bootstrap.py package macos`.

README.md beside this says how it is signed and notarised.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from installer import pypi, steps
from installer.frozen import build as frozen_build
from installer.frozen import names
from installer.macos import info_plist

# Whose certificate signs, as `security find-identity -v -p codesigning` names it.
IDENTITY = "CODESIGN_IDENTITY"
# Under which name `xcrun notarytool store-credentials` has kept what Apple asks for.
PROFILE = "NOTARYTOOL_PROFILE"


def commands(image: Path, folder: Path, environment: Mapping[str, str]) -> list[list[str]]:
    """Return what makes the disk image of `folder`, and signs it as far as `environment` says.

    Raises:
        steps.StepFailedError: it is to be notarised, and nobody signs it.
    """
    volume = ["-volname", info_plist.DISPLAY_NAME.replace(":", "-"), "-srcfolder", str(folder)]
    create = ["hdiutil", "create", *volume, "-fs", "HFS+", "-format", "UDZO", "-ov", str(image)]
    made = [create]
    identity, profile = environment.get(IDENTITY), environment.get(PROFILE)
    if identity:
        app = str(folder / names.APP)
        made.insert(0, ["codesign", "--verify", "--deep", "--strict", app])
        made.append(["codesign", "--sign", identity, "--timestamp", str(image)])
    if profile and not identity:
        raise steps.StepFailedError(
            f"{PROFILE} is set and {IDENTITY} is not: Apple notarises only what is signed."
        )
    if profile:
        keep = ["--keychain-profile", profile, "--wait"]
        assess = ["--assess", "--type", "open", "--context", "context:primary-signature"]
        made += [
            ["xcrun", "notarytool", "submit", str(image), *keep],
            ["xcrun", "stapler", "staple", str(image)],
            ["spctl", *assess, str(image)],
        ]
    return made


def disk_image(frozen: frozen_build.Frozen, folder: Path = pypi.DIST) -> Path:
    """Return the disk image with the app and a link to drag it to, made in `folder`.

    Raises:
        steps.StepFailedError: one of Apple's tools has refused; says what it said.
    """
    shown = steps.BUILD / "disk-image"
    shutil.rmtree(shown, ignore_errors=True)
    shutil.copytree(frozen.folder, shown / names.APP, symlinks=True)
    (shown / "Applications").symlink_to("/Applications")
    folder.mkdir(parents=True, exist_ok=True)
    image = folder / f"{names.NAME}-{frozen.version}-macos-{os.uname().machine}.dmg"
    for command in commands(image, shown, os.environ):
        steps.run_logged(command)
    return image


def main(arguments: Sequence[str]) -> int:
    """Freeze the program, build its disk image, and say where it is; return an exit code."""
    import argparse

    argparse.ArgumentParser(
        prog="python3 installer/bootstrap.py package macos",
        description="Builds the app and a disk image of it, signed and notarised where "
        f"{IDENTITY} and {PROFILE} are set.",
    ).parse_args(arguments)
    made = disk_image(frozen_build.freeze())
    steps.say(f"{made.relative_to(steps.ROOT)}: {made.stat().st_size / 1e6:.1f} MB")
    if not os.environ.get(IDENTITY):
        steps.say(f"It is not signed, since {IDENTITY} is not set: installer/macos/README.md")
    return 0
