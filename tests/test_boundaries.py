"""Who may import whom: the contracts in pyproject.toml hold, and each of them is broken by what it forbids."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

CONTRACTS = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["tool"]["importlinter"]
SENTENCES = {contract["id"]: contract["name"] for contract in CONTRACTS["contracts"]}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the imports of the packages in `folder`, as `make lint` does."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code, to do wrong in."""
    for package in CONTRACTS["root_packages"]:
        ignored = shutil.ignore_patterns("__pycache__", "static", "templates")
        shutil.copytree(settings.BASE_DIR / package, tmp_path / package, ignore=ignored)
    shutil.copy(settings.BASE_DIR / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_keeps_to_the_contracts() -> None:
    result = lint_imports(settings.BASE_DIR)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("contract", "file", "line", "told"),
    [
        ("products", "products/fields.py", "import webhooks.events", "products.fields -> webhooks.events"),
        ("products", "products/fields.py", "import acme_importer.urls", "products.fields -> acme_importer.urls"),
        ("webhooks", "webhooks/signing.py", "import products.fields", "webhooks.signing -> products.fields"),
        ("ground", "acme_importer/rest/pages.py", "import imports", "acme_importer.rest.pages -> imports"),
        ("ground", "acme_importer/cluster/health.py", "import webhooks", "acme_importer.cluster.health -> webhooks"),
        ("reading", "imports/reading/texts.py", "from django.db import connection", "imports.reading.texts -> django"),
        ("reading", "products/fields.py", "import products.models", "products.fields -> products.models"),
        ("queue", "products/export.py", "def late():\n    import django_q.tasks", "products.export -> django_q"),
        ("dashboards", "products/export.py", "import products.dashboard", "products.export -> products.dashboard"),
        ("apis", "imports/progress.py", "import imports.api.views", "imports.progress -> imports.api.views"),
        ("floors", "imports/progress.py", "import imports.jobs", "imports.progress -> imports.jobs"),
        ("floors", "imports/elsewhere.py", '"""A file without a floor."""', "elsewhere"),
    ],
)
def test_what_a_contract_forbids_is_told(copy: Path, contract: str, file: str, line: str, told: str) -> None:
    with (copy / file).open("a") as code:
        code.write(f"\n{line}\n")
    result = lint_imports(copy)
    assert result.returncode == 1
    output = " ".join(result.stdout.split())
    assert f"{SENTENCES[contract]} BROKEN" in output
    assert told in output
