"""Files that others read, by the rules that those others have published."""

import subprocess

import pytest

from installer import pypi, steps

RULES = {
    "vendor.compose-spec": "installer/server/compose.yaml",
    "vendor.github-workflows": ".github/workflows/*.yml",
}

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def checked(rules, *files):
    command = [pypi.tools() / "check-jsonschema", "--builtin-schema", rules, *files]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("rules", RULES)
def test_each_file_is_as_its_readers_want_it(rules):
    files = sorted(steps.ROOT.glob(RULES[rules]))
    assert files
    done = checked(rules, *files)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("rules", RULES)
def test_a_file_with_a_slip_of_the_pen_is_found(rules, tmp_path):
    slips = {"restart:": "restrat:", "runs-on:": "run-on:"}
    for file in steps.ROOT.glob(RULES[rules]):
        text = file.read_text("utf-8")
        for right, wrong in slips.items():
            text = text.replace(right, wrong)
        (tmp_path / file.name).write_text(text, "utf-8")
        assert checked(rules, tmp_path / file.name).returncode == 1
