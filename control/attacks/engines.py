"""Reach the engine, its host or its kernel, from inside of a scope."""

from __future__ import annotations

from typing import Final

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import Lab, NotPlayed

attacks = Attacks(Goal.ENGINE)
NO_CAPABILITY: Final = "no capability, and none to be got (CapDrop ALL, no-new-privileges)"
SECCOMP: Final = "the seccomp profile, and no capability"
READ_ONLY: Final = "the root is read-only, and so are /proc/sys and /sys"
NAMESPACES: Final = "kernel namespaces of the container's own"

attacks.inside(
    "find the engine's socket",
    "it is not mounted",
    """
def version(path):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(3)
        peer.connect(path)
        peer.sendall(b"GET /version HTTP/1.0\\r\\n\\r\\n")
        return b"ApiVersion" in peer.recv(4096)
names = ("docker.sock", "containerd.sock", "podman.sock", "crio.sock")
places = [f"/{folder}/{name}" for folder in ("run", "var/run", "run/containerd", "run/podman")
          for name in names]
loot = [path for path in places if attempt(version, path)]
""",
)
attacks.inside(
    "find the engine's port",
    "there is no network but the scope's own loopback",
    """
loot = []
for host in ("127.0.0.1", "172.17.0.1", "host.docker.internal"):
    for port in (2375, 2376, 8080, 10250):
        peer = attempt(socket.create_connection, (host, port), 2)
        if peer is not None:
            loot.append((host, port))
            peer.close()
""",
)
attacks.inside(
    "become root",
    NO_CAPABILITY,
    """
attempt(os.setuid, 0), attempt(os.setgid, 0), attempt(os.setgroups, [0])
attempt(os.seteuid, 0)
loot = 0 in (os.getuid(), os.geteuid(), os.getgid(), os.getegid()) or 0 in os.getgroups()
""",
)
attacks.inside(
    "become root by a setuid program",
    "no-new-privileges, and the disk takes no setuid",
    """
found = shell("find / -xdev -perm /6000 -type f 2>/dev/null").split()
loot = []
for path in found:
    name = os.path.basename(path)
    run = {"su": [path, "-c", "id"], "mount": [path, "-t", "tmpfs", "x", "/tmp"]}.get(name)
    if run:
        done = attempt(lambda: subprocess.run(run, capture_output=True, text=True, timeout=10,
                                              stdin=subprocess.DEVNULL))
        if done is not None and done.returncode == 0:
            loot.append((path, done.stdout))
copy = "/scope/files/id"
shell(f"cp /usr/bin/id {copy} && chmod 6755 {copy}")
said = shell(copy)
if "euid=0" in said or "uid=0" in said:
    loot.append(said)
refusals.append(f"{len(found)} setuid programs; {said.strip()}")
""",
)
attacks.inside(
    "raise its capabilities",
    NO_CAPABILITY,
    """
class Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]
all_of_them = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
attempt(called, "capset", ctypes.byref(Header(0x20080522, 0)), all_of_them)
lines = [line for line in read("/proc/self/status").splitlines() if line.startswith("Cap")]
loot = [line for line in lines if int(line.split()[1], 16)]
""",
)
attacks.inside(
    "mount something",
    SECCOMP,
    """
flags = {"bind": 4096, "tmpfs": 0, "proc": 0, "remount": 32 | 4096}
loot = [
    attempt(called, "mount", b"none", b"/tmp", b"tmpfs", 0, None),
    attempt(called, "mount", b"proc", b"/tmp", b"proc", 0, None),
    attempt(called, "mount", b"/", b"/tmp", None, 4096, None),
    attempt(called, "mount", None, b"/", None, 32 | 4096, None),
    attempt(called, "umount2", b"/scope", 2),
]
loot = [each for each in loot if each]
""",
)
attacks.inside(
    "make namespaces of its own",
    SECCOMP,
    """
kinds = {"user": 0x10000000, "net": 0x40000000, "mount": 0x20000, "pid": 0x20000000}
loot = [name for name, flag in kinds.items() if attempt(called, "unshare", flag)]
""",
)
attacks.inside(
    "enter the host's namespaces",
    NAMESPACES,
    """
loot = []
for kind in ("mnt", "net", "pid", "user", "ipc", "uts"):
    for pid in (1, os.getppid()):
        fd = attempt(os.open, f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
        if fd is not None:
            same = os.readlink(f"/proc/{pid}/ns/{kind}") == os.readlink(f"/proc/self/ns/{kind}")
            if attempt(called, "setns", fd, 0) and not same:
                loot.append((pid, kind))
            os.close(fd)
""",
)
attacks.inside(
    "open files by handle (shocker)",
    SECCOMP,
    """
class Handle(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("handle", ctypes.c_ubyte * 8)]
root = Handle(8, 1, (ctypes.c_ubyte * 8)(2))
mount = os.open("/etc/passwd", os.O_RDONLY)
fd = attempt(system, 304, mount, ctypes.byref(root), os.O_RDONLY)
loot = fd
""",
)
attacks.inside(
    "make the host's disk a device",
    "no capability to make devices, and the device cgroup",
    """
loot = []
for major, minor in ((7, 0), (8, 0), (252, 0), (253, 0), (259, 0), (1, 1)):
    path = f"/scope/files/device-{major}-{minor}"
    attempt(os.mknod, path, 0o060600, os.makedev(major, minor))
    if os.path.exists(path):
        loot.append(path)
# gVisor's /dev/fuse is its own, with nothing of the host behind it.
its_own = ["/dev/fuse"] if is_gvisors(kernels_log()) else []
loot += [path for path in glob.glob("/dev/*")
         if path[5:].startswith(("sd", "vd", "nvme", "loop", "dm-", "mem", "kmem", "kvm", "fuse"))
         and path not in its_own and attempt(os.open, path, os.O_RDWR) is not None]
""",
)
attacks.inside(
    "write over the image",
    READ_ONLY,
    """
places = ("/x", "/etc/passwd", "/opt/geoscope/entry", "/opt/geoscope/app/sandbox/agent.py",
          "/usr/bin/python3", "/sbin/docker-init", "/samples/nyc_taxi.csv")
loot = []
for path in places:
    before = attempt(lambda: os.stat(path).st_mtime)
    fd = attempt(os.open, path, os.O_WRONLY | os.O_CREAT)
    if fd is not None:
        loot.append(path)
        os.close(fd)
""",
)
attacks.inside(
    "write the kernel's settings",
    READ_ONLY,
    """
settings = ("kernel/core_pattern", "kernel/modprobe", "vm/drop_caches", "vm/overcommit_memory",
            "kernel/panic", "fs/file-max", "net/ipv4/ip_forward")
loot = []
for name in settings:
    path = f"/proc/sys/{name}"
    text = attempt(read, path)
    if attempt(write, path, text or "1"):
        loot.append(path)
for path in ("/proc/sysrq-trigger", "/sys/kernel/uevent_helper", "/proc/1/oom_score_adj",
             "/sys/power/state", "/sys/kernel/mm/ksm/run"):
    fd = attempt(os.open, path, os.O_WRONLY)
    if fd is not None and path != "/proc/1/oom_score_adj":
        loot.append(path)
""",
)
attacks.inside(
    "escape by a control group's release agent",
    "control groups are mounted read-only",
    """
loot = []
for path in glob.glob("/sys/fs/cgroup/**/release_agent", recursive=True) + glob.glob(
    "/sys/fs/cgroup/**/cgroup.procs", recursive=True
):
    fd = attempt(os.open, path, os.O_WRONLY)
    if fd is not None:
        loot.append(path)
        os.close(fd)
made = [attempt(os.mkdir, f"{folder}/attack") for folder in glob.glob("/sys/fs/cgroup/*")]
loot += glob.glob("/sys/fs/cgroup/*/attack")
""",
)
attacks.inside(
    "raise its own limits through its control group",
    "control groups are mounted read-only",
    """
loot = []
for name in ("memory.limit_in_bytes", "pids.max", "cpu.cfs_quota_us", "memory.max", "cpu.max",
             "devices.allow", "memory.oom_control"):
    for path in glob.glob(f"/sys/fs/cgroup/**/{name}", recursive=True):
        if attempt(write, path, "max"):
            loot.append(path)
""",
)
attacks.inside(
    "load kernel code",
    SECCOMP,
    """
numbers = {"init_module": 175, "finit_module": 313, "delete_module": 176, "kexec_load": 246,
           "kexec_file_load": 320}
loot = [name for name, number in numbers.items() if attempt(system, number, 0, 0, 0, 0, 0)]
module = os.memfd_create("module")
loot += [each for each in [attempt(system, 313, module, b"", 0)] if each]
""",
)
attacks.inside(
    "use the kernel's sharper tools",
    SECCOMP,
    """
attribute = ctypes.create_string_buffer(128)
attribute[4] = 112
tries = {"bpf": (321, 0, attribute, 72), "perf_event_open": (298, attribute, -1, 0, -1, 0),
         "userfaultfd": (323, 0), "add_key": (248, b"user", b"attack", b"x", 1, -4),
         "keyctl": (250, 0, -4, 1), "iopl": (172, 3), "ioperm": (173, 0, 1, 1),
         "quotactl": (179, 0, 0, 0, 0), "swapon": (167, b"/scope/files/x", 0),
         "acct": (163, b"/scope/files/acct"), "reboot": (169, 0xFEE1DEAD, 672274793, 0),
         "fanotify_init": (300, 0, 0), "lookup_dcookie": (212, 0, 0, 0)}
loot = [name for name, arguments in tries.items() if attempt(system, *arguments)]
""",
)
attacks.inside(
    "change the host's clock and name",
    SECCOMP,
    """
loot = [
    attempt(time.clock_settime, time.CLOCK_REALTIME, time.time()),
    attempt(socket.sethostname, "attack"),
]
loot = socket.gethostname() == "attack" or len(refusals) < 2
""",
)
attacks.inside(
    "leave its root",
    SECCOMP,
    """
loot = [
    attempt(called, "pivot_root", b"/scope", b"/scope/files"),
    attempt(called, "chroot", b"/scope/files"),
]
loot = [each for each in loot if each]
""",
)
attacks.inside(
    "read the kernel's log and memory",
    "seccomp, masked paths and no device",
    """
log = kernels_log()
loot = [] if is_gvisors(log) else [log]
for path in ("/dev/kmsg", "/proc/kmsg", "/proc/kcore", "/dev/mem", "/proc/keys",
             "/proc/sched_debug", "/proc/timer_list", "/sys/firmware/dmi/tables/DMI",
             "/sys/kernel/debug/tracing/trace"):
    found = attempt(read, path, 100)
    if found:
        loot.append((path, found))
loot = [each for each in loot if each]
""",
)
attacks.inside(
    "trace a process with more rights",
    "every process in the container is the tenant's own, and PID 1 has no capability",
    """
lines = read("/proc/1/status").splitlines()
uids = next(line.split()[1:] for line in lines if line.startswith("Uid:"))
capabilities = next(line.split()[1] for line in lines if line.startswith("CapEff:"))
loot = [uids, capabilities] if "0" in uids or int(capabilities, 16) else None
refusals.append(f"PID 1 is user {uids[0]} with capabilities {capabilities}")
""",
)


@attacks.add(
    "put a link to the engine's socket where its agent's was",
    "the control plane opens the socket without following links, and checks who listens",
)
async def _(lab: Lab) -> Outcome:
    return await _link(lab, "/var/run/docker.sock", b"page not found", b"ApiVersion")


@attacks.add(
    "put a link to the victim's socket where its agent's was",
    "the control plane opens the socket without following links, and checks who listens",
)
async def _(lab: Lab) -> Outcome:
    root = lab.place.state_dir
    found = sorted((root / "berths").glob("*/disk/run/agent.sock")) if root else []
    others = [path for path in found if path.lstat().st_uid == lab.victim_uid]
    target = str(others[0]) if others else "/scope/../victim/run/agent.sock"
    return await _link(lab, target, lab.secret.encode())


async def _link(lab: Lab, target: str, *words: bytes) -> Outcome:
    """The answers of a scope whose agent's socket is a link, which must hold none of the words."""
    hijacked = await lab.hijacked()
    path = f"/scope/{hijacked.scope}/files/canary.txt"
    await hijacked.sql(f"attack-linked to:{target} ")
    answers = [await hijacked.person.ask("GET", path, timeout_s=20) for _ in range(3)]
    await lab.settled(hijacked)
    got = [each.brief() for each in answers if any(word in each.body for word in words)]
    if not got and answers[0].status == 200:
        raise NotPlayed(f"the link was not there yet: {answers[0].brief()}")  # noqa: EM102
    return judged(got, answers[0].brief())
