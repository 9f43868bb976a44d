"""tls.py: TLS by the kernel, and under the profile of AppArmor, see docs/testing.md. As root, by way of tools/tls-test.

Builds chatd for Debian 13 in a tree of its own, and boots a machine with that release's kernel, emulated, whose module
the machine that tests need not have. What is in there runs inside_tls.py; its output is the result.
"""

import re
import shutil
import subprocess
import sys
import time

import host
from packages import in_tree
from run import own_mounts

SUITE = "trixie"
HERE = host.ROOT / "tests/system"
# Of the modules, what TLS is made of.
MODULES = ["kernel/net/tls", "kernel/crypto", "kernel/arch/x86/crypto", "kernel/lib/crypto"]
UNIT = """[Unit]
After=apparmor.service chatd.service
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /srv/inside_tls.py
StandardOutput=file:/dev/ttyS1
StandardError=inherit
LimitNOFILE=65536
Environment=PYTHON_COLORS=0
ExecStopPost=/usr/bin/systemctl poweroff --force --force
"""
MASKED = ["systemd-udevd.service", "systemd-udev-trigger.service", "systemd-networkd.service", "systemd-resolved.service"]
MASKED += ["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "systemd-timesyncd.service"]
MASKED += ["getty@tty1.service", "serial-getty@ttyS0.service", "systemd-tpm2-setup-early.service", "systemd-firstboot.service"]


def build(mounts, log):
    """Where the server is installed, as the package would, with nothing but what meson installs."""
    tree = mounts.overlay(host.make_tree(SUITE, "build"), "build-tls")
    host.copy_source(tree / "build/chatd")
    options = "--prefix=/usr --sysconfdir=/etc --localstatedir=/var --buildtype=debugoptimized -Dsystemd=enabled -Dtests=false"
    script = f"meson setup build {options} && ninja -C build -j2 && DESTDIR=/build/installed meson install -C build --no-rebuild"
    in_tree(tree, ["sh", "-ec", script], "/build/chatd", log=log)
    return tree / "build/installed"


def keep_modules(root):
    """The others are most of the image, and there is no hardware for them."""
    folder = next((root / "usr/lib/modules").iterdir())
    kept = root / "srv/modules"
    for name in MODULES:
        if (folder / name).exists():
            shutil.copytree(folder / name, kept / name)
    shutil.rmtree(folder / "kernel")
    shutil.copytree(kept / "kernel", folder / "kernel")
    shutil.rmtree(kept)
    host.run(["chroot", root, "depmod", folder.name])


def machine_tree(mounts, installed, log):
    root = mounts.overlay(host.make_tree(SUITE, "kernel"), "machine-tls")
    shutil.copytree(installed, root, dirs_exist_ok=True, symlinks=True)
    (root / "etc/chatd").mkdir(exist_ok=True)
    shutil.copy2(host.ROOT / "docs/examples/chatd.conf", root / "etc/chatd/chatd.conf")
    shutil.copy2(host.ROOT / "contrib/apparmor/usr.sbin.chatd", root / "etc/apparmor.d")
    for name in ("inside_tls.py", "irc.py"):
        shutil.copy2(HERE / name, root / "srv")
    (root / "etc/systemd/system/chatd-tls-check.service").write_text(UNIT)
    host.run(["chroot", root, "systemd-sysusers"], log=log)
    units = ["apparmor.service", "chatd.socket", "chatd-tls.socket", "chatd.service"]
    host.run(["systemctl", f"--root={root}", "enable", *units], log=log)
    host.run(["systemctl", f"--root={root}", "mask", *MASKED], log=log, check=False)
    host.run(["systemctl", f"--root={root}", "add-wants", "multi-user.target", "chatd-tls-check.service"], log=log)
    keep_modules(root)
    (root / "init").symlink_to("usr/lib/systemd/systemd")
    return root


def make_image(root, image):
    leave = "-path ./boot -o -path ./var/lib/apt -o -path ./var/cache -o -path ./usr/share/locale -o -path ./usr/lib/udev/hwdb.d"
    script = f"find . \\( {leave} \\) -prune -o -print0 | cpio --quiet --null --create --format=newc >{image}"
    host.run(["sh", "-ec", script], cwd=root)
    kernel = next((root / "boot").glob("vmlinuz-*"))
    return shutil.copy2(kernel, image.with_name("vmlinuz-tls"))


def boot(kernel, image, console):
    """The lines of the result, as they come."""
    command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "3072"]
    command += ["-nodefaults", "-display", "none", "-no-reboot", "-nic", "none", "-kernel", kernel, "-initrd", image]
    command += ["-append", "console=ttyS0 panic=-1 quiet systemd.show_status=false apparmor=1 security=apparmor rdinit=/init"]
    command += ["-serial", f"file:{console}", "-serial", "stdio"]
    machine = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        yield from (line.rstrip() for line in machine.stdout)
        machine.wait(60)
    finally:
        machine.kill()
        machine.wait()


def main():
    own_mounts()
    host.WORK.mkdir(exist_ok=True)
    log, console, image = (host.WORK / name for name in ("tls.log", "tls-console.log", "tls.cpio"))
    log.unlink(missing_ok=True)
    mounts = host.Mounts(host.WORK / "mounts")
    last, started = "", time.monotonic()
    try:
        root = machine_tree(mounts, build(mounts, log), log)
        kernel = make_image(root, image)
        print(f"   built in {time.monotonic() - started:.0f} s; booting {next((root / 'usr/lib/modules').iterdir()).name}", flush=True)
        for line in boot(kernel, image, console):
            print(line, flush=True)
            if re.fullmatch(r"\d+ passed, \d+ failed", line):
                last = line
                break
    finally:
        mounts.close()
    if not last:
        print(console.read_text(errors="replace")[-3000:])
        print("0 passed, 1 failed")
        return 1
    return 0 if last.endswith(" 0 failed") else 1


if __name__ == "__main__":
    sys.exit(main())
