"""What the tests of packages share."""

import shutil
import subprocess

import pytest

from installer import steps


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The files under version control, in a folder of their own: building writes into it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=steps.ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("needs the repository, to know its files")
    folder = tmp_path_factory.mktemp("checkout")
    for name in filter(None, listed.stdout.split("\0")):
        if (steps.ROOT / name).exists():  # one that is just being removed is not
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(steps.ROOT / name, folder / name)
    return folder
