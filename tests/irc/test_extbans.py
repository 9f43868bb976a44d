"""Extended bans by what is known of a connection, and what bans give away of addresses that are hidden."""

import pytest
from harness import FAST, binary_names, fresh
from mmdb import write
from test_tls import member, secure  # noqa: F401

GATE = "[webirc kiwi]\nfrom = localhost\npassword = sesame\n"
OPER = "[oper root]\npassword = pw\n"
HIDDEN = FAST + OPER + GATE + "[cloak]\nlocal = yes\n"


def through(server, address, host=None):
    c = server.connect(fresh("w"))
    c.send(f"WEBIRC sesame kiwi {host or address} {address}")
    c.register()
    return c


def banned(client, channel):
    """Whether it is kept out; it leaves again where it is not."""
    said = client.ask(f"JOIN {channel}")
    if said.of("474"):
        return True
    client.ask(f"PART {channel}")
    return False


@pytest.fixture
def room(start):
    def one(config):
        server = start(config)
        op = server.client("op")
        return server, op, server.channel(op)

    return one


def host_of(client):
    return client.ask(f"WHOIS {client.nick}").one("311").params[3]


def only(op, channel, mask):
    """The one ban that there is."""
    for entry in op.ask(f"MODE {channel} b").of("367"):
        op.ask(f"MODE {channel} -b {entry.params[2]}")
    if mask:
        op.ask(f"MODE {channel} +b {mask}")
        assert [m.params[2] for m in op.ask(f"MODE {channel} b").of("367")] == [mask]


def test_gateways(room):
    server, op, channel = room(HIDDEN)
    web, plain = through(server, "203.0.113.7"), server.client("plain")
    for mask, met in (("~w:kiwi", True), ("~w:k*", True), ("~w:other", False)):
        only(op, channel, mask)
        assert banned(web, channel) is met, mask
        assert not banned(plain, channel)
    op.ask(f"MODE {channel} +e ~w:*", f"MODE {channel} +b *!*@*")
    assert banned(plain, channel) and not banned(web, channel)


def test_people_without_tls(secure):
    server = secure()
    op, plain, safe = server.client("op"), server.client("plain"), member(server, "safe")
    channel = server.channel(op)
    only(op, channel, "~z:plain")
    assert banned(plain, channel) and not banned(safe, channel)
    only(op, channel, "~z:tls")
    assert not banned(plain, channel) and banned(safe, channel)
    only(op, channel, None)
    op.ask(f"MODE {channel} +b ~z:maybe", f"MODE {channel} +b ~z:", f"MODE {channel} +b ~G:deu", f"MODE {channel} +b ~w:")
    assert [m.params[2] for m in op.ask(f"MODE {channel} b").of("367")] in ([], ["~w:"])


@pytest.mark.skipif(not binary_names(b"MMDB_open"), reason="built without libmaxminddb")
def test_countries(start, tmp_path):
    base = tmp_path / "countries.mmdb"
    write(base, {"203.0.113.0/24": "DE", "2001:db8::/32": "FR"})
    config = HIDDEN + f"[lookup]\nhosts = no\ncountry = {base}\n"
    server = start(config)
    op = server.client("op")
    assert any("EXTBAN=~,GUacmrwz" in m.params for m in op.ask("VERSION").of("005"))
    channel = server.channel(op)
    german, french = through(server, "203.0.113.7"), through(server, "2001:db8::7")
    unknown = through(server, "198.51.100.7")
    for mask, met in (("~G:de", german), ("~G:FR", french)):
        only(op, channel, mask)
        for c in (german, french, unknown):
            assert banned(c, channel) is (c is met), mask
    only(op, channel, "~m:~G:de")
    assert not banned(german, channel)
    # A new database, put in its place, is used from the next reload on; who is here stays what they are.
    write(tmp_path / "new", {"198.51.100.0/24": "DE"})
    (tmp_path / "new").rename(base)
    server.reload(config)
    only(op, channel, "~G:de")
    late = through(server, "198.51.100.8")
    assert banned(german, channel) and banned(late, channel) and not banned(unknown, channel)
    # What is no database is refused with its line, and the one before stays.
    base.with_name("bad").write_text("nonsense")
    server.path.write_text(server.path.read_text().replace(str(base), str(base.with_name("bad"))))
    server.send_signal(1)
    server.wait_log(r"\[lookup\] country: .*bad: ")
    assert banned(through(server, "198.51.100.9"), channel)


def test_countries_after_a_restart(start, tmp_path):
    if not binary_names(b"MMDB_open"):
        pytest.skip("built without libmaxminddb")
    from test_handover import restart

    base = tmp_path / "countries.mmdb"
    write(base, {"203.0.113.0/24": "DE"})
    server = start(HIDDEN + f"[lookup]\nhosts = no\ncountry = {base}\n")
    op, german, plain = server.client("op"), through(server, "203.0.113.7"), server.client("plain")
    channel = server.channel(op)
    base.unlink()
    server.configure(HIDDEN)
    restart(server)
    for mask in ("~G:de", "~w:kiwi"):
        only(op, channel, mask)
        assert banned(german, channel) and not banned(plain, channel), mask


def test_a_ban_does_not_find_out_an_address(room):
    """Whoever may set a ban learns nothing by trying addresses and names: the cloak's parts alone meet who hides behind it."""
    server, op, channel = room(HIDDEN + "[lookup]\nhosts = no\n")
    hidden = through(server, "203.0.113.7", "gate.isp.example")
    for mask in ("*!*@203.0.113.7", "*!*@203.0.113.*", "*!*@203.*", "*!*@gate.isp.example", "*!*@gate.*", "*!*@*3.0.113*"):
        only(op, channel, mask)
        assert not banned(hidden, channel), mask
    shown = host_of(hidden)
    for mask in (f"*!*@{shown}", "*!*@*.isp.example"):
        only(op, channel, mask)
        assert banned(hidden, channel), mask
    # Another of the same network, which has no name: the parts of its cloak meet the first one too.
    other = through(server, "203.0.113.9")
    wide = host_of(other).split(".", 1)[1]
    only(op, channel, f"*!*@*.{wide}")
    assert banned(hidden, channel) and banned(other, channel)
    # Nor does a host given by an operator let anybody past.
    root = server.client("root")
    root.ask("OPER root pw", f"CHGHOST {hidden} vhost.example")
    assert host_of(hidden) == "vhost.example"
    assert banned(hidden, channel)
    only(op, channel, f"*!*@{shown}")
    assert banned(hidden, channel)
    only(op, channel, "*!*@203.0.113.7")
    assert not banned(hidden, channel)
    # The bans of the whole server, which operators set, meet the address.
    root.ask("DLINE 203.0.113.7 :out")
    assert hidden.rest().of("ERROR")


def test_addresses_that_nothing_hides_are_met(room):
    server, op, channel = room(FAST + GATE + "[cloak]\nenabled = no\n[lookup]\nhosts = no\n")
    open_ = through(server, "203.0.113.7", "gate.isp.example")
    for mask in ("*!*@203.0.113.7", "*!*@gate.isp.example"):
        only(op, channel, mask)
        assert banned(open_, channel), mask
