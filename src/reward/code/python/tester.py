"""The process of the assertions. The tested code lives in another process, in other namespaces, behind a channel that
carries plain values only: here its functions are proxies. So no patched built-in, lying __eq__, exit or frame trick can
touch an assertion. Every report repeats the nonce that the host chose for this run.
"""

import ast
import builtins


class Gone(BaseException):
    """The tested code's process ended, exited, or broke the protocol. No `except Exception` of a test swallows it."""


class Proxy:
    """A function, class or object that lives in the tested code's process. Its equality is identity, and comparing or
    computing with it is impossible: both would send an expected value to the other side."""

    __slots__ = ("_link", "_number")

    def __init__(self, link, number):
        object.__setattr__(self, "_link", link)
        object.__setattr__(self, "_number", number)

    def __call__(self, *args, **kwargs):
        return self._link.call(self._number, args, kwargs)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._link.ask(op="get", target=self._number, name=name)

    def __setattr__(self, name, value):
        self._link.ask(op="set", target=self._number, name=name, value=self._link.encode(value))

    def __getitem__(self, key):
        return self._link.ask(op="item", target=self._number, key=self._link.encode(key))

    def __iter__(self):
        return self._link.ask(op="iter", target=self._number)

    def __next__(self):
        return self._link.ask(op="next", target=self._number)

    def __len__(self):
        return self._link.ask(op="len", target=self._number)

    def __bool__(self):
        return True

    def __str__(self):
        text = self._link.ask(op="str", target=self._number)
        return text if type(text) is str else ""


class Missing:
    """Stands for a name that the tested code should have defined."""

    def __init__(self, name):
        self.name = name

    def __call__(self, *args, **kwargs):
        raise NameError(f"the code defines no {self.name}")


def is_stub(node):
    """A function without a body, for the completion to write."""
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and all(
        isinstance(part, ast.Pass) or isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
        for part in node.body)


class Link:
    def __init__(self, channel):
        self.channel = channel
        self.functions = []  # of the tests, passed to the tested code
        self.gone = ""       # why nothing can be asked any more

    def give_up(self, why):
        self.gone = self.gone or why
        raise Gone(self.gone)

    def receive(self):
        try:
            message = receive_message(self.channel)
            if type(message) is not dict:
                raise ValueError
            return message
        except EOFError:
            self.give_up("the code ended its process")
        except (ValueError, RecursionError, MemoryError, OSError):
            self.give_up("the code wrote to its channel")

    def decode(self, data):
        def handle(tag, number):
            if tag == "p":
                return self.functions[number]
            if tag != "h" or type(number) is not int:
                raise ValueError
            return Proxy(self, number)
        try:
            return decode(data, handle)
        except Exception:
            self.give_up("the code returned a broken value")

    def encode(self, value):
        def handle(value):
            if type(value) is Proxy:
                return {"h": value._number}
            if PLAIN_CLASSES.get(getattr(value, "__name__", None)) is value:
                return {"k": value.__name__}
            if callable(value) and not isinstance(value, type):
                self.functions.append(value)
                return {"p": len(self.functions) - 1}
            raise Unsendable(f"the tests pass a {type(value).__name__}, which cannot be sent to the code")
        return encode(value, handle)

    def ask(self, **request):
        if self.gone:
            raise Gone(self.gone)
        try:
            send_message(self.channel, request)
        except OSError:
            self.give_up("the code ended its process")
        while True:
            reply = self.receive()
            if "call_back" not in reply:
                break
            send_message(self.channel, self.answer(reply))
        if "raised" in reply:
            self.raise_as(reply)
        self.changed = reply.get("changed", [])
        return self.decode(reply.get("value"))

    def answer(self, request):
        args = [self.decode(arg) for arg in request.get("args", [])]
        try:
            return {"value": self.encode(self.functions[request["call_back"]](*args))}
        except Exception as error:
            return {"raised": describe(error)}

    def raise_as(self, reply):
        """The tested code's exception as the nearest built-in one."""
        for name in reply["raised"] if type(reply["raised"]) is list else []:
            kind = getattr(builtins, name, None) if type(name) is str else None
            if isinstance(kind, type) and issubclass(kind, Exception):
                raise kind(reply.get("text"))
        self.give_up(f"the code raised {reply.get('text')}")

    def call(self, number, args, kwargs):
        request = dict(args=[self.encode(arg) for arg in args], kwargs={k: self.encode(v) for k, v in kwargs.items()})
        value = self.ask(op="call", target=number, **request)
        self.write_back(args)
        return value

    def write_back(self, args):
        """Arguments that the code changed in place change here, too."""
        for index, data in self.changed:
            old, new = args[index], self.decode(data)
            if type(old) is not type(new):
                self.give_up("the code returned a broken argument")
            if type(old) in (list, bytearray):
                old[:] = new
            else:
                old.clear()
                (old.extend if type(old) is collections.deque else old.update)(new)


class Tests:
    def __init__(self, job, link):
        self.link = link
        self.namespace = {"__name__": "tests"}
        self.sources = [job["code"]] if job["code"] else job["asserts"]
        self.trees = [ast.parse(source) for source in self.sources]
        self.entry_point = job["entry_point"]
        self.job = job

    def holds_no_test(self):
        return not any(isinstance(node, (ast.Assert, ast.Raise)) for tree in self.trees for node in ast.walk(tree))

    def take_prefix(self):
        """Functions, imports and constants of the prefix are the record's own, so the tests see these and not the
        completion's. Its classes are taken from the tested code, since their objects are made there."""
        own, source = {}, ""
        for attempt in (self.job["prefix"], self.job["prefix"].rstrip() + "\n    pass\n"):
            try:
                own = {"__name__": "prefix"}
                exec(compile(attempt, "prefix", "exec"), own)
                source = attempt
                break
            except Exception:
                own = {}
        left_open = {node.name for node in ast.parse(source).body if is_stub(node)} | {"__builtins__", "__name__"}
        for name, value in own.items():
            own_class = isinstance(value, type) and value.__module__ == "prefix"
            if name != self.entry_point and name not in left_open and not own_class:
                self.namespace[name] = value

    def names(self):
        """Names that the tests read and do not bind, and those among them that they call, in order."""
        bound, read, called = set(), [], []
        for tree in self.trees + [ast.parse(self.job["setup"])]:
            for node in ast.walk(tree):
                if isinstance(node, ast.Name):
                    bound.add(node.id) if not isinstance(node.ctx, ast.Load) else read.append(node.id)
                elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    bound.add(node.name)
                elif isinstance(node, ast.arg):
                    bound.add(node.arg)
                elif isinstance(node, ast.alias):
                    bound.add((node.asname or node.name).split(".")[0])
                elif isinstance(node, ast.ExceptHandler) and node.name:
                    bound.add(node.name)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    called.append(node.func.id)
        free = dict.fromkeys(name for name in read if name not in bound)
        return list(free), [name for name in called if name in free]

    def bind(self):
        """Gives every free name a meaning: the prefix, the library, a built-in, else the tested code. A built-in name
        means the tested code's only if it is the entry point, or if the tests call nothing else."""
        free, called = self.names()
        if not self.entry_point and called and all(hasattr(builtins, name) for name in called):
            self.entry_point = called[0]
        for name in free:
            if name == self.entry_point or name in self.namespace:
                continue
            if name in sys.stdlib_module_names:
                self.namespace[name] = __import__(name)
            elif not hasattr(builtins, name):
                self.take(name)
        if self.entry_point:
            self.take(self.entry_point)

    def take(self, name):
        try:
            self.namespace[name] = self.link.ask(op="find", name=name)
        except Exception:
            self.namespace[name] = Missing(name)  # also hides a built-in of that name

    def run(self, report):
        exec(compile(ast.parse(self.job["setup"]), "setup", "exec"), self.namespace)
        for number, tree in enumerate(self.trees):
            why = self.run_one(tree)
            if self.link.gone and not why:
                why = self.link.gone
            report(test=number, passed=not why, why=why)
            if self.link.gone:
                return

    def run_one(self, tree):
        try:
            exec(compile(tree, "tests", "exec"), self.namespace)
            if self.job["code"] and "check" in self.namespace and type(self.namespace["check"]) is types.FunctionType:
                self.namespace["check"](self.namespace[self.entry_point])
            return ""
        except Unsendable:
            raise
        except AssertionError as error:
            return ("assertion failed " + str(error)[:200]).strip()
        except BaseException as error:
            return str(error)[:300] if type(error) is Gone else describe(error)


def role_tester(fds, spec):
    host, peer = fds["channel"], fds["peer"]
    job = json.loads(read_frame(host))

    def report(**message):
        send_message(host, dict(message, nonce=job["nonce"]))

    try:
        link = Link(peer)
        tests = Tests(job, link)
        if tests.holds_no_test():
            report(unscorable="the tests hold no assertion")
        elif "failed" in (loaded := link.receive()):
            report(failed=str(loaded["failed"])[:300])
        else:
            tests.take_prefix()
            tests.bind()
            tests.run(report)
            report(done=len(tests.trees))
    except Gone as error:
        report(failed=str(error))
    except BaseException as error:
        report(unscorable=f"the tests do not run: {describe(error)}")
    os._exit(0)


ROLES["tester"] = role_tester
