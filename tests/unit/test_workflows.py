"""The workflows: what they call is pinned, what they run exists, what they build is released."""

import fnmatch
import re
from pathlib import Path

import pytest
import yaml

from installer import commands

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github" / "workflows"
PINNED = re.compile(r"uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)")
BOOTSTRAP = re.compile(r"installer/bootstrap\.py(?: (.+))?$", re.MULTILINE)
COMMANDS = set(re.findall(r"^ {2}(\w+)", commands.USAGE, re.MULTILINE))
# What each package is called, as its builder names it.
MADE = {
    "deb": ["reprospective-tray_1.2.3-1+py311_amd64.deb"],
    "pypi": ["reprospective_tray-1.2.3-py3-none-any.whl", "reprospective_tray-1.2.3.tar.gz"],
    "frozen": ["reprospective-tray-1.2.3-linux-x86_64.tar.xz"],
    "windows": ["reprospective-tray-1.2.3-setup.exe"],
    "macos": ["reprospective-tray-1.2.3-macos-arm64.dmg"],
}
UPLOAD = "actions/upload-artifact"
DOWNLOAD = "actions/download-artifact"

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="not in what goes to PyPI")


def texts():
    return {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.yml")}


def workflows():
    return {name: yaml.safe_load(text) for name, text in texts().items()}


def jobs(name):
    return workflows()[name]["jobs"]


def all_jobs():
    return [job for workflow in workflows().values() for job in workflow["jobs"].values()]


def steps_of(job, action=None):
    steps = job.get("steps", [])
    return [step for step in steps if action is None or step.get("uses", "").startswith(action)]


def run_by(job):
    return "\n".join(step["run"] for step in steps_of(job) if "run" in step)


def bootstrap_commands(job):
    return [found[1].split() for found in BOOTSTRAP.finditer(run_by(job))]


def uploads(job):
    return [pattern for step in steps_of(job, UPLOAD) for pattern in step["with"]["path"].split()]


def takes(patterns, name):
    return any(fnmatch.fnmatch(name, Path(pattern).name) for pattern in patterns)


def builders():
    return {name: job for name, job in jobs("release.yml").items() if "package" in str(run_by(job))}


def test_every_action_is_pinned_to_a_commit_with_its_version_in_a_comment():
    for text in texts().values():
        for line in text.splitlines():
            if "uses:" in line and "uses: ./" not in line:
                assert PINNED.search(line), line


def test_an_action_is_one_commit_wherever_it_is_used():
    pins = {found.groups() for text in texts().values() for found in PINNED.finditer(text)}
    assert len(pins) == len({action for action, _commit, _version in pins})


def test_what_is_called_here_is_here():
    for job in all_jobs():
        called = job.get("uses", "")
        assert not called or (ROOT / called).is_file()


def test_every_command_of_the_bootstrap_exists():
    called = [command for job in all_jobs() for command in bootstrap_commands(job)]
    assert called
    for command, *arguments in called:
        assert command in COMMANDS
        assert command != "package" or arguments[0] in commands.PACKAGES


def test_the_tests_are_those_of_ci_and_tests_unit_elsewhere():
    found = jobs("test.yml")
    assert bootstrap_commands(found["linux"]) == [["test"]]
    assert bootstrap_commands(found["elsewhere"]) == [["test", "tests/unit"]]
    systems = {
        name.partition("-")[0] for name in found["elsewhere"]["strategy"]["matrix"]["system"]
    }
    assert systems == {"windows", "macos"}


def test_every_package_that_there_is_is_built():
    built = [
        arguments[0]
        for job in builders().values()
        for command, *arguments in bootstrap_commands(job)
        if command == "package"
    ]
    assert sorted(built) == sorted(commands.PACKAGES)


def test_the_job_that_builds_a_package_hands_all_of_it_on_and_the_release_takes_it():
    found = jobs("release.yml")
    wanted = re.search(r"for kind in (.+); do", run_by(found["checksums"]))[1]
    kinds = [word.strip("'") for word in wanted.split()]
    assert sorted(found["checksums"]["needs"]) == sorted(builders())
    (download,) = steps_of(found["checksums"], DOWNLOAD)
    for job in builders().values():
        for step in steps_of(job, UPLOAD):
            assert fnmatch.fnmatch(step["with"]["name"], download["with"]["pattern"])
            assert step["with"]["if-no-files-found"] == "error"
        for command, *arguments in bootstrap_commands(job):
            for name in MADE[arguments[0]] if command == "package" else []:
                assert takes(uploads(job), name), name
                assert takes(kinds, name), name


def test_a_release_is_made_of_a_tag_alone_after_the_tests_with_what_was_summed():
    found = jobs("release.yml")
    release = found["release"]
    assert release["if"] == "github.ref_type == 'tag'"
    assert sorted(release["needs"]) == ["checksums", "tests"]
    assert found["tests"]["uses"] == "./.github/workflows/test.yml"
    (summed,) = steps_of(found["checksums"], UPLOAD)
    (taken,) = steps_of(release, DOWNLOAD)
    assert summed["with"]["name"] == taken["with"]["name"]
    assert "sha256sum --check --strict SHA256SUMS" in run_by(release)
    # YAML reads the key `on` as true.
    assert workflows()["release.yml"][True]["push"] == {"tags": ["v*"]}


def test_nothing_may_write_but_the_job_that_makes_the_release():
    for workflow in workflows().values():
        assert workflow["permissions"] == {}
        for name, job in workflow["jobs"].items():
            allowed = {} if name == "checksums" else {"contents": "read"}
            assert job["permissions"] == ({"contents": "write"} if name == "release" else allowed)


def test_no_word_of_an_event_is_put_into_a_script():
    for job in all_jobs():
        assert "${{" not in run_by(job)


def test_no_workflow_runs_for_others_with_the_rights_of_this_repository():
    for workflow in workflows().values():
        assert not {"pull_request_target", "workflow_run"} & set(workflow[True])


def test_every_job_ends_by_itself_and_a_newer_change_stops_the_tests_of_an_older_one():
    for job in all_jobs():
        assert "uses" in job or job["timeout-minutes"] <= 90
    groups = [workflow["concurrency"]["group"] for workflow in workflows().values()]
    # One group for both would have the release wait for the tests that it calls itself.
    assert len(set(groups)) == len(groups)


def test_a_checkout_leaves_no_token_behind_and_what_is_released_comes_from_no_cache():
    for job in all_jobs():
        for step in steps_of(job, "actions/checkout"):
            assert step["with"]["persist-credentials"] is False
    for job in jobs("release.yml").values():
        assert not steps_of(job, "actions/cache")
        assert not any("cache" in step.get("with", {}) for step in steps_of(job))
