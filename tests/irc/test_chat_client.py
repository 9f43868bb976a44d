"""chat-client from outside: against a scripted server, on pipes and on a pseudo-terminal."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import termios
import time

import pytest
from scripted_server import ScriptedServer
from terminal import Screen, Terminal, last_rows

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIENT = os.environ.get("CHAT_CLIENT", str(ROOT / "build/src/chat-client/chat-client"))
DEADLINE = 20
ALL_CAPS = "batch echo-message labeled-response message-tags server-time multi-prefix sasl=PLAIN"


@pytest.fixture(autouse=True)
def state_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def run_client(server, *args, data=b"", timeout=DEADLINE, **kwargs):
    command = [CLIENT, "-n", "me", "-c", "#lobby", *args, *server.where]
    return subprocess.run(command, input=data, capture_output=True, timeout=timeout, check=False, **kwargs)


@pytest.mark.parametrize("caps", ["", "echo-message", ALL_CAPS])
def test_pipe_sends_and_exits_0(caps):
    with ScriptedServer(caps) as server:
        done = run_client(server, data="hola\nqué tal\n\nlast, without a newline".encode())
    assert done.returncode == 0, done.stderr
    assert server.said() == ["hola", "qué tal", "last, without a newline"]
    assert re.fullmatch(r"\[\d\d:\d\d\] <me> hola", done.stdout.decode().splitlines()[0])
    assert done.stderr == b""


def test_pipe_waits_for_the_last_acknowledgement():
    def keep_silent(server, tags, params):
        server.label = tags["label"]

    with ScriptedServer(ALL_CAPS, script={"PRIVMSG": keep_silent}) as server:
        client = subprocess.Popen([CLIENT, "-n", "me", "-c", "#lobby", *server.where], stdin=subprocess.PIPE)
        client.stdin.write(b"hi\n")
        client.stdin.close()
        server.wait_for(r"^PRIVMSG #lobby :hi")
        with pytest.raises(subprocess.TimeoutExpired):
            client.wait(0.5)
        assert not any(line.startswith("QUIT") for line in server.lines)
        server.send(f"@label={server.label} :me!u@host.test PRIVMSG #lobby :hi")
        assert client.wait(DEADLINE) == 0
        server.wait_for("^QUIT")


@pytest.mark.parametrize("caps", ["", "echo-message", ALL_CAPS])
def test_many_lines_arrive_in_order_with_few_unacknowledged(caps):
    wanted = [f"line {i}" for i in range(20000)]
    with ScriptedServer(caps) as server:
        done = run_client(server, data="\n".join(wanted).encode() + b"\n", timeout=60)
    assert done.returncode == 0, done.stderr
    assert server.said() == wanted


@pytest.mark.parametrize("caps", ["", ALL_CAPS])
def test_unacknowledged_lines_are_bounded(caps):
    lines = []

    def count(server, tags, params):
        lines.append(params[1])

    with ScriptedServer(caps, script={"PRIVMSG": count, "PING": lambda *_: None}) as server:
        client = subprocess.Popen([CLIENT, "-n", "me", "-c", "#lobby", *server.where], stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL)
        client.stdin.write(b"x\n" * 1000)
        client.stdin.close()
        server.wait_for(r"^PRIVMSG")
        with pytest.raises(subprocess.TimeoutExpired):
            client.wait(0.7)
        assert 1 <= len(lines) <= 16
        client.kill()
        client.wait()


def test_from_a_file_and_from_dev_null(tmp_path):
    text = tmp_path / "text"
    text.write_text("one\ntwo\n")
    for path, wanted in ((text, ["one", "two"]), ("/dev/null", [])):
        with ScriptedServer(ALL_CAPS) as server, open(path, "rb") as stdin:
            done = subprocess.run([CLIENT, "-n", "me", "-c", "lobby", *server.where], stdin=stdin,
                                  capture_output=True, timeout=DEADLINE, check=False)
            assert done.returncode == 0, done.stderr
            assert server.said() == wanted


def test_stdin_closed():
    with ScriptedServer() as server:
        done = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", CLIENT, "-n", "me", "-c", "#lobby", *server.where],
                              capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stderr
    assert any(line.startswith("QUIT") for line in server.lines)


def test_unix_socket(tmp_path):
    with ScriptedServer(ALL_CAPS, path=str(tmp_path / "sock")) as server:
        done = run_client(server, data=b"hi\n")
    assert done.returncode == 0, done.stderr
    assert server.said() == ["hi"]


def on_terminal(server, **kwargs):
    return Terminal([CLIENT, "-n", "me", "-c", "#lobby", *server.where], **kwargs)


def ticks_of(process):
    """The processor time it has used."""
    stat = pathlib.Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
    return sum(int(n) for n in stat.rsplit(")", 1)[1].split()[11:13])


HOSTILE = ["\x1b]52;c;aGk=\x07", "\x1b[31mred\x1b[2J", "\u009b31m", "\u202egnp.exe", "a\u200bb", "\x7f\x01\x08",
           "\ufeff"]


def hostile_lines():
    for text in HOSTILE:
        field = text.replace("\x07", "").replace(" ", "")
        yield f":ana!u@h PRIVMSG #lobby :{text}"
        yield f":{field}!{field}@{field} PRIVMSG #lobby :x"
        yield f":{field}!{field}@{field} JOIN #lobby"
        yield f":ana!u@h NOTICE me :{text}"
        yield f":ana!u@h PRIVMSG #lobby :\x01ACTION {text}\x01"
        yield f":ana!u@h PRIVMSG me :\x01{field} {text}\x01"
        yield f":ana!u@h TOPIC #lobby :{text}"
        yield f":ana!u@h PART #lobby :{text}"
        yield f":ana!u@h QUIT :{text}"
        yield f":ana!u@h KICK #lobby {field} :{text}"
        yield f":ana!u@h NICK {field}"
        yield f":ana!u@h MODE #lobby +b {field}"
        yield f":ana!u@h INVITE me #{field}"
        yield f"@time={field};+x={field} :ana!u@h PRIVMSG #{field} :{text}"
        yield f":irc.test 372 me :{text}"
        yield f":irc.test 311 me ana {field} {field} * :{text}"
        yield f":irc.test 317 me ana {field} {field} :x"
        yield f":irc.test 404 me #{field} :{text}"
        yield f"FAIL X {field} :{text}"
    yield b":ana!u@h PRIVMSG #lobby :\x9b31m\xff\xfe\x80 raw"
    yield b":ana!u@h PRIVMSG #lobby :\x02bold\x02 \x0304,12colours\x03 \x04ff0000hex\x0f done"


def assert_inert(output):
    text = output.decode("utf-8")
    bad = [c for c in text if c != "\n" and (ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F)]
    assert bad == []
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", text)


def test_no_hostile_byte_is_printed():
    def flood(server, tags, params):
        server.send(":me!u@host.test JOIN #lobby")
        for line in hostile_lines():
            server.send(line)
        server.close()

    with ScriptedServer(ALL_CAPS, script={"JOIN": flood}) as server:
        done = run_client(server, "-w", data=b"")
    assert done.returncode == 69
    assert_inert(done.stdout)
    assert_inert(done.stderr)
    assert b"raw" in done.stdout and b"aGk=" in done.stdout and b"aGk=" in done.stderr
    assert b"bold colours hex done" in done.stdout


def test_server_time_is_shown_in_local_time():
    def talk(server, tags, params):
        server.send(":me!u@host.test JOIN #lobby")
        server.send("@time=2026-01-31T12:34:56.789Z :ana!u@h PRIVMSG #lobby :then")
        server.send("@time=2026-13-31T12:34:56.789Z :ana!u@h PRIVMSG #lobby :never")
        server.close()

    with ScriptedServer(ALL_CAPS, script={"JOIN": talk}) as server:
        done = run_client(server, "-w", env={**os.environ, "TZ": "XXX-5:30"})
    assert "[18:04] <ana> then\n" in done.stdout.decode()
    assert "> never\n" in done.stdout.decode()


def test_nick_in_use_gets_an_underscore():
    with ScriptedServer(taken=["me", "me_"]) as server:
        done = run_client(server, data=b"hi\n")
    assert done.returncode == 0, done.stderr
    assert server.nick == "me__"
    assert server.said() == ["hi"]


def test_nick_in_use_for_ever_gives_up():
    def refuse(server, tags, params):
        server.numeric("433", params[0], ":Nickname is already in use")

    with ScriptedServer(script={"NICK": refuse}) as server:
        done = run_client(server, data=b"hi\n")
    assert done.returncode == 75
    assert b"chat-client: the nick is in use" in done.stderr
    assert 2 <= sum(line.startswith("NICK") for line in server.lines) <= 10


def test_banned_is_exit_77():
    def ban(server, tags, params):
        server.numeric("465", ":You are banned")
        server.send("ERROR :Closing link (banned)")
        server.close()

    with ScriptedServer(script={"USER": ban}) as server:
        done = run_client(server, data=b"hi\n")
    assert done.returncode == 77
    assert b"You are banned" in done.stderr


@pytest.mark.parametrize("caps", ["", ALL_CAPS])
def test_refused_message_is_exit_77(caps):
    def refuse(server, tags, params):
        label = f"@label={tags['label']} " if "label" in tags else ""
        server.send(f"{label}:irc.test 404 me #lobby :Cannot send to channel")

    with ScriptedServer(caps, script={"PRIVMSG": refuse}) as server:
        done = run_client(server, data=b"hi\n")
    assert done.returncode == 77
    assert b"Cannot send to channel" in done.stderr


def test_refused_channel_is_exit_77():
    with ScriptedServer(script={"JOIN": lambda s, t, p: s.numeric("473", p[0], ":Cannot join channel (+i)")}) as server:
        done = run_client(server, data=b"hi\n")
    assert done.returncode == 77
    assert server.said() == []


def test_kicked_out_is_exit_77():
    def kick(server, tags, params):
        server.send(":op!u@h KICK #lobby me :enough")

    with ScriptedServer(ALL_CAPS, script={"PRIVMSG": kick}) as server:
        done = run_client(server, data=b"hi\n")
    assert done.returncode == 77


@pytest.mark.parametrize("when", ["CAP", "USER", "JOIN", "PRIVMSG"])
def test_server_closing_is_exit_69(when):
    with ScriptedServer(ALL_CAPS, script={when: lambda s, t, p: s.close()}) as server:
        done = run_client(server, data=b"hi\n")
    assert done.returncode == 69
    assert done.stderr.startswith(b"chat-client: ") and done.stderr.count(b"\n") == 1


def test_nobody_listening_is_exit_69(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    for where in (["-p", str(port), "127.0.0.1"], [f"127.0.0.1:{port}"], [f"[::1]:{port}"], [str(tmp_path / "no")]):
        done = subprocess.run([CLIENT, "-c", "#x", *where], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=DEADLINE, check=False)
        assert done.returncode == 69, where
        assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("args", [[], ["a", "b"], ["--nonsense", "host"], ["-c"], ["-c", "#a b", "host"],
                                  ["-n", "9lives", "host"], ["host"], ["-c", "#x", "[::1"], ["-c", "#x", "@host"]])
def test_wrong_usage_is_exit_64(args):
    done = subprocess.run([CLIENT, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode == 64
    assert done.stdout == b"" and done.stderr.startswith(b"chat-client: ")


def test_no_such_host_is_exit_68():
    done = subprocess.run([CLIENT, "-c", "#x", "no.such.host.invalid"], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 68


def test_help_and_version():
    for option, word in (("--help", b"usage: chat-client"), ("-h", b"--channel"), ("--version", b"chat-client ")):
        done = subprocess.run([CLIENT, option], capture_output=True, timeout=DEADLINE, check=False)
        assert done.returncode == 0 and word in done.stdout and done.stderr == b""


@pytest.mark.parametrize("caps", ["", ALL_CAPS])
def test_long_lines_are_split_between_code_points(caps):
    text = "a" + "é€😀" * 3000
    with ScriptedServer(caps) as server:
        done = run_client(server, data=text.encode() + b"\n")
    assert done.returncode == 0, done.stderr
    said = server.said()
    assert "".join(said) == text and len(said) > 5
    # others get ":nick!user@host PRIVMSG #lobby :text" and must get all of it
    prefix = len(":me!u@host.test PRIVMSG #lobby :\r\n")
    assert all(len(part.encode()) + prefix <= 512 for part in said)


def test_what_no_line_can_hold_is_replaced():
    with ScriptedServer(ALL_CAPS) as server:
        done = run_client(server, data=b"nul\0 bad\xff\x80 cr\rQUIT :no\r\n/join #x\n")
    assert done.returncode == 0, done.stderr
    assert server.said() == ["nul\ufffd bad\ufffd\ufffd cr QUIT :no", "/join #x"]


def test_wait_prints_until_the_server_closes():
    def talk(server, tags, params):
        server.send(":me!u@host.test JOIN #lobby")
        for i in range(3):
            server.send(f":ana!u@h PRIVMSG #lobby :news {i}")
        server.close()

    with ScriptedServer(ALL_CAPS, script={"JOIN": talk}) as server:
        done = run_client(server, "--wait", data=b"")
    assert done.returncode == 69
    assert [line[8:] for line in done.stdout.decode().splitlines()] == [f"<ana> news {i}" for i in range(3)]


def test_reader_of_stdout_gone():
    with ScriptedServer(ALL_CAPS) as server:
        client = subprocess.Popen([CLIENT, "-n", "me", "-c", "#lobby", "-w", *server.where], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        client.stdout.close()
        client.stdin.write(b"hi\n")
        client.stdin.flush()
        assert client.wait(DEADLINE) == 74
        client.stdin.close()
        client.stderr.close()


def test_typed_line_is_intact_when_messages_arrive():
    with ScriptedServer(ALL_CAPS) as server, on_terminal(server) as tty:
        server.wait_for(r"^JOIN")
        tty.shows(r"^#lobby> $|^#lobby>$")
        tty.type("hello wor")
        tty.shows(r"^#lobby> hello wor$")
        for i in range(20):
            server.send(f":ana!u@h PRIVMSG #lobby :news {i}")
        tty.shows(r"<ana> news 19$")
        tty.until(lambda rows: last_rows(rows)[-1] == "#lobby> hello wor", "typed line")
        rows = last_rows(tty.screen.text())
        assert [row[8:] for row in rows[-21:-1]] == [f"<ana> news {i}" for i in range(20)]
        tty.type("ld\r")
        server.wait_for(r"^PRIVMSG #lobby :hello world$")
        tty.shows(r"^\[\d\d:\d\d\] <me> hello world$")
        tty.until(lambda rows: last_rows(rows)[-1] == "#lobby>", "empty prompt")
        assert sum("hello world" in row for row in tty.screen.text()) == 1
        tty.type("/quit bye\r")
        assert tty.wait() == 0
        server.wait_for(r"^QUIT :bye$")


@pytest.mark.parametrize("columns", [40, 21, 10])
def test_typed_line_longer_than_the_terminal_is_intact(columns):
    typed = "".join(chr(ord("a") + i % 26) for i in range(70))
    with ScriptedServer(ALL_CAPS) as server, on_terminal(server, columns=columns) as tty:
        server.wait_for(r"^JOIN")
        label = "#lobby> " if columns >= 16 else "> "
        tty.until(lambda rows: label.strip() in rows, "prompt")
        for at in (typed[:50], typed[50:]):
            tty.type(at)
        whole = label + typed
        wanted = [whole[i:i + columns] for i in range(0, len(whole), columns)]
        tty.until(lambda rows: last_rows(rows)[-len(wanted):] == wanted, "typed line")
        # the cursor in the middle of it, and the redraw under way
        tty.type("\x01" + "\x06" * 33)
        for i in range(5):
            server.send(f":ana!u@h PRIVMSG #lobby :n{i}")
            tty.until(lambda rows: "n%d" % i in "".join(rows), "message")
            tty.until(lambda rows: last_rows(rows)[-len(wanted):] == wanted, "typed line after a message")
        shown = "".join(tty.screen.text())
        assert shown.count(typed[:9]) >= 1 and shown.count(label + typed[:2]) == 1
        tty.type("-\r")
        server.wait_for("^PRIVMSG #lobby :" + typed[:33] + "-" + typed[33:] + "$")


def test_typed_line_survives_a_resize():
    with ScriptedServer(ALL_CAPS) as server, on_terminal(server, columns=80) as tty:
        server.wait_for(r"^JOIN")
        tty.shows(r"^#lobby>")
        tty.type("still here")
        tty.shows("still here$")
        tty.resize(30, 10)
        tty.screen = Screen(30, 10)
        tty.program.send_signal(signal.SIGWINCH)
        server.send(":ana!u@h PRIVMSG #lobby :x")
        tty.until(lambda rows: last_rows(rows)[-1:] == ["#lobby> still here"], "typed line")
        tty.type("\r")
        server.wait_for("^PRIVMSG #lobby :still here$")


def test_commands():
    with ScriptedServer() as server, on_terminal(server) as tty:
        server.wait_for(r"^JOIN")
        tty.shows(r"^#lobby>")
        for typed, sent in (
            ("plain", r"^PRIVMSG #lobby :plain$"),
            ("//slash", r"^PRIVMSG #lobby :/slash$"),
            ("/me waves", "^PRIVMSG #lobby :\x01ACTION waves\x01$"),
            ("/msg bob hi there", r"^PRIVMSG bob :hi there$"),
            ("/topic new topic", r"^TOPIC #lobby :new topic$"),
            ("/topic", r"^TOPIC #lobby$"),
            ("/names", r"^NAMES #lobby$"),
            ("/who", r"^WHO #lobby$"),
            ("/whois bob", r"^WHOIS bob$"),
            ("/raw VERSION x", r"^VERSION x$"),
            ("/nick mine", r"^NICK mine$"),
            ("/join other", r"^JOIN #other"),
        ):
            tty.type(typed + "\r")
            server.wait_for(sent)
        tty.shows(r"\* me waves$")
        tty.shows(r"\*-> bob\* hi there$")
        tty.shows(r"you are mine now$")
        tty.shows(r"^#other>")
        tty.type("/part so long\r")
        server.wait_for(r"^PART #other :so long$")
        tty.shows(r"^#lobby>")
        tty.type("/join #lobby\r/nosuch\r/msg\r")
        tty.shows(r"there is no /nosuch$")
        tty.shows(r"/msg nick\|#channel text")
        tty.type("/help\r")
        tty.shows(r"/whois nick: ")
        tty.type("\x04")
        assert tty.wait() == 0
        assert not any(line == "JOIN #lobby " for line in server.lines[6:])


def test_editing_keys():
    with ScriptedServer() as server, on_terminal(server) as tty:
        server.wait_for(r"^JOIN")
        tty.shows(r"^#lobby>")
        # Delete where there is nothing to delete: not the end of input
        tty.type("\x1b[3~")
        # left, delete, home, end, an unknown function key, a lone escape, wide and accented characters
        tty.type("abXd\x1b[D\x1b[D\x1b[3~c\x1b[C\x1b[H1\x1b[F2\x1b[24~\x1b[1;2Z")
        tty.type("é日")
        tty.shows(r"^#lobby> 1abcd2é日")
        tty.type("\r")
        server.wait_for("^PRIVMSG #lobby :1abcd2é日$")
        tty.type("\x1b")
        time.sleep(0.3)
        tty.type("q\r")
        server.wait_for("^PRIVMSG #lobby :q$")
        tty.type("\x1b[A\x1b[A+\r")
        server.wait_for(r"^PRIVMSG #lobby :1abcd2é日\+$")


def test_terminal_modes_come_back():
    with ScriptedServer() as server, on_terminal(server) as tty:
        server.wait_for(r"^JOIN")
        before = termios.tcgetattr(tty.master)
        tty.shows(r"^#lobby>")
        assert not termios.tcgetattr(tty.master)[3] & termios.ICANON
        server.send("ERROR :bye")
        tty.type("\x04")
        assert tty.wait() == 0
        assert termios.tcgetattr(tty.master)[:4] == before[:4] or before[3] & termios.ICANON == 0
        assert termios.tcgetattr(tty.master)[3] & termios.ICANON


def test_interrupt_clears_the_line_then_leaves():
    with ScriptedServer() as server, on_terminal(server) as tty:
        server.wait_for(r"^JOIN")
        tty.shows(r"^#lobby>")
        tty.type("never said")
        tty.shows("never said$")
        tty.type("\x03")
        tty.until(lambda rows: last_rows(rows)[-1] == "#lobby>", "empty prompt")
        tty.type("\x03")
        assert tty.wait() == 130
        assert server.said() == []


def test_suspended_and_continued():
    with ScriptedServer() as server, on_terminal(server) as tty:
        server.wait_for(r"^JOIN")
        tty.shows(r"^#lobby>")
        tty.type("half a li")
        tty.shows("half a li$")
        tty.program.send_signal(signal.SIGTSTP)
        os.waitid(os.P_PID, tty.program.pid, os.WSTOPPED)
        assert termios.tcgetattr(tty.master)[3] & termios.ICANON
        tty.program.send_signal(signal.SIGCONT)
        tty.type("ne")
        tty.shows("half a line$")
        assert not termios.tcgetattr(tty.master)[3] & termios.ICANON
        tty.type("\r")
        server.wait_for("^PRIVMSG #lobby :half a line$")


@pytest.mark.parametrize("columns", [0, 1, 2, 3])
def test_narrow_terminal_is_quiet(columns):
    with ScriptedServer() as server, on_terminal(server, columns=columns) as tty:
        server.wait_for(r"^JOIN")
        tty.type("日本 wide and long enough to wrap")
        server.send(":ana!u@h PRIVMSG #lobby :hello")
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            tty.read(0.1)
        assert ticks_of(tty.program) < os.sysconf("SC_CLK_TCK") // 2
        tty.type("\r")
        server.wait_for("^PRIVMSG #lobby :日本 wide and long enough to wrap$")
        tty.type("\x04")
        assert tty.wait() == 0


def test_dumb_terminal_reads_plain_lines():
    with ScriptedServer() as server, on_terminal(server, term="dumb") as tty:
        server.wait_for(r"^JOIN")
        tty.shows(r"me .* joined #lobby$")
        tty.type("hi\n")
        server.wait_for(r"^PRIVMSG #lobby :hi$")
        tty.type("\x04")
        assert tty.wait() == 0
        assert b"\x1b" not in tty.raw


def test_terminal_hung_up():
    with ScriptedServer() as server:
        tty = on_terminal(server)
        server.wait_for(r"^JOIN")
        os.close(tty.master)
        assert tty.program.wait(DEADLINE) != 0


def test_a_terminal_that_is_gone_is_no_end_of_input():
    """Its end may be read before the signal comes; here none does."""
    with ScriptedServer() as server:
        tty = Terminal(["sh", "-c", 'trap "" HUP; exec "$@"', "sh", CLIENT, "-n", "me", "-c", "#lobby", *server.where])
        server.wait_for(r"^JOIN")
        os.close(tty.master)
        assert tty.program.wait(DEADLINE) == 74


@pytest.mark.parametrize("options", [["--wait"], ["--tail"]])
def test_terminal_gone_for_one_that_is_not_hung_up(options):
    """As under nohup: it neither spins on a terminal that is dead nor stays for ever."""
    with ScriptedServer() as server:
        tty = Terminal(["sh", "-c", 'trap "" HUP; exec "$@"', "sh", CLIENT, "-n", "me", "-c", "#lobby", *options,
                        *server.where])
        server.wait_for(r"^JOIN")
        os.close(tty.master)
        before = ticks_of(tty.program)
        for i in range(50):
            server.send(f":ana!u@h PRIVMSG #lobby :to nobody {i}")
        assert tty.program.wait(DEADLINE) == 74
        assert before < os.sysconf("SC_CLK_TCK") // 2


def test_stdin_closed_on_a_terminal():
    with ScriptedServer() as server:
        tty = Terminal(["sh", "-c", 'exec "$@" <&-', "sh", CLIENT, "-n", "me", "-c", "#lobby", "-w", *server.where])
        with tty:
            server.wait_for("^JOIN")
            before = ticks_of(tty.program)
            deadline = time.monotonic() + 1
            while time.monotonic() < deadline:
                tty.read(0.1)
            assert ticks_of(tty.program) - before < os.sysconf("SC_CLK_TCK") // 10
            server.send(":ana!u@h PRIVMSG #lobby :still here")
            tty.shows("<ana> still here")


def test_idle_client_sleeps():
    with ScriptedServer() as server:
        client = subprocess.Popen([CLIENT, "-n", "me", "-c", "#lobby", "-w", *server.where], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        server.wait_for(r"^JOIN")
        time.sleep(1)
        assert ticks_of(client) < os.sysconf("SC_CLK_TCK") // 4
        client.terminate()
        assert client.wait(DEADLINE) == 143
        server.wait_for("^QUIT")
