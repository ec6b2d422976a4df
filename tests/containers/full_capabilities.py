"""Run a command as root with all capabilities, also where root lacks some: full_capabilities.py COMMAND...

``apptainer build`` asks for all of them. Root has them in a user namespace, in which here every number of a user stands
for itself.
"""

import ctypes
import os
import sys

CAP_SYS_RESOURCE = 24
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000


def is_limited() -> bool:
    with open("/proc/self/status", encoding="ascii") as status:
        effective = next(line.split()[1] for line in status if line.startswith("CapEff:"))
    return not int(effective, 16) >> CAP_SYS_RESOURCE & 1


def enter_namespace() -> None:
    """Leave for a new namespace; only a process that stays outside may say who is who in it."""
    entered, mapped = os.pipe(), os.pipe()
    inside = os.getpid()
    if os.fork() == 0:
        os.read(entered[0], 1)
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{inside}/{name}", "w", encoding="ascii") as file:
                file.write("0 0 65536\n")
        os.write(mapped[1], b"x")
        os._exit(0)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER | CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "no user namespace could be made")
    os.write(entered[1], b"x")
    os.read(mapped[0], 1)
    os.wait()
    os.setgid(0)
    os.setuid(0)


if __name__ == "__main__":
    if is_limited():
        enter_namespace()
    os.execvp(sys.argv[1], sys.argv[1:])
