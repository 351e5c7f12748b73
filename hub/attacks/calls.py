"""System calls that lead out of a session, or deep into the kernel; numbers of x86-64."""

from __future__ import annotations

from hub.attacks.attack import CALL, Attack

AREA = "kernel surface"
# A call that reaches the kernel's own code answers about its arguments, as EINVAL, EFAULT or EBADF.
REFUSED = "EPERM|ENOSYS"
USER, MOUNT, PIDS, NET, UTS, IPC, CGROUP = (
    0x10000000, 0x20000, 0x20000000, 0x40000000, 0x4000000, 0x8000000, 0x2000000,
)  # fmt: skip
SIGCHLD = 17
# Another process of this user's, which may be stopped for good: the one above runs the attacks.
CODE = f"""{CALL}
import signal, time
DEVICE = ctypes.create_string_buffer(b"/tmp/device")
SIBLING = os.fork()
if SIBLING == 0:
    time.sleep(30); os._exit(0)
try:
    print({{code}}, flush=True)
finally:
    os.kill(SIBLING, signal.SIGKILL)
"""
CALLS: dict[str, tuple[str, str]] = {
    "unshare-user": ("a user namespace, in which one is root", f"call(272, {USER})"),
    "unshare-mount": ("a mount namespace", f"call(272, {MOUNT})"),
    "unshare-pid": ("a process namespace", f"call(272, {PIDS})"),
    "unshare-net": ("a network namespace", f"call(272, {NET})"),
    "unshare-uts": ("a namespace of host names", f"call(272, {UTS})"),
    "unshare-ipc": ("an IPC namespace", f"call(272, {IPC})"),
    "unshare-cgroup": ("a control group namespace", f"call(272, {CGROUP})"),
    "clone-newuser": ("a child in a user namespace", f"call(56, {USER | SIGCHLD}, 0, 0, 0, 0)"),
    "clone3-newuser": ("the same by clone3, whose arguments no filter sees", "call(435, 0, 0)"),
    "setns": ("entering a namespace", "call(308, 0, 0)"),
    "mount": ("mounting", "call(165, 0, 0, 0, 0, 0)"),
    "umount": ("unmounting what hides something", "call(166, 0, 0)"),
    "pivot-root": ("another root", "call(155, 0, 0)"),
    "chroot": ("a root of one's own", "call(161, 0)"),
    "open-tree": ("mounting by the newer calls: open_tree", "call(428, -100, 0, 0)"),
    "move-mount": ("move_mount", "call(429, -1, 0, -1, 0, 0)"),
    "fsopen": ("fsopen", "call(430, 0, 0)"),
    "fsmount": ("fsmount", "call(432, -1, 0, 0)"),
    "mount-setattr": ("mount_setattr", "call(442, -1, 0, 0, 0, 0)"),
    "open-by-handle": ("opening a file by its number, past every mount", "call(304, -1, 0, 0)"),
    "ptrace-attach": ("attaching to another process", "call(101, 16, SIBLING, 0, 0)"),
    "ptrace-seize": ("seizing another process", "call(101, 0x4206, SIBLING, 0, 0)"),
    "process-vm-readv": ("reading another process's memory", "call(310, SIBLING, 0, 0, 0, 0, 0)"),
    "process-vm-writev": ("writing another process's memory", "call(311, SIBLING, 0, 0, 0, 0, 0)"),
    "pidfd-getfd": ("taking another process's open file", "call(438, -1, 0, 0)"),
    "kcmp": ("comparing two processes' kernel objects", "call(312, os.getpid(), SIBLING, 0, 0, 0)"),
    "add-key": ("the kernel's keyring: add_key", "call(248, 0, 0, 0, 0, 0)"),
    "request-key": ("request_key", "call(249, 0, 0, 0, 0)"),
    "keyctl": ("keyctl", "call(250, 0, -3, 0, 0, 0)"),
    "bpf": ("a program in the kernel", "call(321, 0, 0, 0)"),
    "userfaultfd": ("holding the kernel at a page fault", "call(323, 0)"),
    "perf-event": ("the processor's counters", "call(298, 0, 0, -1, -1, 0)"),
    "io-uring": ("calls that no filter sees", "call(425, 8, 0)"),
    "init-module": ("loading a module", "call(175, 0, 0, 0)"),
    "finit-module": ("loading a module from a file", "call(313, -1, 0, 0)"),
    "delete-module": ("unloading a module", "call(176, 0, 0)"),
    "kexec": ("another kernel", "call(246, 0, 0, 0, 0)"),
    "kexec-file": ("another kernel from a file", "call(320, -1, -1, 0, 0, 0)"),
    "reboot": ("ending the machine", "call(169, 0, 0, 0, 0)"),
    "swapon": ("swap of one's own", "call(167, 0, 0)"),
    "acct": ("a record of all processes", "call(163, 0)"),
    "sethostname": ("another host name", "call(170, 0, 0)"),
    "settime": ("another time", "call(227, 0, 0)"),
    "iopl": ("the machine's ports", "call(172, 3)"),
    "ioperm": ("one port", "call(173, 0x80, 1, 1)"),
    "syslog": ("the kernel's log", "call(103, 3, 0, 0)"),
    "fanotify": ("watching a whole file system", "call(300, 0, 0)"),
    "quotactl": ("disk quotas", "call(179, 0, 0, 0, 0)"),
    "mknod": ("a device", "call(133, ctypes.addressof(DEVICE), 0o20666, 0x105)"),
    "setuid-0": ("becoming root", "call(105, 0)"),
    "move-pages": ("another process's pages", "call(279, 1, 0, 0, 0, 0, 0)"),
    "no-randomness": ("a process without random addresses", "call(135, 0x0040000)"),
}  # fmt: skip
ATTACKS = tuple(
    Attack(name, AREA, tries, CODE.format(code=code), REFUSED) for name, (tries, code) in CALLS.items()
)
