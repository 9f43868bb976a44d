"""The command line and chatd.conf: what is accepted, how errors are told, and what a reload changes."""

import os
import pathlib
import re
import signal
import socket
import stat

import pytest

import tokens
from harness import FAST, ROOT, Client, Daemon, free_port, fresh, run_chatd, wait_until

EX_USAGE, EX_UNAVAILABLE, EX_CANTCREAT, EX_NOPERM, EX_CONFIG = 64, 69, 73, 77, 78


@pytest.fixture
def check(tmp_path):
    """check(text) gives exit code and what was said, with the folder taken out."""
    path = tmp_path / "chatd.conf"

    def one(text, *args):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        done = run_chatd("-c", str(path), "--check-config", *args)
        return done.returncode, (done.stderr or done.stdout).replace(str(tmp_path) + "/", "")

    one.folder = tmp_path
    return one


def test_good(check):
    assert check("") == (0, "chatd: the configuration is good\n")
    assert check("[server]\nname = a.b\n")[0] == 0


BAD = [
    ("[server]\nnmae = x\n", "chatd.conf:2: [server] nmae: there is no such key; name is one"),
    *(
        (f"[lookup]\nservers = {bad}\n", f'chatd.conf:2: [lookup] servers: "{bad}" is not a list of addresses')
        for bad in ("ns.example", "127.0.0.1,", "[::1", "[::1]:0", "127.0.0.1:65536", "::1/64", "[127.0.0.1]", "1.2.3.4;")
    ),
    ("[srever]\n", "chatd.conf:1: [srever] there is no such section; [server] is one"),
    ("[zzz]\n", "chatd.conf:1: [zzz] there is no such section"),
    ("[limits]\nmotd = x\n", "chatd.conf:2: [limits] motd: there is no such key here; section [server] has it"),
    ("name = x\n", "chatd.conf:1: name: this stands before the first [section]"),
    ("[server]\njust words\n", "chatd.conf:2: [server] this is neither a [section] nor a key = value"),
    ("[server\n", "chatd.conf:1: the heading has no ']'"),
    ("[server]\nname = " + "x" * 300 + "\n", "chatd.conf:2: [server] the line is too long"),
    (b"[server]\nname = a\0b\n", "chatd.conf:2: [server] the line holds a NUL byte"),
    (
        b"[server]\nmotd_text = a\xff\n",
        "chatd.conf:2: [server] motd_text: the value holds a control byte, or is not UTF-8",
    ),
    (
        "[server]\nmotd_text = a\x1b[m\n",
        "chatd.conf:2: [server] motd_text: the value holds a control byte, or is not UTF-8",
    ),
    ("[server]\nname = a_b\n", 'chatd.conf:2: [server] name: "a_b" is not a host name'),
    ("[server]\nname =\n", "chatd.conf:2: [server] name: the value is empty; wanted is a host name"),
    ("[server]\nnetwork = two words\n", 'chatd.conf:2: [server] network: "two words" is not a word'),
    ("[server]\ncasemapping = utf\n", 'chatd.conf:2: [server] casemapping: "utf" is not ascii, rfc1459 or precis'),
    ("[server]\nmotd = nowhere.txt\n", "chatd.conf:2: [server] motd: nowhere.txt: No such file or directory"),
    ("[limits]\nnicklen = many\n", 'chatd.conf:2: [limits] nicklen: "many" is not a number of bytes'),
    (
        "[limits]\nnicklen = 31\n",
        "chatd.conf:2: [limits] nicklen: 31 is out of range: wanted is a number of bytes from 1 to 30",
    ),
    ("[limits]\nnicklen = -1\n", 'chatd.conf:2: [limits] nicklen: "-1" is not a number of bytes'),
    ("[limits]\nsendq = 1k\n", "chatd.conf:2: [limits] sendq: 1024 is out of range: wanted is a size from 16384"),
    ("[limits]\nsendq = 1X\n", 'chatd.conf:2: [limits] sendq: "1X" is not a size'),
    ("[limits]\nping_timeout = soon\n", 'chatd.conf:2: [limits] ping_timeout: "soon" is not a duration'),
    ("[limits]\nping_timeout = 10ms\n", 'chatd.conf:2: [limits] ping_timeout: "10ms" is out of range'),
    ("[limits]\nlimit_local = maybe\n", 'chatd.conf:2: [limits] limit_local: "maybe" is not yes or no'),
    ("[listen]\nendpoint = localhost:6667\n", 'chatd.conf:2: [listen] endpoint: "localhost" is not a numeric address'),
    ("[listen]\nendpoint = 127.0.0.1\n", "chatd.conf:2: [listen] endpoint: "),
    ("[listen]\nendpoint = ::1:6667\n", "chatd.conf:2: [listen] endpoint: an IPv6 address needs brackets"),
    ("[listen]\nendpoint = 127.0.0.1:70000\n", "chatd.conf:2: [listen] endpoint: port 70000 is not 1..65535"),
    ("[listen]\nendpoint = gopher://1.2.3.4:70\n", "chatd.conf:2: [listen] endpoint: unknown scheme gopher://"),
    ("[listen]\nendpoint = 1.2.3.4:70?accept=gopher\n", 'chatd.conf:2: [listen] endpoint: unknown door "gopher"'),
    (
        "[listen]\nendpoint = /" + "x" * 150 + "\n",
        "chatd.conf:2: [listen] endpoint: the path of the socket is too long",
    ),
    (
        "[channels]\ndefault_modes = nk\n",
        'chatd.conf:2: [channels] default_modes: "k" is not a mode that can be set by default',
    ),
    (
        "[users]\ndefault_modes = o\n",
        'chatd.conf:2: [users] default_modes: "o" is not a mode that can be set by default',
    ),
    ("[client_tags]\ndeny = +typing\n", 'chatd.conf:2: [client_tags] deny: "+typing" is neither'),
    ("[log]\nlevel = loud\n", 'chatd.conf:2: [log] level: "loud" is not error, warning, notice, info or debug'),
    ("[oper]\npassword = x\n", "chatd.conf:1: [oper] the heading wants a name"),
    ("[oper a]\nmask = *@*\n", "chatd.conf:1: [oper a] has no password"),
    ("[oper a]\npassword_file = gone\n", "chatd.conf:2: [oper a] password_file: gone: No such file or directory"),
    ("[oper a]\nmask = two words\npassword = x\n", 'chatd.conf:2: [oper a] mask: "two words" is not user@host'),
]


@pytest.mark.parametrize("text, said", BAD)
def test_bad(check, text, said):
    code, told = check(text)
    assert code == EX_CONFIG
    assert told.startswith("chatd: " + said), told


def test_all_errors_are_told(check):
    code, told = check("[server]\nname = a_b\nx = y\n[nope]\nz = 1\n[limits]\nnicklen = 0\n")
    assert [line.split(":")[2] for line in told.splitlines()] == ["2", "3", "4", "7"]


def test_errors_without_end_are_bounded(check):
    code, told = check("[server]\n" + "x = y\n" * 10000)
    assert code == EX_CONFIG and len(told.splitlines()) == 51 and "more errors" in told.splitlines()[-1]


def test_bytes_of_the_file_are_shown_inert(check):
    code, told = check("[server]\n\x1b[31mx\u202e = y\n")
    assert code == EX_CONFIG and "\x1b" not in told and "\u202e" not in told and "\\033" in told


def test_a_file_that_is_none(check):
    done = run_chatd("-c", str(check.folder / "nowhere.conf"), "--check-config")
    assert done.returncode == EX_CONFIG and "nowhere.conf: No such file or directory" in done.stderr
    done = run_chatd("-c", str(check.folder), "--check-config")
    assert done.returncode == EX_CONFIG and "directory" in done.stderr


def test_drop_ins(check):
    folder = check.folder / "chatd.conf.d"
    folder.mkdir()
    (folder / "10-a.conf").write_text("[limits]\nnicklen = 0\n")
    (folder / "ignored.txt").write_text("[nonsense]\n")
    (folder / ".hidden.conf").write_text("[nonsense]\n")
    code, told = check("[server]\nname = a.b\n")
    assert code == EX_CONFIG
    assert (
        told
        == "chatd: chatd.conf.d/10-a.conf:2: [limits] nicklen: 0 is out of range: "
        "wanted is a number of bytes from 1 to 30\n"
    )


def test_drop_ins_come_later_and_in_order(start):
    server = start(FAST)
    folder = pathlib.Path(str(server.path) + ".d")
    folder.mkdir()
    (folder / "20.conf").write_text("[server]\nmotd_text =\nmotd_text = last\nnetwork = twenty\n")
    (folder / "10.conf").write_text("[server]\nmotd_text = first\nnetwork = ten\n")
    server.reload(FAST)
    said = server.connect(fresh("c")).register()
    assert said.one("372").params[1] == "- last" and "NETWORK=twenty " in said.text


def test_comments_blanks_and_other_line_ends(check):
    text = "\ufeff# comment\r\n; comment\r\n\r\n  [server]  \r\n\tname =   a.b   ; why\r\n[limits] # x\nnicklen=9\n"
    assert check(text)[0] == 0


def test_every_key_of_the_example_is_a_key(check):
    example = (ROOT / "docs/examples/chatd.conf").read_text()
    (check.folder / "motd.txt").write_text("x\n")
    for name in ("password", "alice.password", "kiwi.password", "relay.password", "cloak.secret", "jwt.secret", "alerts.secret"):
        (check.folder / name).write_text("a secret that is long enough for all of them\n")
    (check.folder / "id.pem").write_bytes(tokens.public(tokens.key_for("ES256")))
    plain = re.sub(r"^#(?=\w+ =|\[)", "", example, flags=re.M)
    assert plain.count(" = ") > 30
    code, told = check(plain)
    assert code == 0, told
    assert check(example)[0] == 0


def test_relative_files_start_at_the_file_that_names_them(start):
    server = start(FAST)
    (server.folder / "motd.txt").write_text("from a file\nand more\n")
    (server.folder / "pw").write_text("sesame\nsecond line\n")
    server.reload("[server]\nmotd = motd.txt\npassword_file = pw\n" + FAST)
    said = server.connect(fresh("c")).register(password="sesame")
    assert [m.params[1] for m in said.of("372")] == ["- from a file", "- and more"]


@pytest.mark.parametrize(
    "args, code",
    [
        (["--nonsense"], EX_USAGE),
        (["-c"], EX_USAGE),
        (["words"], EX_USAGE),
        (["--help"], 0),
        (["-h"], 0),
        (["--version"], 0),
        (["-V"], 0),
    ],
)
def test_exit_codes_of_the_command_line(args, code):
    done = run_chatd(*args)
    assert done.returncode == code
    assert bool(done.stderr) == (code != 0) and bool(done.stdout) == (code == 0)


def test_version_and_help_say_what_they_should():
    assert re.fullmatch(r"chatd \d+\.\d+\.\d+\n", run_chatd("--version").stdout)
    text = run_chatd("--help").stdout
    for option in ("--config", "--check-config", "--listen", "--state", "--no-limits", "--help", "--version"):
        assert option in text
    assert max(map(len, text.splitlines())) <= 120


def test_bad_listen_on_the_command_line(check):
    code, told = check("", "--listen", "nonsense")
    assert code == EX_CONFIG and told.startswith("chatd: --listen: ")
    code, told = check("", "--listen", "ircs://127.0.0.1:6697")
    assert code in (0, EX_CONFIG)


def test_no_file_at_all(tmp_path):
    path = str(tmp_path / "sock")
    port = free_port()
    server = Daemon(None, args=["--listen", path, "-l", f"127.0.0.1:{port}", "--listen", f"[::1]:{port}"])
    try:
        for address, host in ((path, "localhost"), (("127.0.0.1", port), "127.0.0.1"), (("::1", port), "0::1")):
            c = server.client(address=address)
            assert c.ask(f"WHOIS {c.nick}").one("311").params[3] == host
        for text in (f"unix:{path}", f"127.0.0.1:{port}", f"[::1]:{port}"):
            server.wait_log(f"listening on {re.escape(text)} ")
        server.hang_up()
    finally:
        server.finish()


def test_listen_replaces_the_endpoints_of_the_file(start, tmp_path):
    server = start(FAST, args=["--listen", str(tmp_path / "only")], probe=False)
    server.client(address=str(tmp_path / "only"))
    for address in (server.tcp, server.unix):
        with pytest.raises(OSError):
            Client(address)


@pytest.mark.parametrize(
    "text", ["*:{port}", "{port}", "irc://*:{port}", "irc://127.0.0.1:{port}", "127.0.0.1:{port}?accept=irc"]
)
def test_forms_of_an_endpoint(start, text):
    port = free_port()
    server = start(FAST, args=["--listen", text.format(port=port)], probe=False)
    assert server.client(address=("127.0.0.1", port)).ask("VERSION").of("351")
    if "*" in text or text == "{port}":
        c = server.client(address=("::1", port))
        assert c.ask(f"WHOIS {c.nick}").one("311").params[3] == "0::1"


def test_a_port_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run_chatd("-c", "/dev/null", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == EX_UNAVAILABLE and "Address already in use" in done.stderr


def test_socket_files(start, tmp_path):
    path = tmp_path / "sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    server = start(FAST, args=["--listen", str(path)], probe=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666
    second = run_chatd("-c", "/dev/null", "--listen", str(path))
    assert second.returncode == EX_UNAVAILABLE and "in use" in second.stderr
    assert server.client(address=str(path)).ask("VERSION").of("351")
    server.finish()
    assert not path.exists()


def test_a_file_that_is_no_socket_stays(tmp_path):
    path = tmp_path / "file"
    path.write_text("precious")
    done = run_chatd("-c", "/dev/null", "--listen", str(path))
    assert done.returncode == EX_UNAVAILABLE and path.read_text() == "precious"


def test_a_folder_that_nobody_may_write_to():
    done = run_chatd("-c", "/dev/null", "--listen", "/sys/sock")
    assert done.returncode == (EX_UNAVAILABLE if "Read-only" in done.stderr else EX_NOPERM), done.stderr


def test_state_directory(start, tmp_path):
    for args, env in (
        (["--state", str(tmp_path / "one")], {}),
        ([], {"STATE_DIRECTORY": f"{tmp_path}/two:{tmp_path}/three"}),
    ):
        start(FAST, args=args, env=env)
    assert (tmp_path / "one").is_dir() and (tmp_path / "two").is_dir() and not (tmp_path / "three").exists()
    start("[server]\nstate = kept\n" + FAST)
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "no" / "such"):
        done = run_chatd("-c", "/dev/null", "--state", str(place), "--listen", str(tmp_path / "s"))
        assert done.returncode == EX_CANTCREAT and str(place) in done.stderr


def test_no_limits_says_so(start):
    server = start("", args=["--no-limits"])
    server.wait_log("--no-limits: flood control and limits per address are lifted")
    assert "no-limits" not in start("").log


def test_log_levels(start):
    quiet = start("[log]\nlevel = warning\n" + FAST)
    quiet.client().sync()
    assert quiet.log == ""
    loud = start("[log]\nlevel = debug\n" + FAST)
    loud.client("here")
    loud.wait_log("here")
    quiet.reload("[log]\nlevel = info\n" + FAST)
    quiet.wait_log("configuration reloaded")


def test_reload_of_a_good_file(start):
    server = start("[server]\nmotd_text = old\n" + FAST)
    stays = server.client("stays")
    channel = server.channel(stays)
    server.reload("[server]\nmotd_text = new\nnetwork = Renamed\n" + FAST + "topiclen = 5\n")
    assert stays.ask("MOTD").one("372").params[1] == "- new"
    assert "NETWORK=Renamed" in server.connect(fresh("c")).register().text
    assert stays.ask(f"TOPIC {channel} :123456789").one("TOPIC").params[1] == "12345"


def test_reload_of_a_bad_file_changes_nothing(start):
    server = start("[server]\nmotd_text = old\n" + FAST)
    c = server.client("c")
    server.reload("[server]\nmotd_text = new\n[limits]\nnicklen = 99\n")
    bad_line = server.path.read_text().splitlines().index("nicklen = 99") + 1
    server.wait_log(rf"error: .*chatd.conf:{bad_line}: \[limits\] nicklen: 99 is out of range")
    server.wait_log("nothing was changed")
    assert c.ask("MOTD").one("372").params[1] == "- old"
    status = [n for n in server.notices if "READY=1" in n][-1]
    assert "old configuration" in status and "nicklen" in status
    server.reload("[server]\nmotd_text = newest\n" + FAST)
    assert c.ask("MOTD").one("372").params[1] == "- newest"


def test_an_operator_is_told_why_a_file_is_refused(start):
    server = start("[oper root]\npassword = pw\n" + FAST)
    op = server.client("op")
    op.ask("OPER root pw")
    server.configure("[limits]\nnicklen = 99\n")
    said = op.ask("REHASH")
    assert said.commands == ["382", "FAIL"] and said.one("FAIL").params[:2] == ["REHASH", "CONFIG_BAD"]
    assert "nicklen: 99 is out of range" in said.one("FAIL").params[-1]


def test_reload_without_the_file(start):
    server = start("[server]\nmotd_text = old\n" + FAST)
    server.path.unlink()
    server.send_signal(signal.SIGHUP)
    server.wait_log("nothing was changed")
    assert server.client().ask("MOTD").one("372").params[1] == "- old"


def test_reload_opens_and_closes_endpoints(start, tmp_path):
    server = start(FAST)
    old = server.client("old", address=server.unix)
    more = str(tmp_path / "more")
    both = server.endpoints
    server.endpoints = f"[listen]\nendpoint = 127.0.0.1:{server.tcp[1]}\nendpoint = {more}\n"
    server.reload(FAST)
    fresh_one = server.client("new", address=more)
    with pytest.raises(OSError):
        Client(server.unix)
    assert not os.path.exists(server.unix)
    old.ask(f"PRIVMSG {fresh_one.nick} :still here")
    assert fresh_one.sync().one("PRIVMSG")
    server.endpoints = both
    server.reload(FAST)
    server.client(address=server.unix)


def test_reload_with_an_endpoint_that_cannot_be_opened(start):
    server = start("[server]\nmotd_text = old\n" + FAST)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server.endpoints += f"endpoint = 127.0.0.1:{taken.getsockname()[1]}\n"
        server.reload("[server]\nmotd_text = new\n" + FAST)
    server.wait_log("Address already in use")
    for address in (server.tcp, server.unix):
        assert server.client(address=address).ask("MOTD").one("372").params[1] == "- old"


def test_reload_does_not_change_the_casemapping(start):
    server = start(FAST)
    server.reload("[server]\ncasemapping = rfc1459\n" + FAST)
    server.wait_log("casemapping changes at the next start")
    assert "CASEMAPPING=precis" in server.connect(fresh("c")).register().text


def test_a_hundred_reloads_leave_descriptors_and_memory_alone(start):
    server = start("[server]\nmotd_text = x\n" + FAST)
    c = server.client("c")
    for i in range(10):
        server.reload(f"[server]\nmotd_text = {i}\n" + FAST)
    c.sync()
    memory, descriptors = server.memory(), server.descriptors()
    for i in range(100):
        server.reload(f"[server]\nmotd_text = {'x' * 100} {i}\n" + FAST)
    c.sync()
    assert server.descriptors() <= descriptors
    server.check_memory(memory, 1 << 20)
    assert c.ask("MOTD").one("372").params[1].endswith(" 99")


def test_a_name_given_anew_is_used_at_once(start):
    server = start(FAST)
    c = server.client("c")
    server.head = "[server]\nname = other.example\n"
    server.reload(FAST)
    assert c.ask("VERSION")[0].source == "other.example"
    wait_until(lambda: c.ask("PING x").one("PONG").params[0] == "other.example", "the name")
