"""Hosts for the swarm: one network namespace each, on a bridge in a namespace of its own.

The addresses exist only inside; there is no default route and no link to the machine's own network,
so nothing that runs on these hosts can send a packet anywhere else.
"""

import contextlib
import ctypes
import os
import re
import subprocess
import time

CLONE_NEWNET = 0x40000000
# Each host has a /24 (/64) of its own, as clients have in the world: nodes of the DHT count one voice a network.
SUBNETS = {4: ("10.98.{}.1", 16), 6: ("2001:db8:0:{}::1", 48)}
# For multicast; and over IPv6 Transmission and qBittorrent take part in the DHT only where the Internet has a route.
# It ends at the bridge.
ROUTES = {4: "route add 239.0.0.0/8 dev eth0\n", 6: "route add 2000::/3 dev eth0\n"}
HOSTS = 250
FIREWALL = """
table inet firewall {
  chain input {
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
  }
}
"""

libc = ctypes.CDLL(None, use_errno=True)


def run(*command, stdin=None):
    done = subprocess.run(command, input=stdin, text=True, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


def enter(namespace):
    """Move the calling thread in: its sockets and the processes that it starts live there."""
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(descriptor, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
    finally:
        os.close(descriptor)


class Host:
    """One namespace with one address, of one family."""

    def __init__(self, namespace, address, settled=""):
        self.namespace = namespace
        self.address = address
        self.settled = settled  # what the kernel forgets with a link that goes down

    def unplug(self):
        run("ip", "-n", self.namespace, "link", "set", "eth0", "down")

    def plug_in(self):
        run("ip", "-n", self.namespace, "-batch", "-", stdin="link set eth0 up\n" + self.settled)

    def enter(self):
        enter(self.namespace)

    @property
    def is_ipv6(self):
        return ":" in self.address

    def at(self, port):
        """ADDRESS:PORT as URLs have it."""
        return f"[{self.address}]:{port}" if self.is_ipv6 else f"{self.address}:{port}"


class Network:
    """The bridge and its hosts; leaving the `with` block removes them whatever happened inside."""

    def __init__(self, family=4):
        self.family = family
        self.prefix = f"bta{os.getpid()}"
        self.bridge = f"{self.prefix}-bridge"
        self.count = 0

    def __enter__(self):
        remove(namespaces_of_the_dead())
        try:
            run("ip", "netns", "add", self.bridge)
            run("ip", "-n", self.bridge, "-batch", "-", stdin="link add br0 type bridge mcast_snooping 0\nlink set br0 up\n")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        remove(name for name in namespaces() if name.startswith(f"{self.prefix}-"))

    def host(self, firewalled=False):
        """A new host; behind a firewall it connects only outwards."""
        self.count += 1
        subnet, bits = SUBNETS[self.family]
        namespace, address = f"{self.prefix}-{self.count}", subnet.format(self.count)
        # Else fifty hosts that know each other overflow the kernel's one table of neighbours (gc_thresh3),
        # and some are out of each other's reach; permanent entries do not count.
        settled = ROUTES[self.family] + "".join(
            f"neigh replace {subnet.format(number)} lladdr {mac(number)} dev eth0 nud permanent\n"
            for number in range(1, HOSTS + 1))
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "-batch", "-", stdin=(
            f"link add eth0 address {mac(self.count)} type veth peer name port{self.count} netns {self.bridge}\n"
            f"address add {address}/{bits} dev eth0{' nodad' if self.family == 6 else ''}\n"
            # Transmission answers its RPC only on a host that has some IPv4 address.
            + ("address add 192.0.2.1/32 dev lo\n" if self.family == 6 else "") +
            "link set eth0 addrgenmode none\nlink set lo up\nlink set eth0 up\n" + settled))
        run("ip", "-n", self.bridge, "link", "set", f"port{self.count}", "master", "br0", "up")
        if firewalled:
            run("ip", "netns", "exec", namespace, "nft", "-f", "-", stdin=FIREWALL)
        return Host(namespace, address, settled)


def mac(number):
    """The link address of the host with this number."""
    return f"02:00:00:00:00:{number:02x}"


def namespaces():
    with contextlib.suppress(FileNotFoundError):
        return os.listdir("/run/netns")
    return []


def namespaces_of_the_dead():
    """What a harness left behind that was killed before it could tidy up."""
    for name in namespaces():
        owner = re.match(r"bta(\d+)-", name)
        if owner and not os.path.exists(f"/proc/{owner[1]}"):
            yield name


def remove(names):
    for name in list(names):
        # A namespace may be busy for a moment while its last process is being reaped.
        for _ in range(20):
            if subprocess.run(["ip", "netns", "delete", name], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
