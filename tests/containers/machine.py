"""What the test needs of the machine: Apptainer, a base for images, a Python for everybody, another user.

Everything lies in one folder and goes with it; packages of the system that were missing are removed again.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Program and Debian package of what Apptainer and the base are made with.
TOOLS = {
    "mksquashfs": "squashfs-tools",
    "squashfuse_ll": "squashfuse",
    "patchelf": "patchelf",
    "mmdebstrap": "mmdebstrap",
    "capsh": "libcap2-bin",
}
NOBODY = 65534
MINUTES = 60


def run(command: Sequence[str | Path], limit: float, **options: object) -> str:
    """Run a command and return what it printed, stdout and stderr; it and what it started end after ``limit`` seconds.

    Raises ``AssertionError`` with the output where it fails or takes longer.
    """
    process = subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        **options,  # type: ignore[call-overload]
    )
    try:
        output = process.communicate(timeout=limit)[0]
    except BaseException as error:  # an interrupt too: nothing goes on behind a test that has ended
        os.killpg(process.pid, signal.SIGKILL)
        output = process.communicate()[0]
        if isinstance(error, subprocess.TimeoutExpired):
            raise AssertionError(f"more than {limit} s: {process.args}\n{output[-6000:]}") from None
        raise
    assert process.returncode == 0, f"status {process.returncode}: {process.args}\n{output[-6000:]}"
    return output


def install_tools() -> list[str]:
    """Install what is missing of ``TOOLS``; returns all packages that came with it."""
    missing = [package for program, package in TOOLS.items() if shutil.which(program) is None]
    if not missing:
        return []
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    run([*apt, "update"], 3 * MINUTES, env=environment)
    install = [*apt, "install", "-y", "--no-install-recommends", *missing]
    plan = run([*install, "--simulate"], MINUTES, env=environment)
    run(install, 3 * MINUTES, env=environment)
    return re.findall(r"^Inst (\S+)", plan, flags=re.MULTILINE)


def remove_tools(packages: Sequence[str]) -> None:
    if packages:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", "purge", "-y", *packages], 3 * MINUTES, env=environment)


def apptainer(folder: Path) -> Path:
    """Folder of the program: the machine's own, or one that is put into ``folder``."""
    found = shutil.which("apptainer")
    if found is not None:
        return Path(found).parent
    run([HERE / "install_apptainer.sh", folder], 3 * MINUTES)
    return folder / "usr" / "bin"


def pip_settings() -> dict[str, str]:
    """What pip is told on this machine by files and by variables, such as where packages come from."""
    lines = run([sys.executable, "-m", "pip", "config", "list"], MINUTES).splitlines()
    found = re.findall(r"^(?:global|:env:)\.(?:([\w-]+))=(.+)$", "\n".join(lines), flags=re.MULTILINE)
    return {key: ast.literal_eval(value) for key, value in found}


def local_sources() -> list[Path]:
    """Folders of this machine that pip takes packages from."""
    settings = pip_settings()
    words = " ".join(settings.get(key, "") for key in ("find-links", "index-url", "extra-index-url")).split()
    paths = [Path(word.removeprefix("file://").removesuffix("/simple")) for word in words]
    return sorted({path for path in paths if path.is_absolute() and path.is_dir()})


def make_base(folder: Path) -> Path:
    """A root file system like the public base; pip in it is told what it is told on this machine."""
    run([HERE / "make_base.sh", folder], 5 * MINUTES)
    settings = pip_settings()
    lines = [f"{key} = {' '.join(value.split())}\n" for key, value in settings.items()]
    (folder / "etc" / "pip.conf").write_text("[global]\n" + "".join(lines), encoding="utf-8")
    if "cert" in settings:
        inside = folder / settings["cert"].lstrip("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(settings["cert"], inside)
    for source in local_sources():
        (folder / str(source).lstrip("/")).mkdir(parents=True, exist_ok=True)
    return folder


def build_images(images: Path, base: Path, environment: dict[str, str], limit: float) -> str:
    """Build every definition as it stands, only from another base, and compressed less."""
    binds = [word for source in local_sources() for word in ("--bind", str(source))]
    command = [sys.executable, HERE / "full_capabilities.py", sys.executable, ROOT / "containers" / "build.py"]
    command += ["--images", images, "--bootstrap", "localimage", "--from", base]
    for name in ("pip-flags", "torch-index"):
        command.append(f"--{name}={os.environ.get(name.replace('-', '_').upper(), '')}")
    squash = ["--mksquashfs-args", "-comp zstd -Xcompression-level 1"]
    return run([*command, "--", *squash, *binds], limit, env=environment)


def open_to_everybody(path: Path) -> bool:
    """Whether other users can get to a file."""
    return all(parent.stat().st_mode & 0o001 for parent in [path, *path.parents])


def driver(folder: Path) -> Path:
    """A Python with Snakemake and what Snakemake itself needs, and nothing of what steps need; all users may run it."""
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if not open_to_everybody(python):
        library = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}"
        unused = shutil.ignore_patterns("test", "tests", "site-packages", "__pycache__", "idlelib", "*.a")
        shutil.copytree(Path(sys.base_prefix) / library, folder / "python" / library, ignore=unused)
        for shared in Path(sys.base_prefix, "lib").glob("libpython*"):
            shutil.copy2(shared, folder / "python" / "lib")
        (folder / "python" / "bin").mkdir()
        python = Path(shutil.copy2(python.resolve(), folder / "python" / "bin" / python.name))
    run([python, "-m", "venv", folder / "venv"], 2 * MINUTES)
    pip = [folder / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pins = dict(re.findall(r"^([\w-]+)==([\w.]+)$", (ROOT / "requirements" / "constraints.txt").read_text(), re.M))
    run(
        [*pip, "--constraint", ROOT / "requirements" / "constraints.txt", f"snakemake=={pins['snakemake']}"],
        4 * MINUTES,
    )
    return folder / "venv" / "bin" / "python"


def as_nobody(command: Sequence[str | Path], folder: Path) -> list[str | Path]:
    """The command as the user nobody, who may mount images: in a namespace of its own, /dev/fuse is open to all."""
    device = folder / "fuse"
    script = f'mount --bind "{device}" /dev/fuse && exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups "$@"'
    if not device.exists():
        os.mknod(device, 0o020666, os.makedev(10, 229))
        device.chmod(0o666)
    return ["unshare", "--mount", "bash", "-c", script, "bash", *command]


def remains(folder: Path) -> list[str]:
    """Processes and mounts that have to do with a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and int(process.name) != os.getpid():
            found.append(f"process {process.name}: {line}")
    mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    return found + [f"mount {line}" for line in mounts if str(folder) in line]
