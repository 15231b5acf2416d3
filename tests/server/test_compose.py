"""compose.yaml of the server: what can be said of it without Docker, to every key in it."""

import re
import subprocess

import pytest
import yaml

from installer import steps
from tests.server import compose

# Every key that may be there, by where it is; * is a name of our own. What Docker would pass over
# in silence, a slip of the pen among it, fails here.
KEYS = {
    "": {"name", "services", "secrets", "volumes"},
    "services.*": {
        "image", "restart", "init", "depends_on", "entrypoint", "command", "environment", "secrets",
        "ports", "volumes", "healthcheck", "shm_size", "stop_grace_period", "security_opt",
        "logging",
    },
    "services.*.depends_on.*": {"condition"},
    "services.*.ports": {"target", "host_ip", "published"},
    "services.*.volumes": {"type", "source", "target", "read_only", "bind"},
    "services.*.volumes.bind": {"create_host_path"},
    "services.*.healthcheck": {"test", "interval", "timeout", "retries", "start_period"},
    "services.*.logging": {"driver", "options"},
    "services.*.logging.options": {"max-size", "max-file"},
    "secrets.*": {"file"},
}  # fmt: skip
# Below these everything is named by us, and is plain text.
OWN = {"services", "services.*.environment", "services.*.depends_on", "secrets", "volumes"}
DURATION = re.compile(r"\d+(s|m|h)")


@pytest.fixture
def services():
    return compose.loaded(compose.example())["services"]


def keys_in(part, place=""):
    """Yield every mapping that must have known keys: its place and its keys."""
    if isinstance(part, list):
        for value in part:
            yield from keys_in(value, place)
    elif isinstance(part, dict):
        if place not in OWN:
            yield place, set(part)
        for key, value in part.items():
            inner = "*" if place in OWN else key
            yield from keys_in(value, f"{place}.{inner}".lstrip("."))


def test_it_has_no_key_that_is_not_known():
    for place, keys in keys_in(yaml.safe_load(compose.text())):
        assert keys <= KEYS.get(place, set()), place


def test_every_variable_is_explained_in_the_example_and_every_one_there_is_used():
    used = {found[1] for found in compose.VARIABLE.finditer(compose.text())}
    assert used == set(compose.example())
    assert "$" not in compose.VARIABLE.sub("", compose.text())


def test_what_the_example_sets_is_what_holds_without_it():
    needed = "SUPERUSER_PASSWORD_FILE"
    least = {needed: compose.example()[needed]}
    assert compose.loaded(least) == compose.loaded(compose.example())


def test_without_a_password_it_is_refused_with_a_sentence_that_says_what_to_do():
    with pytest.raises(compose.NotSetError, match=r"Copy \.env\.example to \.env"):
        compose.loaded({})


def test_the_image_is_one_whole_version_for_both_services(services):
    images = {service["image"] for service in services.values()}
    assert len(images) == 1
    assert re.fullmatch(r"postgres:\d+\.\d+-alpine\d+\.\d+", images.pop())


def test_every_service_comes_back_is_watched_and_fills_no_disk_with_its_log(services):
    for service in services.values():
        assert service["restart"] == "unless-stopped"
        assert {"interval", "timeout", "retries"} <= set(service["healthcheck"])
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_durations_are_such(services):
    for service in services.values():
        check = service["healthcheck"]
        given = [check[name] for name in ("interval", "timeout", "start_period")]
        given += [service["stop_grace_period"]] if "stop_grace_period" in service else []
        assert all(DURATION.fullmatch(value) for value in given)


def test_it_is_reached_from_this_computer_alone_unless_a_person_says_otherwise(services):
    assert services["database"]["ports"] == [
        {"target": 5432, "host_ip": "127.0.0.1", "published": "5432"}
    ]
    assert "ports" not in services["backup"]
    elsewhere = compose.loaded(compose.example() | {"BIND_ADDRESS": "192.0.2.7", "PORT": "6000"})
    (port,) = elsewhere["services"]["database"]["ports"]
    assert (port["host_ip"], port["published"]) == ("192.0.2.7", "6000")


def test_every_file_that_is_mounted_is_in_the_repository_and_cannot_be_changed_from_inside(
    services,
):
    chosen = {f"./{name}" for name in ("tls", "backups")}
    for service in services.values():
        for volume in service["volumes"]:
            if volume["type"] == "bind" and volume["source"] not in chosen:
                assert (compose.FOLDER / volume["source"]).exists(), volume
                assert volume["read_only"] is True


def test_the_data_lie_in_a_volume_with_a_name_where_this_version_of_the_image_has_them(services):
    (data,) = [each for each in services["database"]["volumes"] if each["type"] == "volume"]
    # Up to 17 it was /var/lib/postgresql/data; mounted there, the data of 18 would be gone with
    # the container.
    assert data["target"] == "/var/lib/postgresql"
    assert data["source"] in compose.loaded(compose.example())["volumes"]


def test_passwords_come_from_a_file_and_the_one_of_both_services(services):
    for service in services.values():
        assert service["secrets"] == ["superuser_password"]
        for name, value in service["environment"].items():
            is_secret = "PASSWORD" in name
            assert not is_secret or (
                name.endswith("_FILE") and value == "/run/secrets/superuser_password"
            )


def test_what_a_person_puts_there_is_never_committed():
    names = [".env", "superuser-password", "tls/server.key", "backups/one.dump"]
    paths = [str(compose.FOLDER / name) for name in names]
    if not (steps.ROOT / ".git").exists():
        pytest.skip("needs the repository")
    told = subprocess.run(
        ["git", "check-ignore", *paths], cwd=steps.ROOT, capture_output=True, text=True, check=False
    )
    assert told.stdout.splitlines() == paths


def test_the_parts_of_the_backup_are_ones_of_a_plain_shell():
    subprocess.run(["sh", "-n", compose.FOLDER / "backup-parts" / "steps.sh"], check=True)


@pytest.mark.parametrize("name", ["start.sh", "first-start.sh", "backup.sh"])
def test_the_scripts_are_ones_of_a_plain_shell(name):
    file = compose.FOLDER / name
    assert file.read_text("utf-8").startswith("#!/bin/sh\n")
    assert file.stat().st_mode & 0o111
    subprocess.run(["sh", "-n", file], check=True)
