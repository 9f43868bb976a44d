"""A small server of HTTPS that takes POST requests, for what chatd sends to others."""

import base64
import datetime
import hashlib
import hmac
import http.server
import ipaddress
import json
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness import wait_until


def make_certificate(path, host="127.0.0.1"):
    """A certificate that is its own authority, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.utcnow()
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, now - datetime.timedelta(1), now + datetime.timedelta(9))
        .add_extension(names, False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(serialization.Encoding.PEM, *plain))
    return path


class Post:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def signed_with(self, key):
        """As the receivers of https://www.standardwebhooks.com check it."""
        text = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


class Receiver:
    """answers: of the requests to come, (status, headers); then 204. held: while it is set, nobody is answered."""

    def __init__(self, folder, tls=True):
        self.posts, self.answers, self.changed = [], [], threading.Condition()
        self.open = threading.Event()
        self.open.set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.changed:
                    receiver.posts.append(Post(self.path, self.headers, body))
                    status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                    receiver.changed.notify_all()
                receiver.open.wait()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        if tls:
            self.authority = make_certificate(folder / f"authority-{self.port}.pem")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.authority)
            self.server.socket = context.wrap_socket(self.server.socket, True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def wait(self, count=1):
        wait_until(lambda: len(self.posts) >= count, f"{count} requests")
        return self.posts[count - 1]

    def events(self):
        return [event for post in list(self.posts) for event in post.json["events"]]

    def wait_event(self, found):
        wait_until(lambda: any(found(e) for e in self.events()), "an event")
        return next(e for e in self.events() if found(e))

    def close(self):
        self.open.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
