"""Writes a small database of countries in the MaxMind DB format: https://maxmind.github.io/MaxMind-DB/"""

import ipaddress

MARKER = b"\xab\xcd\xefMaxMind.com"
MAP, TEXT, U16, U32, U64, ARRAY = 7, 2, 5, 6, 9, 11


def control(kind, size):
    assert size < 29
    return bytes([kind << 5 | size]) if kind <= 7 else bytes([size, kind - 7])


def number(kind, n):
    data = n.to_bytes(8, "big").lstrip(b"\0")
    return control(kind, len(data)) + data


def encode(value):
    """Of integers none but those of the metadata: the keys say their types."""
    if isinstance(value, str):
        return control(TEXT, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return control(ARRAY, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        return control(MAP, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    return value


def write(path, countries):
    """countries: {"192.0.2.0/24": "DE", "2001:db8::/32": "FR"}. IPv4 stands at ::/96, as usual."""
    root, count, data = {}, 0, b""
    offsets = {}
    for network, code in countries.items():
        if code not in offsets:
            offsets[code] = len(data)
            data += encode({"country": {"iso_code": code}})
        network = ipaddress.ip_network(network)
        length = network.prefixlen + (96 if network.version == 4 else 0)
        bits = format(int(network.network_address), "0128b")[:length]
        node = root
        for bit in bits[:-1]:
            node = node.setdefault(bit, {})
        node[bits[-1]] = code
    nodes, queue = [], [root]
    while queue:
        node = queue.pop(0)
        nodes.append(node)
        queue += [node[bit] for bit in "01" if isinstance(node.get(bit), dict)]
    place = {id(node): i for i, node in enumerate(nodes)}
    count = len(nodes)

    def record(side):
        if side is None:
            return count
        return place[id(side)] if isinstance(side, dict) else count + 16 + offsets[side]

    tree = b"".join(record(node.get(bit)).to_bytes(3, "big") for node in nodes for bit in "01")
    about = {
        "node_count": number(U32, count),
        "record_size": number(U16, 24),
        "ip_version": number(U16, 6),
        "database_type": "Test-Country",
        "languages": ["en"],
        "binary_format_major_version": number(U16, 2),
        "binary_format_minor_version": number(U16, 0),
        "build_epoch": number(U64, 1),
        "description": {"en": "of a test"},
    }
    path.write_bytes(tree + bytes(16) + data + MARKER + encode(about))
