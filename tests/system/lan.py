"""A network link between a machine and another host, which is a network namespace."""

import contextlib
import socket
import struct
import subprocess

import host
from machine import await_text, network_of

HERE, THERE, GROUP, PORT = "192.0.2.1", "192.0.2.2", "224.0.0.251", 5353


@contextlib.contextmanager
def link(machine):
    """A socket of the other host, which hears multicast DNS and can ask."""
    holder = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo ready; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        await_text(holder.stdout.fileno(), "ready")
        peer = ["peer", "name", "there", "netns", holder.pid]
        host.run(["ip", "link", "add", "here", "netns", machine.leader, "type", "veth", *peer])
        for pid, name, address in ((machine.leader, "here", HERE), (holder.pid, "there", THERE)):
            enter = ["nsenter", f"--target={pid}", "--net", "ip"]
            host.run([*enter, "address", "add", f"{address}/24", "dev", name])
            host.run([*enter, "link", "set", name, "up"])
        with network_of(holder.pid):
            asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with asker:
            asker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(THERE))
            member = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(THERE))
            asker.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
            asker.bind(("", PORT))
            asker.settimeout(1)
            yield asker
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()


def services_of(asker, kind):
    """Asks who offers a kind of service; all bytes of the answers that come within a second."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in [*kind.split("."), "local"])
    head = struct.pack(">6H", 0, 0, 1, 0, 0, 0)
    asker.sendto(head + labels + b"\0" + struct.pack(">2H", 12, 1), (GROUP, PORT))
    answers = b""
    with contextlib.suppress(TimeoutError):
        while True:
            packet, sender = asker.recvfrom(9000)
            if sender[0] == HERE:
                answers += packet
    return answers
