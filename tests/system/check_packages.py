"""What can be said of the packages without a machine to install them on."""

import host


def both_builds_give_the_same_packages(packages):
    differing = packages.differing()
    assert not differing, f"different: {differing}"
    return f"{len(packages.files('first'))} packages"


def symbols_come_apart(packages):
    names = {path.name.split("_")[0] for path in packages.files("first")}
    assert names == {"chat-client", "chat-client-dbgsym", "chatd", "chatd-dbgsym"}, names


def lintian_has_no_error_and_no_warning(packages):
    status, _, text = (packages.folder / "lintian").read_text().partition("\n")
    assert status == "0", text


def manual_pages_pass_lint(packages):
    status, _, text = (packages.folder / "mandoc").read_text().partition("\n")
    assert status == "0", text


def no_path_of_the_build_is_left(packages):
    found = host.run(["sh", "-c", 'dpkg-deb --fsys-tarfile "$1" | grep -ac /build/', "sh", packages.package("first", "chatd")], check=False)
    assert found.stdout.strip() == "0", found.stdout


CHECKS = [
    both_builds_give_the_same_packages,
    symbols_come_apart,
    lintian_has_no_error_and_no_warning,
    manual_pages_pass_lint,
    no_path_of_the_build_is_left,
]
