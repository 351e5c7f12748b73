"""What /proc, /sys and the image itself could show or lend to a session's person."""

from __future__ import annotations

from hub.attacks.attack import Attack

PROC, IMAGE = "/proc and /sys", "image"

# Docker puts /dev/null or an empty folder over each of these; one that is not there shows nothing either.
MASKED = """
import os
shown = []
for path in ("/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
             "/proc/sched_debug", "/proc/acpi", "/proc/scsi", "/proc/asound", "/sys/firmware", "/proc/kmsg",
             "/dev/kmsg", "/dev/mem", "/dev/kmem", "/dev/port", "/sys/kernel/debug", "/sys/kernel/tracing",
             "/sys/kernel/security"):
    try:
        if os.path.isdir(path):
            shown += [path] if os.listdir(path) else []
        elif open(path, "rb").read(64):
            shown.append(path)
    except OSError:
        pass
print(shown)
"""
WRITABLE = """
import os
places = ["/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe",
          "/proc/sys/kernel/hostname", "/proc/sys/vm/overcommit_memory", "/proc/sys/net/ipv4/ip_forward",
          "/proc/sys/fs/binfmt_misc/register", "/proc/irq/default_smp_affinity", "/proc/mtrr",
          "/sys/kernel/uevent_helper", "/sys/power/state", "/sys/kernel/mm/transparent_hugepage/enabled"]
opened = []
for path in places:
    try:
        os.close(os.open(path, os.O_WRONLY)); opened.append(path)
    except OSError:
        pass
print(opened)
"""
READ_ONLY = """
import os
wanted = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/sys"}
seen = {}
for line in open("/proc/self/mountinfo"):
    fields = line.split()
    seen[fields[4]] = fields[5].split(",")
print(sorted(path for path in wanted if os.path.exists(path) and "ro" not in seen.get(path, [])))
"""
CGROUPS = """
import os
found = []
for top, folders, names in os.walk("/sys/fs/cgroup"):
    if os.access(top, os.W_OK):
        found.append(top)
    for name in names:
        path = os.path.join(top, name)
        if name in ("release_agent", "notify_on_release", "memory.max", "memory.limit_in_bytes", "pids.max",
                    "cgroup.procs", "devices.allow"):
            try:
                os.close(os.open(path, os.O_WRONLY)); found.append(path)
            except OSError:
                pass
print(found)
"""
SYMBOLS = """
try:
    found = {line.split()[0].strip("0") for line in open("/proc/kallsyms")}
except OSError:
    found = set()
print("an address" if found - {""} else "none")
"""
OTHERS = """
import os
mine, others = os.getuid(), []
for name in os.listdir("/proc"):
    if name.isdigit():
        try:
            owner = os.stat("/proc/" + name).st_uid
        except OSError:
            continue
        if owner != mine:
            others.append((name, owner))
print(others[:5])
"""
ROOT_OF_1 = """
import os
try:
    there, here = os.stat("/proc/1/root/"), os.stat("/")
    print("elsewhere" if (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino) else "here")
except OSError:
    print("here")
"""
WALK = """
import os, stat
SKIPPED = ("/proc", "/sys", "/dev", "/home/researcher", "/tmp", "/run/parlatory-in", "/run/parlatory-out",
           "/data")
def everything():
    for top, folders, names in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(top, name) not in SKIPPED]
        for name in folders + names:
            path = os.path.join(top, name)
            try:
                yield path, os.lstat(path)
            except OSError:
                pass
found, seen = [], 0
for path, facts in everything():
    seen += 1
    if WRONG:
        found.append(path)
print(found[:10], seen > 1000)
"""


def _files(wrong: str) -> str:
    return WALK.replace("WRONG", wrong)


ATTACKS = (
    Attack("masked", PROC, "reading what the kernel tells root only", MASKED, r"\[\]"),
    Attack("core-pattern-and-sysrq", PROC, "writing the kernel's own settings", WRITABLE, r"\[\]"),
    Attack("read-only-proc", PROC, "finding a part of /proc or /sys mounted writable", READ_ONLY, r"\[\]"),
    Attack("cgroups", PROC, "lifting one's own limits in /sys/fs/cgroup", CGROUPS, r"\[\]"),
    Attack("kernel-addresses", PROC, "reading the kernel's addresses", SYMBOLS, "none"),
    Attack("other-processes", PROC, "seeing processes of other users", OTHERS, r"\[\]"),
    Attack("root-of-process-1", PROC, "reaching another root through /proc/1/root", ROOT_OF_1, "here"),
    Attack(
        "set-uid", IMAGE, "finding a program that runs as its owner",
        _files("stat.S_ISREG(facts.st_mode) and facts.st_mode & (stat.S_ISUID | stat.S_ISGID)"), r"\[\] True",
    ),
    Attack(
        "file-capabilities", IMAGE, "finding a program with capabilities of its own",
        _files("stat.S_ISREG(facts.st_mode) and "
               "'security.capability' in os.listxattr(path, follow_symlinks=False)"),
        r"\[\] True",
    ),
    Attack(
        "writable-system-paths", IMAGE, "finding a system file that anybody, or this user, may write",
        _files("not stat.S_ISLNK(facts.st_mode) and (facts.st_uid == os.getuid() or "
               "facts.st_mode & 0o2 and not (stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX))"),
        r"\[\] True",
    ),
)  # fmt: skip
