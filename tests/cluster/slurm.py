"""A real Slurm cluster on one machine, for the time of the tests: one controller, virtual nodes, stand-ins for GPUs.

Everything listens on the loopback address only and keeps its state in one temporary folder. Nothing is left when it
has stopped: no daemon, no job, no file. It needs root and the distribution's packages ``PACKAGES``.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PACKAGES = ("munge", "slurmctld", "slurmd", "slurm-client")
DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("sbatch", "scancel", "scontrol", "sinfo", "squeue", "srun")
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# A node claims more cores than the machine has, so that jobs wait for GPUs and memory, as on a GPU cluster.
NODES = ("node1", "node2")
CORES, MEMORY, GPUS = 8, 16000, 3

SLURM_CONF = """\
ClusterName=tests
SlurmctldHost={host}({address})
SlurmctldPort={controller_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
# Listen on the address of the host name, not on all of the machine's.
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
# Neither systemd nor control groups are needed.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
# Jobs go to the emptiest node first, so that both are used.
SlurmdParameters=config_overrides
GresTypes=gpu
ReturnToService=2
# Jobs that ended stay visible to squeue for the whole test session.
MinJobAge=7200
KillWait=2
# A node that is silent for so many seconds counts as lost; Slurm's default is 300.
SlurmdTimeout=10
# A job over its memory is killed within a second.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
{nodes}
PartitionName=cpu Nodes={names} Default=YES DefaultTime=10 State=UP LLN=YES
PartitionName=gpu Nodes={names} DefaultTime=10 State=UP LLN=YES
"""


class Cluster:
    """A cluster that exists between ``start`` and ``stop``, or inside a ``with`` block."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.folder.chmod(0o755)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def programs(self) -> Path:
        """Folder of client programs that talk to this cluster."""
        return self.folder / "bin"

    def environment(self) -> dict[str, str]:
        """The environment of a user who is logged in at this cluster."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM", "SBATCH", "SRUN"))}
        kept.pop("PYTHONPATH", None)  # only what the project itself offers may be importable
        path = f"{self.programs}{os.pathsep}{kept.get('PATH', '')}{os.pathsep}{SYSTEM_PATH}"
        return kept | {"PATH": path, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def __enter__(self) -> Cluster:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start all daemons and wait until every node is ready. Raises ``RuntimeError`` with the end of a log."""
        self._configure()
        munge = self.folder / "munge"
        self._spawn(
            "munged",
            "munged",
            "--foreground",
            "--force",
            f"--key-file={munge}/key",
            f"--seed-file={munge}/seed",
            f"--log-file={munge}/log",
            f"--pid-file={munge}/pid",
            f"--socket={self.folder}/munge.socket",
        )
        wait_until(lambda: (self.folder / "munge.socket").exists(), 20, self._account("munged did not start"))
        self._spawn("slurmctld", "slurmctld", "-D")
        wait_until(lambda: "is UP" in self.command("scontrol", "ping"), 60, self._account("slurmctld did not start"))
        for node in NODES:
            self.start_node(node)
        self.wait_for_nodes()

    def start_node(self, node: str) -> None:
        """Start the daemon of one node."""
        self._spawn(node, "slurmd", "-D", "-N", node)

    def wait_for_nodes(self) -> None:
        """Wait until every node takes jobs."""
        wait_until(lambda: set(self.states().values()) <= {"idle", "mix", "alloc"}, 60, self._account("nodes are down"))

    def states(self) -> dict[str, str]:
        """State of every node as ``sinfo`` says it; a ``*`` means that it does not answer."""
        lines = self.command("sinfo", "--noheader", "--Node", "--partition=cpu", "--format=%N %t").splitlines()
        return dict(line.split() for line in lines)

    def lose_node(self, node: str) -> None:
        """What a power failure does: the node's daemon and everything that runs there are gone, without a word."""
        daemon = self.processes.pop(node)
        jobs = self._jobs(node)
        daemon.kill()
        daemon.wait(10)
        for pid in jobs:
            _kill(pid)

    def command(self, *command: str, check: bool = True) -> str:
        """Output of a client program; raises ``CalledProcessError`` where it fails."""
        done = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
        )
        if check and done.returncode:
            raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
        return done.stdout

    def cancel_all(self) -> None:
        """Cancel every job and wait until none is left."""
        self.command("scancel", "--user=root", check=False)
        wait_until(lambda: not self.command("squeue", "--noheader", check=False), 60, lambda: "jobs do not end")

    def stop(self) -> None:
        """End every job and every daemon and remove the folder."""
        controller = self.processes.get("slurmctld")
        if controller is not None and controller.poll() is None:
            with suppress(subprocess.SubprocessError, TimeoutError):  # what is left is killed below
                self.cancel_all()
        for name in ("slurmctld", *NODES, "munged"):
            daemon = self.processes.get(name)
            if daemon is not None:
                daemon.terminate()
        for daemon in self.processes.values():
            try:
                daemon.wait(15)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait(15)
        for pid in self.leftovers():
            _kill(pid)
        shutil.rmtree(self.folder, ignore_errors=True)

    def leftovers(self) -> list[int]:
        """Processes that belong to this cluster, apart from this one."""
        mark = str(self.folder).encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                text = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
                state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue  # ended meanwhile
            if mark in text and state != "Z" and int(process.name) != os.getpid():
                found.append(int(process.name))
        return found

    def _jobs(self, node: str) -> list[int]:
        """Processes of jobs on one node: first the daemons of their steps, then the jobs themselves."""
        steps, jobs = set(), []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if f"SLURMD_NODENAME={node}".encode() not in (process / "environ").read_bytes().split(b"\0"):
                    continue
                jobs.append(int(process.name))
                parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
                if Path(f"/proc/{parent}/comm").read_text().startswith("slurmstepd"):
                    steps.add(int(parent))
            except OSError:
                continue  # ended meanwhile
        return [*steps, *jobs]

    def _spawn(self, name: str, program: str, *arguments: str) -> None:
        log = open(self.folder / f"{name}.out", "ab")  # noqa: SIM115  closed with this process
        self.processes[name] = subprocess.Popen(
            [find(program), *arguments],
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()

    def _account(self, what: str) -> Callable[[], str]:
        def message() -> str:
            logs = [*self.folder.glob("*.out"), *self.folder.glob("*.log")]
            return what + "".join(f"\n== {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)

        return message

    def _configure(self) -> None:
        for folder in ("munge", "controller", "gpus", "bin", *NODES):
            (self.folder / folder).mkdir()
        key = self.folder / "munge" / "key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(1024))
        host = socket.gethostname().partition(".")[0]
        address = socket.gethostbyname(host)
        if not address.startswith("127."):
            raise RuntimeError(f"the host name {host} leads to {address}; add '127.0.0.1 {host}' to /etc/hosts")
        controller_port, *ports = free_ports(address, 1 + len(NODES))
        nodes = "\n".join(
            f"NodeName={node} NodeHostname={host} NodeAddr={address} Port={port} CPUs={CORES} RealMemory={MEMORY} "
            f"Gres=gpu:{GPUS} State=UNKNOWN"
            for node, port in zip(NODES, ports, strict=True)
        )
        (self.folder / "slurm.conf").write_text(
            SLURM_CONF.format(
                host=host,
                address=address,
                controller_port=controller_port,
                folder=self.folder,
                nodes=nodes,
                names=",".join(NODES),
            )
        )
        # Slurm counts device files and needs character devices; these are copies of /dev/null.
        for number in range(GPUS):
            os.mknod(self.folder / "gpus" / f"nvidia{number}", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        files = f"{self.folder}/gpus/nvidia[0-{GPUS - 1}]"
        lines = ["AutoDetect=off", *(f"NodeName={node} Name=gpu File={files}" for node in NODES)]
        (self.folder / "gres.conf").write_text("\n".join(lines) + "\n")
        # Snakemake drops SLURM_CONF from the environment before it calls srun inside a job, so the programs that jobs
        # find first set it again. On a real cluster the configuration is in its usual place and needs no variable.
        for program in CLIENTS:
            script = self.programs / program
            script.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {find(program)} "$@"\n')
            script.chmod(0o755)


def wait_until(reached: Callable[[], object], seconds: float, account: Callable[[], str]) -> None:
    """Return as soon as ``reached`` is true; raise ``TimeoutError`` with ``account()`` after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        try:
            if reached():
                return
        except subprocess.CalledProcessError:
            pass  # a client program before the controller listens
        if time.monotonic() > end:
            raise TimeoutError(f"after {seconds} s: {account()}")
        time.sleep(0.2)


def find(program: str) -> str:
    """Path of a system program. Raises ``FileNotFoundError`` where it is not installed."""
    path = shutil.which(program, path=SYSTEM_PATH)
    if path is None:
        raise FileNotFoundError(program)
    return path


def missing() -> str:
    """Why no cluster can be started here; empty where one can."""
    absent = [program for program in (*DAEMONS, *CLIENTS) if shutil.which(program, path=SYSTEM_PATH) is None]
    if absent:
        return (
            f"Slurm is not installed ({', '.join(absent)} not found). `make test-cluster` as root installs it on "
            f"Debian and Ubuntu; elsewhere install what these packages hold: {', '.join(PACKAGES)}."
        )
    if os.geteuid() != 0:
        return "starting a Slurm cluster needs root: run `make test-cluster` as root."
    return ""


def install() -> None:
    """Install the distribution's packages where Slurm is missing; needs root and apt."""
    if all(shutil.which(program, path=SYSTEM_PATH) for program in (*DAEMONS, *CLIENTS)):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(missing())
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def free_ports(address: str, count: int) -> list[int]:
    """Ports of ``address`` that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for listener in sockets:
        listener.bind((address, 0))
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    install()
