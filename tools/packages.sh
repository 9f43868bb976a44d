# shellcheck shell=sh disable=SC2034
# Sourced by the tools: which Debian packages they need, and their installation.

build_packages="gcc gettext libc6-dev meson ninja-build pkg-config python3 libbsd-dev libinih-dev libedit-dev libsystemd-dev libpcre2-dev libsqlite3-dev
    libssl-dev libcurl4-openssl-dev libc-ares-dev libmaxminddb-dev libicu-dev libcmocka-dev"
test_packages="python3-pytest python3-openssl python3-cryptography chromium irssi weechat-headless weechat-plugins ii netcat-openbsd tmux mandoc clang libclang-rt-dev valgrind"

# Lists those of the packages that are not installed.
missing_packages() {
    for package in "$@"; do
        case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
            installed) ;;
            *) printf '%s ' "$package" ;;
        esac
    done
}

# Lists the packages whose command is not there, whoever installed it: "command:package".
missing_commands() {
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || printf '%s ' "${pair#*:}"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "Only root can install packages, and there is no sudo. Run as root: $*" >&2
        return 69
    fi
}

install_packages() {
    if [ $# -eq 0 ]; then
        return 0
    fi
    if ! command -v apt-get >/dev/null; then
        echo "This is no Debian. Please install what stands for: $*" >&2
        return 69
    fi
    echo "Installing: $*"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
