"""What is deployed: exact versions, each with its hashes, within the ranges of requirements*.txt."""

import re

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def lines(name: str) -> list[str]:
    """What a file of requirements says, continued lines joined, without comments."""
    text = (settings.BASE_DIR / name).read_text().replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def ranges(name: str) -> list[Requirement]:
    """The ranges of a file and of those that it includes."""
    found = []
    for line in lines(name):
        included = re.fullmatch(r"-r (\S+)", line)
        found += ranges(included[1]) if included else [Requirement(line)]
    return found


def versions(name: str) -> dict[str, str]:
    """The version of each package that a lock file has."""
    pinned = [Requirement(line.partition(" --hash")[0]) for line in lines(name)]
    return {canonicalize_name(package.name): str(package.specifier).removeprefix("==") for package in pinned}


@pytest.mark.parametrize("name", ["requirements", "requirements-s3", "requirements-sentry"])
def test_a_lock_file_is_within_the_ranges(name: str) -> None:
    locked = versions(f"{name}.lock")
    for wanted in ranges(f"{name}.txt"):
        version = locked.get(canonicalize_name(wanted.name))
        assert version, f"{name}.lock has no {wanted.name}: run `make lock`."
        assert wanted.specifier.contains(version), f"{name}.lock has {wanted.name} {version}: run `make lock`."


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-s3.lock", "requirements-sentry.lock"])
def test_every_version_is_exact_and_has_hashes(name: str) -> None:
    for line in lines(name):
        assert re.match(r"[\w.-]+==\S+( ;[^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+$", line), line


def test_with_s3_or_sentry_nothing_else_is_another_version() -> None:
    with_s3, with_sentry = versions("requirements-s3.lock"), versions("requirements-sentry.lock")
    assert versions("requirements.lock").items() <= with_s3.items() & with_sentry.items()
    # The image has both.
    assert all(with_s3[name] == with_sentry[name] for name in with_s3.keys() & with_sentry.keys())


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-s3.lock", "requirements-sentry.lock", "package-lock.json"]
)
def test_no_lock_file_names_where_it_was_made(name: str) -> None:
    text = (settings.BASE_DIR / name).read_text()
    assert not re.search(r"registry\.|--index-url|--find-links|file:|\"resolved\"", text)
