"""The Python package beside a program that has `core/`, `components/` and `policies/` of its own."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from engine import release
from tests.support.azure import running_azure
from tests.support.installed import Installed, built_wheel
from tests.support.stack import ROOT, done

PACK = (".venv/share/language-cmk/policies",)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.mark.engine
@pytest.mark.timeout(900)
def test_a_program_with_folders_of_its_own_makes_rotates_and_proves_a_service(
    tmp_path: Path, wheel: Path
) -> None:
    """By the provider, the policy pack and the command that the package brings, with nothing of the
    repository on any path: the rotated key shows in the review, and the last preview proposes nothing."""
    with running_azure(tmp_path / "home") as azure:
        program = Installed(tmp_path / "claims", wheel, azure.env)
        done(program.pulumi("stack", "init", "prod"))
        made = done(program.pulumi("up", "--yes", "--policy-pack", *PACK))
        assert "language-cmk-policies" in made.output
        assert "using pulumi-resource-azure-cmk from $PATH" not in made.output
        done(program.run("language-cmk", "verify", "--stack", "prod"))

        done(program.pulumi("config", "set", "claims:generation", "2"))
        preview = done(program.pulumi("preview", "--json", "--show-sames"))
        (program.folder / "preview.json").write_text(preview.output[preview.output.index("{") :])
        review = program.run("language-cmk", "review", "preview.json")
        assert (review.code, "rotat" in review.output) == (0, True), review.output
        done(program.pulumi("up", "--yes", "--policy-pack", *PACK))
        done(program.pulumi("preview", "--expect-no-changes"))
        commands = done(program.run("language-cmk", "revoke-commands", "--stack", "prod")).output
        assert "language-cmk verify --stack prod --revoked" in commands


def test_the_programs_own_tests_use_the_packages_mocks(tmp_path: Path, wheel: Path) -> None:
    """`language_cmk.testing`, without an engine."""
    program = Installed(tmp_path / "claims", wheel, {})
    done(
        program.run(
            ".venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/check_service.py"
        )
    )


def test_what_the_package_alone_has_is_typed(tmp_path: Path) -> None:
    """Its commands and mocks import the other modules below the package's name, where only the wheels have
    them, so that mypy reads them there."""
    for name, content in release.python_package().items():
        if name.endswith(".whl"):
            zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path)
    own = sorted((ROOT / "package" / "language_cmk").glob("*.py"))
    modules = [f"language_cmk/{module.name}" for module in own]
    mypy = (str(ROOT / ".venv" / "bin" / "mypy"), "--config-file", str(ROOT / "pyproject.toml"))
    checked = subprocess.run(
        [*mypy, "--cache-dir", str(tmp_path / "cache"), *modules],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.long
def test_the_program_is_typed(tmp_path: Path, wheel: Path) -> None:
    """mypy reads the types of the package, strictly; a wrong argument is an error."""
    program = Installed(tmp_path / "claims", wheel, {})
    (program.folder / "mypy.ini").write_text(
        "[mypy]\nstrict = true\nexplicit_package_bases = true\n"
        "[mypy-pulumi_azure_native.*]\nfollow_imports = skip\nignore_missing_imports = true\n"
    )
    python = str(program.folder / ".venv" / "bin" / "python")
    mypy = (str(ROOT / ".venv" / "bin" / "mypy"), "--python-executable", python, "__main__.py", "components")
    done(program.run(*mypy))
    service = program.folder / "components" / "claims.py"
    service.write_text(service.read_text().replace('location="westeurope"', "location=5"))
    refused = program.run(*mypy)
    assert (refused.code, '"location"' in refused.output) == (1, True), refused.output
