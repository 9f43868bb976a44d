"""Install, upgrade, remove, purge: one life of the packages on a machine, in this order. fresh() is for check_service."""

import re
import socket

import check_service
import host
from irc import Client

# Not the packages': what runs writes there, and what apt and dpkg keep of their own.
NOT_COUNTED = (
    "/dev/ /proc/ /run/systemd/ /run/log/ /run/user/ /run/udev/ /run/dbus/ /run/lock/ /run/mount/ /run/host/ /run/sudo/ "
    "/srv/ /sys/ /tmp/ /var/tmp/ /var/cache/ /var/log/ /var/lib/apt/ /var/lib/dpkg/ /var/lib/systemd/ "
    "/etc/ld.so.cache /run/motd /run/utmp /root/"
).split()
ACCOUNTS = "/etc/passwd /etc/group /etc/shadow /etc/gshadow".split()


def all_files(m):
    listing = m.run("find", "/", "-xdev", "-not", "-type", "d", "-printf", "%p\\n", check=False).stdout
    listing += m.run("find", "/run", "/etc", "/var/lib", "-xdev", "-printf", "%p\\n", check=False).stdout
    names = {line for line in listing.splitlines() if line.startswith("/")}
    return {name for name in names if not any((name + "/").startswith(folder) for folder in NOT_COUNTED)}


def accounts(m):
    return {line for name in ACCOUNTS for line in m.read(name).splitlines()}


def apt(m, *words, **options):
    return m.run("apt-get", "--yes", "--no-install-recommends", "-o", "APT::Sandbox::User=root", *words, timeout=300, **options)


class Life:
    def __init__(self, machine, packages):
        self.m = machine
        self.packages = packages
        self.before = None
        self.accounts_before = None

    def paths(self, build):
        return [f"/srv/{build}/{self.packages.package(build, name).name}" for name in ("chatd", "chat-client")]

    def install_gives_a_running_server(self):
        m = self.m
        m.write("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/dependencies ./\n")
        m.run("sh", "-c", "rm -f /etc/apt/sources.list.d/*")
        apt(m, "update")
        m.run("mkdir", "-p", "/etc/credstore")
        self.before, self.accounts_before = all_files(m), accounts(m)
        apt(m, "install", *self.paths("first"))
        for unit in ("chatd.socket", "chatd.service"):
            assert m.show(unit, "ActiveState") == "active", m.output("systemctl", "status", unit, check=False)
            assert m.output("systemctl", "is-enabled", unit) == "enabled"
        for unit in ("chatd-tls.socket", "chatd-websocket.socket"):
            assert m.output("systemctl", "is-enabled", unit, check=False) == "disabled"
            assert m.show(unit, "ActiveState") == "inactive"
        assert m.output("stat", "-c", "%U %G %a", "/etc/chatd") == "root chatd 750"
        m.run("setpriv", "--reuid=chatd", "--regid=chatd", "--clear-groups", "cat", "/etc/chatd/chatd.conf")
        listener = m.start("chat-client", "-w", "-n", "first", "-c", "lobby", "localhost")
        check_service.await_text(listener.stdout.fileno(), "#lobby")
        m.run("chat-client", "-c", "lobby", "localhost", data="hello\n")
        check_service.await_text(listener.stdout.fileno(), "hello")
        m.end(listener)

    def tests_of_the_package_pass(self):
        """What autopkgtest would run on the installed packages."""
        control = (host.ROOT / "debian/tests/control").read_text()
        names = re.search(r"^Tests: (.*)$", control, re.M)[1].split()
        for name in names:
            self.m.write(f"/run/package-test-{name}", (host.ROOT / "debian/tests" / name).read_text())
            self.m.run("sh", f"/run/package-test-{name}")
            self.m.run("rm", f"/run/package-test-{name}")
        return f"{len(names)} tests"

    def reboot_starts_it_again(self):
        self.m.halt()
        self.m.boot()
        assert self.m.show("chatd.service", "ActiveState") == "active"
        Client(self.m).register().close()

    def upgrade_keeps_configuration_and_data(self):
        m = self.m
        check_service.fresh(m)
        m.run("sh", "-c", "echo '# by hand' >>/etc/chatd/chatd.conf")
        check_service.configure(m, "[server]\nnetwork = Mine\n", "mine")
        m.run("sh", "-c", "echo kept >/var/lib/chatd/marker; chmod 0751 /etc/chatd")
        m.write("/etc/chatd/team.conf", "[server]\nname = team.example.org\n")
        m.run("systemctl", "restart", "chatd.service", "chatd@team.service")
        pair = check_service.Pair(m)
        pair.talk()
        inodes, pids = check_service.listening(m), (m.main_pid(), m.main_pid("chatd@team.service"))
        apt(m, "install", *self.paths("next"))
        assert m.output("dpkg-query", "-W", "-f", "${Version}", "chatd") == self.packages.version("next")
        assert m.main_pid() not in (0, pids[0]) and m.main_pid("chatd@team.service") not in (0, pids[1])
        assert check_service.listening(m) == inodes, "the sockets were closed meanwhile"
        pair.talk()
        pair.close()
        assert "# by hand" in m.read("/etc/chatd/chatd.conf") and m.read("/var/lib/chatd/marker") == "kept\n"
        assert m.output("stat", "-c", "%a", "/etc/chatd") == "751", "what an administrator set does not stay"
        client = Client(m)
        client.send(f"NICK {client.nick}", f"USER {client.nick} 0 * :A test")
        client.expect(r" 001 .*Mine")
        Client(m, socket.AF_UNIX, "/run/chatd@team/chatd.sock").register()

    def remove_keeps_configuration_and_data(self):
        m = self.m
        client = Client(m).register()
        apt(m, "remove", "chatd")
        assert client.rest_until_end()[-1].startswith("ERROR "), "no goodbye"
        assert m.run("test", "-e", "/run/chatd", "-o", "-e", "/run/chatd@team", check=False).returncode, "/run/chatd is left"
        assert not check_service.listening(m)
        assert m.run("sh", "-c", "grep -lx chatd /proc/[0-9]*/comm", check=False).returncode == 1, "a process is left"
        m.run("test", "-e", "/etc/chatd/chatd.conf.d/mine.conf", "-a", "-e", "/var/lib/chatd/marker")

    def install_again_finds_them(self):
        apt(self.m, "install", *self.paths("next"))
        assert "# by hand" in self.m.read("/etc/chatd/chatd.conf")
        client = Client(self.m)
        client.send(f"NICK {client.nick}", f"USER {client.nick} 0 * :A test")
        client.expect(r" 001 .*Mine")

    def purge_leaves_nothing_but_the_user(self):
        m = self.m
        # Else what systemd recommends stays, once something of ours has brought it in.
        needed_alone = ["-o", "APT::AutoRemove::RecommendsImportant=false", "-o", "APT::AutoRemove::SuggestsImportant=false"]
        apt(m, "purge", "--autoremove", *needed_alone, "chatd", "chat-client")
        left, missing = all_files(m) - self.before, self.before - all_files(m)
        assert not left, f"left: {sorted(left)}"
        assert not missing, f"missing: {sorted(missing)}"
        new = {line.split(":")[0] for line in accounts(m) - self.accounts_before}
        assert new == {"chatd"}, new
        failed = m.output("systemctl", "--failed", "--quiet", "--plain", "--no-legend")
        assert "chatd" not in failed, failed

    def beginning(self):
        return [self.install_gives_a_running_server, self.tests_of_the_package_pass, self.reboot_starts_it_again]

    def end(self):
        return [
            self.upgrade_keeps_configuration_and_data,
            self.remove_keeps_configuration_and_data,
            self.install_again_finds_them,
            self.purge_leaves_nothing_but_the_user,
        ]
