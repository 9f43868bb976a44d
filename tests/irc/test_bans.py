"""Bans of the whole server: setting, meeting, listing, ending and keeping them."""

import signal
import time

import pytest

import sasl
from harness import FAST, free_port, fresh, wait_until
from test_handover import restart

OPER = FAST + "[oper root]\npassword = secret\n"


@pytest.fixture
def server(start):
    return start(OPER)


def oper(daemon, nick=None):
    client = daemon.client("root", nick=nick)
    assert client.ask("OPER root secret").of("381")
    return client


def refused(daemon, nick, source=None, username="user", realname="A Person"):
    """Somebody who tries to come in; all that was said."""
    client = daemon.connect(nick, source=source)
    client.send(f"NICK {nick}", f"USER {username} 0 * :{realname}")
    return client.rest()


def test_mask(server):
    root = oper(server)
    victim, other = server.client("evil"), server.client()
    channel = server.channel(victim, other)
    said = root.ask("UBAN ADD evil*!*@* no more of this")
    assert "evil*!*@*" in said.one("NOTICE").params[1], said.tail
    last = victim.rest()
    assert last.one("465").params[1] == "You are banned from this server: no more of this"
    assert "Banned: no more of this" in last.one("ERROR").params[0]
    quit = other.sync().one("QUIT")
    assert quit.source.startswith(victim.nick) and quit.params == ["Banned: no more of this"]
    again = refused(server, fresh("evil"))
    assert again.one("465").params[1].endswith("no more of this") and not again.of("001")
    assert "Banned" in again.one("ERROR").params[0]
    assert other.ask(f"NAMES {channel}").of("353")
    root.ask("UBAN DEL evil*!*@*")
    server.client("evil")


def test_address_is_refused_at_the_door(server):
    root = oper(server)
    root.ask("DLINE 127.0.0.2/31 :go away")
    for source in ("127.0.0.2", "127.0.0.3"):
        client = server.connect("x", source=source)
        lines = client.rest()
        assert lines.commands == ["ERROR"] and "Banned: go away" in lines[0].params[0], lines.tail
    entry = server.wait_log(r"event=user-banned|CHATD_EVENT=user-banned", 2)
    assert "127.0.0.3" in entry
    server.connect(fresh("nick"), source="127.0.0.4").register()
    listed = root.ask("UBAN LIST").of("NOTICE")
    assert "127.0.0.2/31" in listed[0].params[1] and "met 2" in listed[0].params[1]
    assert root.ask("UNDLINE 127.0.0.2/31").of("NOTICE")
    server.connect(fresh("nick"), source="127.0.0.2").register()


def test_realname(server):
    root = oper(server)
    root.ask("XLINE *buy?cheap* :no trade")
    assert refused(server, fresh("nick"), realname="You buy cheap here").one("465").params[1].endswith("no trade")
    assert server.client().nick


def test_customary_names(server):
    root = oper(server)
    victim = server.connect(fresh("nick"), source="127.0.0.9")
    victim.register()
    assert "address 127.0.0.9:" in root.ask(f"KLINE 60 {victim} :by nick").one("NOTICE").params[1]
    assert victim.rest().of("465")
    rows = [
        ("GLINE +a@*.example 1h :x", "GLINE -a@*.example"),
        ("ZLINE 1d 192.0.2.0/24 x", "UNZLINE 192.0.2.0/24"),
        ("XLINE bad :x", "UNXLINE bad"),
        ("SHUN bad!*@* :x", "UNSHUN bad!*@*"),
        ("KLINE bad!*@*", "UNKLINE bad!*@*"),
        ("UBAN ADD alice 2d x", "UBAN DEL ALICE"),
    ]
    for add, remove in rows:
        assert "#" in root.ask(add).one("NOTICE").params[1]
        assert "is removed" in root.ask(remove).one("NOTICE").params[1], remove
    assert "127.0.0.9" in root.ask("KLINE").of("NOTICE")[0].params[1]
    assert root.ask("UNKLINE 127.0.0.9").of("NOTICE")


def test_wrong_orders(server):
    root = oper(server)
    plain = server.client()
    for line in ("UBAN LIST", "KLINE a!*@*", "STATS k", "TESTLINE a"):
        assert plain.ask(line).of("481"), line
    rows = [
        ("UBAN ADD *!*@*", "INVALID_TARGET"),
        ("UBAN ADD 0.0.0.0/0", "INVALID_TARGET"),
        ("DLINE nobody", "INVALID_TARGET"),
        ("UBAN DEL 99", "NO_SUCH_BAN"),
        ("UNKLINE nobody!*@*", "NO_SUCH_BAN"),
        ("UBAN INFO nobody", "NO_SUCH_BAN"),
        ("UBAN WHAT x", "UNKNOWN_SUBCOMMAND"),
    ]
    for line, code in rows:
        assert root.ask(line).one("FAIL").params[1] == code, line
    assert root.ask("UBAN ADD").of("461")


def test_operators_are_safe_from_a_slip(server):
    root = oper(server)
    root.ask("UBAN ADD 127.0.0.0/8 oops")
    assert root.ask("UBAN DEL 127.0.0.0/8").of("NOTICE")


def test_shun(server):
    root = oper(server)
    victim, other = server.client("quiet"), server.client()
    channel = server.channel(other, victim)
    root.ask("SHUN quiet*!*@* :enough")
    said = victim.ask(f"PRIVMSG {channel} :hello", f"NICK {fresh('other')}", f"TOPIC {channel} :x", "WHOIS root")
    assert not said, said.tail
    assert not other.sync()
    victim.ask(f"PART {channel} :my last words")
    assert other.sync().one("PART").params == [channel]
    # Each of them is counted, and who listens neither: PING is none of them.
    victim.ask("PING x")
    listed = root.ask("SHUN").of("NOTICE")[0].params[1]
    assert "met 4: enough" in listed and f"set by {root.nick}!" in listed
    assert root.ask(f"TESTLINE {victim}").one("725").params[1:4] == ["S", "0", "quiet*!*@*"]
    root.ask("UNSHUN quiet*!*@*")
    victim.join(channel)
    victim.ask(f"PRIVMSG {channel} :heard again")
    assert other.sync().one("PRIVMSG").params[1] == "heard again"


def test_expiry_by_itself(server):
    root = oper(server)
    root.ask("UBAN ADD 1s brief!*@* gone soon", "UBAN ADD 2s briefly!*@*", "UBAN ADD 1h stays!*@*")
    assert refused(server, "brief").of("465")[0].params[1].count("until") == 1
    server.wait_log("the ban of mask brief!\\*@\\* is gone")
    server.wait_log("the ban of mask briefly!\\*@\\* is gone")
    server.connect("brief").register()
    assert len(root.ask("UBAN LIST").of("NOTICE")) == 2


def test_stats_and_testline(server):
    root = oper(server)
    root.ask("KLINE bad!*@evil.example :k", "DLINE 192.0.2.0/24 :d", "XLINE nasty :x", "SHUN mute!*@* :s")
    rows = [m.params[1:] for m in root.ask("STATS k").of("216")]
    assert rows == [["K", "192.0.2.0/24", "*", "*", "d"], ["K", "evil.example", "*", "*", "k"]]
    assert root.ask("STATS d").one("225").params[1:] == ["D", "192.0.2.0/24", "d"]
    assert root.ask("STATS x").one("247").params[1:] == ["X", "0", "nasty", "x"]
    assert sorted(m.params[1] for m in root.ask("STATS g").of("223")) == ["D", "K", "S", "X"]
    assert root.ask("STATS s").one("223").params[1] == "S"
    assert root.ask("TESTLINE bad!u@evil.example").one("725").params[1] == "K"
    assert root.ask("TESTLINE 192.0.2.9").one("725").params[1:4] == ["D", "0", "192.0.2.0/24"]
    assert root.ask("TESTLINE good!u@fine.example").of("726")


def test_whom_a_ban_would_meet(start):
    server = start(OPER)
    root = oper(server)
    near = [server.connect(fresh("near"), source=f"127.0.7.{n}") for n in range(1, 31)]
    for client in near:
        client.register()
    said = root.ask("TESTMASK 127.0.7.0/24")
    assert said.one("727").params[1:3] == ["30", "0"]
    assert {m.params[1].split("!")[0] for m in said.of("NOTICE")} == {c.nick for c in near}
    assert all(" 127.0.7." in m.params[1] for m in said.of("NOTICE"))
    assert root.ask("TESTMASK near*!*@*").one("727").params[1] == "30"
    assert root.ask("TESTMASK ~r:A?Person").one("727").params[1] == "31"
    assert root.ask("TESTMASK x@127.0.7.0/24").one("FAIL").params[1] == "INVALID_TARGET"
    assert root.ask("TESTMASK nobody!*@*").one("727").params[1] == "0"
    assert root.ask("TESTMASK *!*@*").of("727") and not root.ask("UBAN LIST").of("NOTICE")[1:]
    assert near[0].ask("TESTMASK near*!*@*").of("481")


def test_whom_it_would_meet_tells_no_address(start):
    """Who may ban and may not see addresses does not find them out by asking."""
    server = start(OPER + "[cloak]\nlocal = yes\n[class c]\nprivileges = ban\n[oper blind]\npassword = x\nclass = c\n")
    blind, hidden = server.client("blind"), server.connect(fresh("h"), source="127.0.7.9")
    hidden.register()
    assert blind.ask("OPER blind x").of("381")
    assert blind.ask("TESTMASK 127.0.7.9").one("727").params[1] == "0"
    said = blind.ask(f"TESTMASK {hidden}!*@*")
    assert said.one("727").params[1] == "1" and "127.0.7.9" not in said.tail


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGKILL])
def test_kept(start, tmp_path, signo):
    state = tmp_path / "state"
    daemon = start(OPER, args=["--state", str(state)])
    root = oper(daemon)
    root.ask("UBAN ADD evil*!*@* stays", "DLINE 127.0.0.5 :stays too", "UBAN ADD gone!*@*", "UBAN DEL gone!*@*")
    before = [m.params[1].split(", met")[0] for m in root.ask("UBAN LIST").of("NOTICE")]
    daemon.send_signal(signo)
    daemon.process.wait()
    daemon.release()
    again = start(OPER, args=["--state", str(state)])
    assert refused(again, fresh("evil")).of("465")
    assert again.connect("x", source="127.0.0.5").rest().commands == ["ERROR"]
    after = [m.params[1].split(", met")[0] for m in oper(again).ask("UBAN LIST").of("NOTICE")]
    assert before == after and len(after) == 3


def test_end_while_the_server_was_down(start, tmp_path):
    state = tmp_path / "state"
    daemon = start(OPER, args=["--state", str(state)])
    oper(daemon).ask("UBAN ADD 1s late!*@*")
    daemon.process.kill()
    daemon.process.wait()
    daemon.release()
    again = start(OPER, args=["--state", str(state)])
    again.wait_log("the ban of mask late!\\*@\\* is gone")
    again.connect("late").register()


def test_bound(start):
    daemon = start(OPER + "[limits]\nbans = 2\n")
    root = oper(daemon)
    root.ask("UBAN ADD aa!*@*", "UBAN ADD bb!*@*", "UBAN ADD aa!*@* again")
    assert root.ask("UBAN ADD cc!*@*").one("FAIL").params[:2] == ["UBAN", "LIST_FULL"]


def test_a_long_list_streams(start):
    daemon = start(OPER)
    root = oper(daemon)
    for n in range(0, 3000, 100):
        root.ask(*[f"UBAN ADD n{i}!*@*" for i in range(n, n + 100)])
    listed = root.ask("UBAN LIST").of("NOTICE")
    assert len(listed) == 3001 and listed[-1].params[1] == "End of list: 3000"
    assert len(root.ask("UBAN LIST n12*").of("NOTICE")) == 112
    assert len(root.ask("STATS g").of("223")) == 3000


def test_log(server):
    root = oper(server)
    root.ask("UBAN ADD 1h evil!*@* because")
    entry = server.wait_log("ban-set")
    assert "evil!*@*" in entry and "because" in entry and root.nick in entry
    root.ask("UBAN DEL evil!*@*")
    assert root.nick in server.wait_log("ban-removed")


def test_restart_without_a_disconnect(start, tmp_path):
    daemon = start(OPER, args=["--state", str(tmp_path / "state")])
    root, quiet, other = oper(daemon), daemon.client("quiet"), daemon.client()
    channel = daemon.channel(other, quiet)
    root.ask("SHUN quiet*!*@* :enough", "UBAN ADD evil*!*@*", "UBAN ADD 2s brief!*@*", "DEFCON 4")
    root.ask("FILTER ADD refuse c 0 why :badword")
    assert refused(daemon, "evilone").of("465")
    before = root.ask("UBAN LIST").of("NOTICE")
    daemon.send_signal(signal.SIGUSR2)
    daemon.wait_notice("READY=1", 2)
    assert not quiet.ask(f"PRIVMSG {channel} :hello") and not other.sync()
    assert other.ask(f"PRIVMSG {channel} :badword").of("FAIL")
    assert "DEFCON 4 (watchful), now" in root.ask("DEFCON").text
    after = [m.params[1] for m in root.ask("UBAN LIST").of("NOTICE")]
    assert any("evil" in line and "met 1" in line for line in after), after
    assert len(before) >= len(after) >= 3
    daemon.wait_log("the ban of mask brief!\\*@\\* is gone")
    assert refused(daemon, "eviltwo").of("465")


ACCOUNTS = OPER + "[accounts]\niterations = 4096\n"
PASSWORD = "correct horse"


def register_account(daemon):
    client = daemon.client("acc", caps="sasl draft/account-registration standard-replies")
    assert client.ask(f"REGISTER * * :{PASSWORD}").of("900")
    return client


def come_with_account(daemon, account, source):
    """A newcomer who logs in first; all that was said."""
    client = daemon.connect(fresh("nick"), source=source)
    client.send("CAP REQ :sasl")
    assert sasl.plain(client, account, PASSWORD).of("903")
    client.send(f"NICK {client.nick}", "USER u 0 * :U", "CAP END")
    return client


def test_require_sasl(start):
    daemon = start(ACCOUNTS)
    root, known = oper(daemon), register_account(daemon)
    root.ask("UBAN ADD REQUIRE-SASL 127.0.0.6 open proxies")
    said = refused(daemon, fresh("nick"), source="127.0.0.6")
    assert said.one("465").params[1] == "You are banned from this server: log in to an account first: open proxies"
    come_with_account(daemon, known.nick, "127.0.0.6").wait("001")


def test_account(start):
    daemon = start(ACCOUNTS)
    root, known = oper(daemon), register_account(daemon)
    account = known.nick
    root.ask(f"UBAN ADD {account} enough of you")
    assert known.rest().one("465").params[1].endswith("enough of you")
    assert come_with_account(daemon, account, "127.0.0.1").rest().of("465")
    later = daemon.client("later", caps="sasl")
    later.send("AUTHENTICATE PLAIN", "AUTHENTICATE " + sasl.encode(f"\0{account}\0{PASSWORD}".encode()))
    assert later.rest().one("465").params[1].endswith("enough of you")


def test_behind_a_proxy(start):
    port = free_port()
    daemon = start(f"[listen]\nendpoint = 127.0.0.1:{port}?proxy\n" + OPER)
    oper(daemon).ask("DLINE 198.51.100.0/24 :not you")
    client = daemon.connect("x", ("127.0.0.1", port))
    client.raw(b"PROXY TCP4 198.51.100.7 192.0.2.1 40000 6667\r\n")
    lines = client.rest()
    assert lines.commands == ["ERROR"] and "Banned: not you" in lines[0].params[0]


def test_no_way_around_by_another_name(server):
    root = oper(server)
    root.ask("XLINE *buy?now* :no trade", "UBAN ADD evil*!*@* no more")
    one, other = server.client(caps="setname"), server.client()
    one.send("SETNAME :come and buy now")
    assert one.rest().one("465").params[1].endswith("no trade")
    other.send(f"NICK {fresh('evil')}")
    assert other.rest().one("465").params[1].endswith("no more")


def come_again(daemon, how, start, options):
    """The daemon after a restart that drops nobody, or after a crash."""
    if how == "handover":
        restart(daemon)
        return daemon
    daemon.process.kill()
    daemon.process.wait()
    daemon.release()
    return start(OPER, **options)


@pytest.mark.parametrize("how", ["handover", "crash"])
def test_timed_bans_end_on_time_after_a_restart(start, tmp_path, how):
    """Of the server and of a channel: they hold still, and end when they were to end, with nobody doing anything."""
    options = {"args": ["--state", str(tmp_path / "state")]}
    daemon = start(OPER, **options)
    root = oper(daemon)
    root.ask("JOIN #kept", "MODE #kept +r")
    begin = time.time()
    root.ask("UBAN ADD 6s timed!*@* for a while", "TBAN #kept 6s brief!*@*", "UBAN ADD 1h long!*@*", "TBAN #kept 1h longer!*@*")
    again = come_again(daemon, how, start, options)
    late = time.time() - begin > 5
    guest = again.client("guest", nick="brief")
    assert late or refused(again, "timed").of("465")
    assert late or guest.ask("JOIN #kept").of("474")
    again.wait_log("the ban of mask timed!\\*@\\* is gone: its time is over")
    assert 5.5 < time.time() - begin
    again.connect("timed").register()
    wait_until(lambda: not guest.ask("JOIN #kept").of("474"), "the ban of the channel to end")
    assert 5.5 < time.time() - begin
    masks = [m.params[2] for m in guest.ask("MODE #kept b").of("367")]
    assert masks == ["longer!*@*"]
    assert refused(again, "long").of("465")
