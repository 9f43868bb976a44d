"""The controller by which the conformance suite progval/irctest starts chatd; see tools/irctest."""

import os
import shutil
from pathlib import Path

from irctest import patma
from irctest.basecontrollers import BaseServerController, DirectoryBasedController, ProcessStopped
from irctest.runner import NotImplementedByController
from irctest.specifications import Capabilities, OptionalBehaviors

CHATD = os.environ.get("CHATD") or Path(__file__).resolve().parents[2] / "build/src/chatd/chatd"

# Tests send as fast as they can, and some of them hundreds of lines: flood control would only make them slow.
CONFIGURATION = """
[server]
name = My.Little.Server
network = irctest
description = test server
casemapping = {casemapping}
motd_text = Welcome.
admin_location = Somewhere
admin_organisation = irctest
admin_mail = admin@example.org
state = state
{password}

[listen]
endpoint = {hostname}:{port}
{websocket}

[log]
level = debug

[limits]
flood_burst = 10000
flood_rate = 10000
multiline_lines = 32

[history]
durability = none

[accounts]
password_min = 1
iterations = 4096
attempts = 0
before_connect = {before_connect}
email_required = {email_required}
always_on = {always_on}

[oper operuser]
password = operpassword
"""


class ChatdController(BaseServerController, DirectoryBasedController):
    software_name = "chatd"
    _port_wait_interval = 0.01
    supports_sts = False
    supported_sasl_mechanisms = frozenset({"PLAIN", "SCRAM-SHA-256"})
    extban_mute_char = "m"

    capabilities = frozenset(
        {
            Capabilities.ACCOUNT_NOTIFY,
            Capabilities.ACCOUNT_TAG,
            Capabilities.AWAY_NOTIFY,
            Capabilities.BATCH,
            Capabilities.ECHO_MESSAGE,
            Capabilities.EXTENDED_JOIN,
            Capabilities.EXTENDED_MONITOR,
            Capabilities.LABELED_RESPONSE,
            Capabilities.MESSAGE_TAGS,
            Capabilities.MULTI_PREFIX,
            Capabilities.SERVER_TIME,
            Capabilities.SETNAME,
        }
    )

    # What is missing: messages that are not UTF-8 (chatd is UTF8ONLY), and MULTI_NAMES_COMMAND. NAMES does take several channels, and answers each of them with an RPL_ENDOFNAMES of its own,
    # as modern.ircdocs.horse says; the suite wants one for all of them. So TARGMAX promises a single one.
    optional_behaviors = frozenset(
        {
            OptionalBehaviors.SASL_AFTER_REGISTRATION,
            OptionalBehaviors.SASL_REAUTHENTICATION,
            OptionalBehaviors.BAN_EXCEPTION_MODE,
            OptionalBehaviors.CAP_REQ_MINUS,
            OptionalBehaviors.ELIST_C,
            OptionalBehaviors.ELIST_M,
            OptionalBehaviors.ELIST_N,
            OptionalBehaviors.ELIST_T,
            OptionalBehaviors.ELIST_U,
            OptionalBehaviors.INVITE_EXCEPTION_MODE,
            OptionalBehaviors.INVITE_LIST,
            OptionalBehaviors.INVITE_OVERRIDES_LIMIT,
            OptionalBehaviors.METADATA_BEFORE_CONNECT,
            OptionalBehaviors.MULTI_JOIN,
            OptionalBehaviors.MULTI_KICK,
            OptionalBehaviors.MULTI_PRIVMSG,
            OptionalBehaviors.NO_CTCP,
        }
    )

    isupport = {
        "BOT": "B",
        "CASEMAPPING": "ascii",
        "CHANTYPES": "#",
        "ELIST": "CMNTU",
        "EXCEPTS": "e",
        "INVEX": "I",
        "MONITOR": patma.StrRe("[0-9]+"),
        "PREFIX": "(qaohv)~&@%+",
        "SAFELIST": None,
        "STATUSMSG": "~&@%+",
        "TARGMAX": patma.StrRe(".*PRIVMSG:[0-9]+.*"),
        "UTF8ONLY": None,
        "WHOX": None,
    }

    def run(
        self,
        hostname,
        port,
        *,
        password,
        ssl,
        run_services,
        faketime,
        websocket_hostname,
        websocket_port,
    ):
        if ssl:
            raise NotImplementedByController("TLS")
        websocket = ""
        if websocket_hostname and websocket_port:
            websocket = f"endpoint = ws://{websocket_hostname}:{websocket_port}"
        self.hostname, self.port = hostname, port
        self.create_config()
        configuration = self.directory / "chatd.conf"
        configuration.write_text(
            CONFIGURATION.format(
                hostname=hostname,
                port=port,
                websocket=websocket,
                before_connect="yes" if self.test_config.account_registration_before_connect else "no",
                casemapping=self.asked_of_ergo()["server"]["casemapping"],
                always_on="yes" if self.wants_always_on() else "no",
                email_required="yes" if self.test_config.account_registration_requires_email else "no",
                password=f"password = {password}" if password is not None else "",
            )
        )
        self.faketime_enabled = bool(faketime and shutil.which("faketime"))
        wrapper = ["faketime", "-f", faketime] if self.faketime_enabled else []
        self.command = [*wrapper, CHATD, "-c", configuration]
        self.proc = self.execute(self.command, proc_name="chatd")

    def restart(self):
        """Another process, with what the first one has kept."""
        self.proc.terminate()
        self.proc.wait()
        self.port_open = False
        self.proc = self.execute(self.command, proc_name="chatd")
        self.wait_for_port()

    def asked_of_ergo(self):
        """What tests ask of Ergo is the same here, under another name. What they do not ask for is ASCII: the casemapping that
        most tests are about, and those of UTF-8 without it."""
        asked = {"accounts": {"multiclient": {}}, "server": {"casemapping": "ascii"}}
        try:
            if self.test_config.ergo_config:
                self.test_config.ergo_config(asked)
        except (KeyError, TypeError):
            pass
        return asked

    def wants_always_on(self):
        return self.asked_of_ergo()["accounts"]["multiclient"].get("always-on") in ("opt-out", "mandatory")

    def kill_proc(self):
        """Ends chatd at once: told to stop, it would wait for the clients, which close only after it. One that ended by
        itself makes its test fail."""
        status = self.proc.poll()
        self.proc.kill()
        self.proc.wait()
        self.proc = None
        if status is not None:
            raise ProcessStopped(f"chatd ended during the test, with status {status}")

    def registerUser(self, case, username, password=None):
        """An account of that name, whose owner is not there any more."""
        assert case.run_services and password
        client = case.addClient(show_io=False)
        case.sendLine(client, "CAP LS 302")
        case.sendLine(client, "NICK " + username)
        case.sendLine(client, "USER r e g :user")
        case.sendLine(client, "CAP END")
        while case.getRegistrationMessage(client).command != "001":
            pass
        case.getMessages(client)
        case.sendLine(client, "REGISTER * * :" + password)
        while True:
            message = case.getMessage(client)
            if message.command == "REGISTER":
                break
        assert message.params[:2] == ["SUCCESS", username], message
        case.sendLine(client, "QUIT")
        case.assertDisconnected(client)

    def wait_for_services(self):
        """Accounts are a part of chatd: there is nothing else to wait for."""


def get_irctest_controller_class():
    return ChatdController
