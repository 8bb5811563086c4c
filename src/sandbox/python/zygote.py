"""The first process of a sandbox. It forks one run after another, each into fresh namespaces with an empty /tmp.

It holds no secrets and never will: what a run needs (code, tests, input) goes from the host straight to the run, through
descriptors that merely pass through here. So there is nothing for the tested code to find in the memory it inherits.

Descriptors: 3 the control socket (one JSON request a packet, with the run's descriptors attached), 4 the seccomp program.
The file is run with `python -c`; further roles may follow it in the same source.
"""

import atexit
import ctypes
import gc
import json
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import traceback
import types

# What solutions import most often, so that a run does not have to.
import bisect, cmath, collections, copy, datetime, decimal, fractions, functools, heapq, io, itertools  # noqa: E401
import math, operator, random, re, statistics, string, time, typing  # noqa: E401

CONTROL, SECCOMP = 3, 4
MAX_FRAME = 64 << 20
MAX_PROCESSES = 48  # of one sandbox, threads included
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID = 0x00020000, 0x08000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
CLONE_SYSCALL = {"x86_64": 56, "aarch64": 220}.get(os.uname().machine)

libc = ctypes.CDLL(None, use_errno=True)
ROLES = {}  # name -> function(fds: {name: number}, spec)


def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


# Frames on a channel: four bytes of length, then that many bytes.
def read_exactly(fd, size):
    parts = []
    while size > 0:
        part = os.read(fd, min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def read_frame(fd):
    (size,) = struct.unpack(">I", read_exactly(fd, 4))
    if size > MAX_FRAME:
        raise EOFError
    return read_exactly(fd, size)


def write_frame(fd, data):
    data = memoryview(struct.pack(">I", len(data)) + data)
    while data:
        data = data[os.write(fd, data):]


# The life of a run: clone_init -> init_main (process 1 of the run) -> enter -> a role.
def clone_init(isolated):
    """fork() into new process, mount and IPC namespaces."""
    if not isolated:
        return os.fork()
    api = ctypes.pythonapi
    api.PyOS_BeforeFork()
    pid = api.syscall(CLONE_SYSCALL, CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWPID | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        api.PyOS_AfterFork_Child()
    else:
        api.PyOS_AfterFork_Parent()
    return check(pid)


def drop_capabilities():
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    check(libc.capset(header, (ctypes.c_uint32 * 6)()))


def set_limits(spec):
    tmp_bytes, memory = spec["tmp_mb"] << 20, spec["memory_mb"] << 20
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: int(spec["cpu_total_s"]) + 1,
        resource.RLIMIT_FSIZE: tmp_bytes,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_NPROC: MAX_PROCESSES,
        resource.RLIMIT_STACK: min(spec["stack_mb"] << 20, memory),
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for name, value in limits.items():
        hard = resource.getrlimit(name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))


def install_seccomp(program):
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]

    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    check(libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(Program(len(program) // 8, program)), 0, 0))


def take_stdio(fds):
    null = os.open("/dev/null", os.O_RDWR)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.dup2(fds.pop(name, null), number)
    low = 3
    for fd in sorted(fds.values()):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, 1024)
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)
    sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def init_main(spec, fds, seccomp):
    """Process 1 of a run: prepares it, waits for it, says how it ended. When it exits the kernel kills the rest."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = fds.pop("status")
    if spec["isolated"]:
        check(libc.mount(b"tmpfs", b"/tmp", b"tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                         b"mode=0700,size=%dm,nr_inodes=4096" % spec["tmp_mb"]))
    work_dir = "/tmp" if spec["isolated"] else tempfile.mkdtemp(prefix="hone-run-")
    os.chdir(work_dir)
    drop_capabilities()
    child = os.fork()
    if child == 0:
        os.close(status)
        enter(spec, fds, seccomp)
    for fd in fds.values():
        os.close(fd)
    while True:
        pid, code, usage = os.wait4(-1, 0)
        if pid == child:
            break
    if not spec["isolated"]:
        shutil.rmtree(work_dir, ignore_errors=True)
    signalled = os.WIFSIGNALED(code)
    report = {"signal": os.WTERMSIG(code) if signalled else 0, "code": 0 if signalled else os.WEXITSTATUS(code),
              "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}
    os.write(status, json.dumps(report).encode())
    os._exit(0)


def enter(spec, fds, seccomp):
    """The run's own process. From install_seccomp() on nothing is trusted."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if not spec["isolated"]:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    take_stdio(fds)
    set_limits(spec)
    sys.path[:] = [path for path in sys.path if path]
    random.seed(0)  # a run depends on the code and its input alone
    install_seccomp(seccomp)
    ROLES[spec["role"]](fds, spec)
    leave(0)


def leave(code):
    """What the interpreter does at its end, without taking every module apart."""
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        code = code or 1
    os._exit(code)


def start_clock(seconds):
    """CPU seconds from now, all threads together; then SIGPROF ends the process."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def zygote():
    control = socket.socket(fileno=CONTROL)
    with open(SECCOMP, "rb") as file:
        seccomp = file.read()
    gc.collect()
    gc.freeze()
    facts = {"pid": os.getpid(), "uid": os.getuid(), "host_name": os.uname().nodename,
             "interfaces": [name for _, name in socket.if_nameindex()]}
    control.send(json.dumps(facts).encode())
    while True:
        message, fds, _, _ = socket.recv_fds(control, 1 << 16, 16, socket.MSG_CMSG_CLOEXEC)
        if not message:
            os._exit(0)  # the host is gone, and with this process everything in the sandbox
        spec = json.loads(message)
        if spec["op"] == "kill":
            os.kill(spec["pid"], signal.SIGKILL)
            os.waitpid(spec["pid"], 0)
            control.send(b"{}")
            continue
        try:
            pid = clone_init(spec["isolated"])
            if pid == 0:
                try:
                    control.detach()
                    os.close(CONTROL)
                    init_main(spec, dict(zip(spec["fds"], fds)), seccomp)
                except BaseException:
                    traceback.print_exc()
                os._exit(1)
            answer = {"pid": pid}
        except OSError as error:
            answer = {"error": str(error)}
        for fd in fds:
            os.close(fd)
        control.send(json.dumps(answer).encode())


# Roles that need nothing but a program.
def role_program(fds, spec):
    """A Python program that reads standard input and writes standard output. The channel brings its code."""
    code = read_frame(fds["channel"])
    os.close(fds["channel"])
    module = types.ModuleType("__main__")
    module.__file__ = "solution.py"
    sys.modules["__main__"] = module
    sys.argv = ["solution.py"]
    start_clock(spec["cpu_s"])
    try:
        exec(compile(code, "solution.py", "exec"), module.__dict__)
        status = 0
    except SystemExit as stop:
        if stop.code is not None and not isinstance(stop.code, int):
            print(stop.code, file=sys.stderr)
        status = 0 if stop.code is None else stop.code & 255 if isinstance(stop.code, int) else 1
    except BaseException:
        traceback.print_exc()
        status = 1
    leave(status)


def role_exec(fds, spec):
    """A compiled program, already open as `binary`."""
    start_clock(spec["cpu_s"])
    os.execve(fds["binary"], ["solution"], os.environ)


def role_compile(fds, spec):
    """Compiles C++ from the channel. Answers with the program's bytes, or with nothing and the messages on stderr."""
    channel = fds["channel"]
    with open("solution.cpp", "wb") as file:
        file.write(read_frame(channel))
    done = subprocess.run(["/usr/bin/g++", *spec["flags"], "-o", "solution", "solution.cpp"], stdin=subprocess.DEVNULL)
    program = b""
    if done.returncode == 0:
        with open("solution", "rb") as file:
            program = file.read()
    write_frame(channel, program)


def role_probe(fds, spec):
    """Tries what must not work and reports what it found; the host judges."""

    def works(action):
        try:
            action()
            return True
        except (OSError, ValueError):
            return False

    def many_processes():
        pids = []
        try:
            for _ in range(4 * MAX_PROCESSES):
                pid = os.fork()
                if pid == 0:
                    signal.pause()
                pids.append(pid)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    header, caps = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capget(header, caps)
    disk = os.statvfs(".")
    found = {
        "pid": os.getpid(),
        "root_entries": sorted(os.listdir("/")),
        "root_writable": works(lambda: os.mkdir("/usr/hone-probe") or os.rmdir("/usr/hone-probe")),
        "tmp_mb": disk.f_blocks * disk.f_frsize >> 20,
        "tmp_inodes": disk.f_files,
        "socket": works(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()),
        "ptrace": libc.ptrace(0, 0, 0, 0) >= 0,
        "new_user_namespace": libc.unshare(0x10000000) >= 0,
        "capabilities": any(caps),
        "no_new_privs": libc.prctl(39, 0, 0, 0, 0) == 1,
        "many_processes": works(many_processes),
        "memory": works(lambda: libc_map(2 * spec["memory_mb"] << 20)),
        "system_v": libc.shmget(1, 4096, 0o1600) >= 0,
    }
    write_frame(fds["channel"], json.dumps(found).encode())


def libc_map(size):
    import mmap
    mmap.mmap(-1, size).close()


ROLES.update(program=role_program, exec=role_exec, compile=role_compile, probe=role_probe)
