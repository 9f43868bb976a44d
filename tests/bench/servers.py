"""The servers that are measured, each alone, with a fresh configuration whose flood limits are lifted."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

START_SECONDS = 20

NGIRCD = """
[Global]
Name = bench.example
Info = bench
Listen = 127.0.0.1
Ports = {port}
ServerGID = nogroup
ServerUID = nobody
[Limits]
ConnectRetry = 60
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 600
PongTimeout = 600
[Options]
DNS = no
Ident = no
PAM = no
"""

INSPIRCD = """
<server name="bench.example" description="bench" network="bench" id="1BE">
<admin name="a" nick="a" email="a@bench.example">
<bind address="127.0.0.1" port="{port}" type="clients">
<class name="none">
<connect allow="*" timeout="600" pingfreq="600" hardsendq="64M" softsendq="64M" recvq="64K" fakelag="no"
 threshold="100000" commandrate="100000000" localmax="1000000" globalmax="1000000" maxchans="1000"
 useident="no" resolvehostnames="no" useconnectflood="no" maxconnwarn="no">
<performance netbuffersize="65534" somaxconn="1024" limitsomaxconn="false" softlimit="100000" quietbursts="yes"
 nouserdns="yes" timeskipwarn="0">
<options defaultmodes="nt" hideulines="no" nosnoticestack="yes">
<security maxtargets="20">
<limits maxnick="30" maxchan="64">
<log method="file" type="*" level="sparse" target="{folder}/log">
<pid file="{folder}/pid">
<channels users="1000" opers="1000">
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, process):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args[0]} does not listen")


def argv_of(name, build, folder, port):
    if name == "bare loop":
        return [build / "tests/bench/bare-loop", str(port)]
    if name == "chatd":
        (folder / "chatd.conf").write_text("[limits]\nclients_per_address = 0\nsendq = 8M\n[log]\nlevel = warning\n")
        return [build / "src/chatd/chatd", "-c", folder / "chatd.conf", "-l", f"127.0.0.1:{port}", "--no-limits"]
    template = {"ngircd": NGIRCD, "inspircd": INSPIRCD}[name]
    config = folder / f"{name}.conf"
    config.write_text(template.format(port=port, folder=folder))
    if name == "ngircd":
        return [shutil.which("ngircd", path="/usr/sbin:/usr/bin"), "-n", "-f", config]
    return [shutil.which("inspircd", path="/usr/sbin:/usr/bin"), "--nofork", "--runasroot", "--config", config]


def is_here(name):
    return name in ("bare loop", "chatd") or shutil.which(name, path="/usr/sbin:/usr/bin") is not None


@contextlib.contextmanager
def running(name, build):
    """(port, pid) of a fresh one."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.chmod(folder, 0o755)
        argv = argv_of(name, build, pathlib.Path(folder), port)
        with open(f"{folder}/output", "wb") as output:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            wait_for(port, process)
            yield port, process.pid
        finally:
            process.kill()
            process.wait()
