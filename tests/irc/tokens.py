"""Tokens as an identity provider makes them, with a library that is not the server's: RFC 7515, 7518, 7519."""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

import sasl

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
ISSUER = "https://id.example.org/realm"
AUDIENCE = "chat.example.org"
SECRET = "correct horse battery staple, correct horse battery staple, and so on"
KEYS = {}


def url64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def key_for(algorithm):
    """One each; RSA's are slow to make."""
    kind = "RSA" if algorithm[:2] in ("RS", "PS") else algorithm
    if kind not in KEYS:
        if kind == "RSA":
            KEYS[kind] = rsa.generate_private_key(65537, 2048)
        elif kind == "EdDSA":
            KEYS[kind] = ed25519.Ed25519PrivateKey.generate()
        else:
            KEYS[kind] = ec.generate_private_key(CURVES[algorithm]())
    return KEYS[kind]


def public(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def jwk(key, kid):
    """As providers show it: RFC 7517."""
    numbers = lambda n, size=None: url64(n.to_bytes(size or (n.bit_length() + 7) // 8, "big"))
    shown = key.public_key()
    if isinstance(shown, ed25519.Ed25519PublicKey):
        raw = shown.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        parts = {"kty": "OKP", "crv": "Ed25519", "x": url64(raw)}
    elif isinstance(shown, rsa.RSAPublicKey):
        n = shown.public_numbers()
        parts = {"kty": "RSA", "n": numbers(n.n), "e": numbers(n.e)}
    else:
        n, size = shown.public_numbers(), (shown.key_size + 7) // 8
        parts = {"kty": "EC", "crv": f"P-{shown.key_size}", "x": numbers(n.x, size), "y": numbers(n.y, size)}
    return {**parts, "kid": kid, "use": "sig", "x5c": ["MII"], "key_ops": ["verify"]}


def signature(algorithm, key, data):
    if algorithm == "none":
        return b""
    if algorithm == "EdDSA":
        return key.sign(data)
    digest = HASHES[algorithm[2:]]
    if algorithm.startswith("HS"):
        return hmac.digest(key, data, hashlib.new("sha" + algorithm[2:]).name)
    if algorithm.startswith("RS"):
        return key.sign(data, padding.PKCS1v15(), digest())
    if algorithm.startswith("PS"):
        return key.sign(data, padding.PSS(padding.MGF1(digest()), digest.digest_size), digest())
    size = (key.curve.key_size + 7) // 8
    return b"".join(n.to_bytes(size, "big") for n in decode_dss_signature(key.sign(data, ec.ECDSA(digest()))))


def claims(account="ann", **changes):
    """Good ones; None takes one away."""
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": account, "iat": now, "exp": now + 300}
    return {k: v for k, v in {**usual, **changes}.items() if v is not None}


def sign(algorithm, key, said, header=None):
    """said: claims, or their JSON as it is to stand there."""
    head = header if isinstance(header, str) else json.dumps({"typ": "JWT", "alg": algorithm, **(header or {})})
    body = said if isinstance(said, str) else json.dumps(said)
    text = f"{url64(head.encode())}.{url64(body.encode())}"
    return f"{text}.{url64(signature(algorithm, key, text.encode()))}"


def token(algorithm="ES256", account="ann", header=None, **changes):
    key = SECRET.encode() if algorithm.startswith("HS") else key_for(algorithm)
    return sign(algorithm, key, claims(account, **changes), header)


def configure(folder, *algorithms, jwt=""):
    """The sections for keys of these, each called as its algorithm is."""
    text = f"[jwt]\nissuer = {ISSUER}\naudience = {AUDIENCE}\n{jwt}"
    for algorithm in algorithms or ("ES256",):
        name = "secret_file" if algorithm.startswith("HS") else "public_key"
        path = folder / f"{algorithm}.{name}"
        path.write_bytes(SECRET.encode() + b"\n" if name == "secret_file" else public(key_for(algorithm)))
        text += f"[jwt_key {algorithm}]\nalgorithm = {algorithm}\n{name} = {path}\n"
    return text


def say(client, mechanism, message):
    said = client.ask(f"AUTHENTICATE {mechanism}")
    if not said.of("AUTHENTICATE"):
        return said
    client.send(*(f"AUTHENTICATE {part}" for part in sasl.parts(sasl.encode(message))))
    return client.sync()


def oauth(client, text, account=""):
    """OAUTHBEARER; all that was said, the last word of one that is refused among it."""
    header = f"n,{'a=' + account if account else ''},"
    said = say(client, "OAUTHBEARER", f"{header}\1host=chat.example.org\1port=6697\1auth=Bearer {text}\1\1".encode())
    reason = said.of("AUTHENTICATE")
    if not reason or reason[0].params == ["+"]:
        return said
    last = client.ask("AUTHENTICATE AQ==")
    last.reason = json.loads(base64.b64decode(reason[0].params[0]))
    return last


def ircv3(client, text, kind="jwt", account=""):
    return say(client, "IRCV3BEARER", f"{account}\0{kind}\0{text}".encode())
