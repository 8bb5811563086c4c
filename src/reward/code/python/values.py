"""Values that cross the border between the tested code and whoever judges it: a closed set of plain types.

Whatever arrives is built anew from JSON, so no class of the tested code, and with it no __eq__, gets to the other side.
Subclasses of plain types (named tuples, counters, enums of int) cross as the plain value. Anything else stays where it
is and crosses as a number (a handle) by which it can be called, indexed or walked over.
"""

EXACT_FLOAT_INTEGERS = 1 << 53


class Unsendable(Exception):
    pass


def encode(value, handle):
    """`handle(value)` answers for what has no plain form."""
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    for plain, encoder in ENCODERS:
        if kind is plain or isinstance(value, plain):
            return encoder(value, handle)
    return handle(value)


def encode_int(value, handle):
    value = int.__index__(value)
    return int(value) if abs(value) < EXACT_FLOAT_INTEGERS else {"i": hex(value)}


def encode_float(value, handle):
    value = float.__float__(value)
    return value if math.isfinite(value) else {"f": repr(value)}


def encode_list(tag, iterate):
    def encoder(value, handle):
        items = [encode(item, handle) for item in iterate(value)]
        return {tag: items} if tag else items
    return encoder


ENCODERS = [
    (int, encode_int),
    (float, encode_float),
    (str, lambda value, handle: str.__str__(value)),
    (list, encode_list("", list.__iter__)),
    (tuple, encode_list("t", tuple.__iter__)),
    (dict, lambda value, handle: {"d": [[encode(k, handle), encode(v, handle)] for k, v in dict.items(value)]}),
    (set, encode_list("s", set.__iter__)),
    (frozenset, encode_list("z", frozenset.__iter__)),
    (complex, lambda value, handle: {"c": [encode_float(value.real, handle), encode_float(value.imag, handle)]}),
    (bytes, lambda value, handle: {"b": bytes.hex(value)}),
    (bytearray, lambda value, handle: {"B": bytearray.hex(value)}),
    (range, lambda value, handle: {"r": [encode(x, handle) for x in (value.start, value.stop, value.step)]}),
    (collections.deque, encode_list("q", collections.deque.__iter__)),
    (fractions.Fraction, lambda value, handle: {"F": [encode(value.numerator, handle), encode(value.denominator, handle)]}),
    (decimal.Decimal, lambda value, handle: {"D": decimal.Decimal.__str__(value)}),
    (datetime.datetime, lambda value, handle: {"dt": datetime.datetime.isoformat(value)}),
    (datetime.date, lambda value, handle: {"da": datetime.date.isoformat(value)}),
    (datetime.timedelta, lambda value, handle: {"td": [value.days, value.seconds, value.microseconds]}),
]

PLAIN_CLASSES = {kind.__name__: kind for kind in (int, float, str, list, tuple, dict, set, frozenset, complex, bytes,
                                                  bytearray, bool, type(None))}

DECODERS = {
    "i": lambda x, handle: int(x, 16),
    "f": lambda x, handle: float(x),
    "t": lambda x, handle: tuple([decode(item, handle) for item in x]),
    "d": lambda x, handle: {decode(k, handle): decode(v, handle) for k, v in x},
    "s": lambda x, handle: {decode(item, handle) for item in x},
    "z": lambda x, handle: frozenset([decode(item, handle) for item in x]),
    "c": lambda x, handle: complex(decode(x[0], handle), decode(x[1], handle)),
    "b": lambda x, handle: bytes.fromhex(x),
    "B": lambda x, handle: bytearray.fromhex(x),
    "r": lambda x, handle: range(*[decode(item, handle) for item in x]),
    "q": lambda x, handle: collections.deque([decode(item, handle) for item in x]),
    "F": lambda x, handle: fractions.Fraction(decode(x[0], handle), decode(x[1], handle)),
    "D": lambda x, handle: decimal.Decimal(x),
    "dt": lambda x, handle: datetime.datetime.fromisoformat(x),
    "da": lambda x, handle: datetime.date.fromisoformat(x),
    "td": lambda x, handle: datetime.timedelta(*x),
    "k": lambda x, handle: PLAIN_CLASSES[x],
}


def decode(data, handle):
    """The inverse of encode(); `handle(tag, number)` answers for handles. Any exception means a broken message."""
    if type(data) is list:
        return [decode(item, handle) for item in data]
    if type(data) is dict:
        ((tag, content),) = data.items()
        return DECODERS[tag](content, handle) if tag in DECODERS else handle(tag, content)
    return data


def send_message(fd, message):
    write_frame(fd, json.dumps(message).encode())


def receive_message(fd):
    return json.loads(read_frame(fd))
