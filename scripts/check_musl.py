"""Proves that the integration's requirements install on musl as wheels, and measures what they add.

Home Assistant OS and Container are Alpine: a requirement without a musllinux wheel cannot be installed there. Each one
is resolved for both architectures within the constraints of both Home Assistant releases that are tested. Exits with 1
if one does not resolve, and with 75 if the package index could not be reached.
"""

import ast
from dataclasses import dataclass
import json
import os
from pathlib import Path
import re
import subprocess
import sys
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
INTEGRATION = ROOT / "custom_components" / "semantic_memory"
PLATFORMS = ("x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl")
WITHOUT_WHEEL = "sqlite-vec==0.1.9"
"""Has wheels for glibc only, and is therefore no requirement: the engine fits one of them to musl itself."""
EX_TEMPFAIL = 75
UNREACHABLE = re.compile(r"dns error|error sending request|failed to (fetch|download)|timed out", re.IGNORECASE)
TARGET = ("--python", sys.executable, "--python-version", "3.14.2")
ONLY_WHEELS = ("--only-binary", ":all:")


class IndexUnreachableError(Exception):
    """Nothing can be said while the package index does not answer."""


class UnresolvedError(Exception):
    """The requirements cannot be installed; the text is uv's explanation."""


@dataclass(frozen=True, slots=True)
class Release:
    """A Home Assistant release, and the file of its constraints."""

    requirement: str
    """``homeassistant==`` and its version."""
    constraints: Path


def uv(*arguments: str, requirements: str = "") -> str:
    """Run uv with ``requirements`` on its standard input and return what it prints."""
    command = [os.environ.get("UV", "uv"), *arguments]
    done = subprocess.run(command, input=requirements, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout
    if UNREACHABLE.search(done.stderr):
        raise IndexUnreachableError(done.stderr)
    raise UnresolvedError(done.stderr)


def runtime_requirements() -> list[str]:
    """Return what the integration asks for: RUNTIME_REQUIREMENTS, read without importing it, and the manifest's."""
    manifest: dict[str, list[str]] = json.loads((INTEGRATION / "manifest.json").read_text())
    for node in ast.parse((INTEGRATION / "requirements.py").read_text()).body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="RUNTIME_REQUIREMENTS")], value=value)
                | ast.AnnAssign(target=ast.Name(id="RUNTIME_REQUIREMENTS"), value=ast.expr() as value)
            ):
                return [*ast.literal_eval(value), *manifest["requirements"]]
    raise SystemExit("requirements.py holds no RUNTIME_REQUIREMENTS")


def releases(folder: Path) -> list[Release]:
    """Return the releases that requirements/*.in name, their constraints unpacked below ``folder``."""
    found = []
    for name in ("test", "demo"):
        line = re.search(r"^homeassistant==.+$", (ROOT / "requirements" / f"{name}.in").read_text(), re.MULTILINE)
        if line is None:
            raise SystemExit(f"requirements/{name}.in names no Home Assistant")
        target = folder / name
        uv("pip", "install", "--no-deps", "--python", sys.executable, "--target", str(target), line[0])
        found.append(Release(line[0], target / "homeassistant" / "package_constraints.txt"))
    return found


def resolve(requirements: list[str], release: Release, platform: str, *options: str) -> list[str]:
    """Return the pins (``name==version``) that ``requirements`` come to on ``platform`` beside the release."""
    constraints = ("--constraint", str(release.constraints))
    printed = uv(
        *("pip", "compile", "-", "--no-header", "--no-annotate", *TARGET, "--python-platform", platform),
        *(*constraints, *options),
        requirements="\n".join(requirements),
    )
    return printed.split()


def megabytes(folder: Path) -> float:
    """Return how much the files below ``folder`` take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1_000_000


def install(pins: list[str], platform: str, target: Path) -> str:
    """Install ``pins`` for ``platform`` into the folder ``target`` and say what they take."""
    uv(
        *("pip", "install", "--no-deps", *ONLY_WHEELS, *TARGET, "--python-platform", platform),
        *("--target", str(target), "--requirements", "-"),
        requirements="\n".join(pins),
    )
    folders = sorted(((megabytes(path), path.name) for path in target.iterdir()), reverse=True)
    largest = ", ".join(f"{name} {size:.0f}" for size, name in folders[:5])
    return f"{megabytes(target):.0f} MB ({largest} …)"


def check(requirements: list[str], release: Release, platform: str, folder: Path) -> None:
    """Print what ``requirements`` come to on ``platform``, and what they add to a plain installation of the release."""
    pins = resolve(requirements, release, platform, *ONLY_WHEELS)
    plain = {pin.partition("==")[0] for pin in resolve([release.requirement], release, platform)}
    added = [pin for pin in pins if pin.partition("==")[0] not in plain]
    print(f"\n{release.requirement} on {platform}: all {len(pins)} resolve as wheels")
    print(f"  adds {install(added, platform, folder)} to a plain installation: {' '.join(added)}")


def report_exception(release: Release, platform: str) -> None:
    """Say whether the package without a wheel still has none."""
    try:
        resolve([WITHOUT_WHEEL], release, platform, *ONLY_WHEELS)
    except UnresolvedError:
        print(f"{WITHOUT_WHEEL} has no wheel for {platform}, as expected: the one for glibc is fitted to it")
    else:
        print(f"{WITHOUT_WHEEL} now has a wheel for {platform}: it need not be fitted to musl any more")


def main() -> int:
    """Check every release on every platform and print what was found."""
    requirements = runtime_requirements()
    print("Required while running:", ", ".join(requirements))
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        found = releases(folder)
        for release in found:
            for platform in PLATFORMS:
                check(requirements, release, platform, folder / release.requirement / platform)
        print()
        for platform in PLATFORMS:
            report_exception(found[-1], platform)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UnresolvedError as err:
        print(f"Not installable on musl:\n{err}", file=sys.stderr)
        sys.exit(1)
    except IndexUnreachableError as err:
        print(f"The package index cannot be reached:\n{err}", file=sys.stderr)
        sys.exit(EX_TEMPFAIL)
