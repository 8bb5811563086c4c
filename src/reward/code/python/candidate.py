"""The process of the tested code: loads it and does what the peer asks (the tester, or the host for function calls).

It may be taken over by the code it runs. That gains nothing: the peer compares plain values, and what they should be
never comes here.
"""


class Remote:
    """Something of the peer's that was passed as an argument: a function to call back."""

    def __init__(self, server, number):
        self.server, self.number = server, number

    def __call__(self, *args):
        return self.server.call_back(self.number, args)


class Candidate:
    def __init__(self, channel, cpu_s):
        self.channel, self.cpu_s = channel, cpu_s
        self.module = types.ModuleType("solution")
        self.kept = []  # what crossed as a handle

    def load(self, code):
        sys.modules["solution"] = self.module
        start_clock(self.cpu_s)
        try:
            exec(compile(code, "solution.py", "exec"), self.module.__dict__)
        except BaseException as error:
            return {"failed": describe(error)}
        return {"loaded": True}

    def keep(self, value):
        if isinstance(value, type) and PLAIN_CLASSES.get(value.__name__) is value:
            return {"k": value.__name__}
        if type(value) is Remote:
            return {"p": value.number}
        self.kept.append(value)
        return {"h": len(self.kept) - 1}

    def encode(self, value):
        return encode(value, self.keep)

    def decode(self, data):
        return decode(data, lambda tag, number: self.kept[number] if tag == "h" else Remote(self, number))

    def find(self, name):
        """`f`, `Class.method` of a new object, or a method of a class `Solution`."""
        if "." in name:
            owner, name = name.split(".", 1)
            return getattr(getattr(self.module, owner)(), name)
        if not hasattr(self.module, name) and hasattr(self.module, "Solution"):
            return getattr(self.module.Solution(), name)
        return getattr(self.module, name)

    def call(self, function, args, kwargs):
        before = [self.encode(arg) if type(arg) in (list, dict, set, bytearray, collections.deque) else None for arg in args]
        reply = {"value": self.encode(function(*args, **kwargs))}
        after = [None if old is None else self.encode(arg) for old, arg in zip(before, args)]
        reply["changed"] = [[i, new] for i, (old, new) in enumerate(zip(before, after)) if old != new]
        return reply

    def call_back(self, number, args):
        send_message(self.channel, {"call_back": number, "args": [self.encode(arg) for arg in args]})
        reply = receive_message(self.channel)
        if "raised" in reply:
            raise RuntimeError(reply["raised"])
        return self.decode(reply["value"])

    def do(self, request):
        op = request["op"]
        target = self.kept[request["target"]] if "target" in request else None
        if op == "find":
            return {"value": self.encode(self.find(request["name"]))}
        if op == "call":
            function = self.find(request["name"]) if target is None else target
            args = [self.decode(arg) for arg in request["args"]]
            return self.call(function, args, {k: self.decode(v) for k, v in request.get("kwargs", {}).items()})
        if op == "get":
            return {"value": self.encode(getattr(target, request["name"]))}
        if op == "set":
            setattr(target, request["name"], self.decode(request["value"]))
            return {"value": None}
        if op == "item":
            return {"value": self.encode(target[self.decode(request["key"])])}
        if op == "iter":
            self.kept.append(iter(target))
            return {"value": {"h": len(self.kept) - 1}}
        if op == "next":
            return {"value": self.encode(next(target))}
        if op == "len":
            return {"value": self.encode(len(target))}
        return {"value": self.encode(str(target))}

    def serve(self):
        while True:
            try:
                request = receive_message(self.channel)
            except EOFError:
                return
            start_clock(self.cpu_s)
            try:
                reply = self.do(request)
            except BaseException as error:
                reply = {"raised": [kind.__name__ for kind in type(error).__mro__], "text": describe(error)}
            send_message(self.channel, reply)


def describe(error):
    """One line. The text is the tested code's to choose."""
    try:
        return f"{type(error).__name__}: {error}"[:300]
    except BaseException:
        return "an exception that cannot be shown"


def role_candidate(fds, spec):
    channel = fds["channel"]
    server = Candidate(channel, spec["cpu_s"])
    send_message(channel, server.load(read_frame(channel)))
    server.serve()
    leave(0)


ROLES["candidate"] = role_candidate
