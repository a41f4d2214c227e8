"""Running images with podman, and reaching what they serve."""
import contextlib
import ctypes
import http.client
import os
import resource
import shutil
import socket
import ssl
import subprocess
import time

CLONE_NEWNET = 0x40000000
PATIENCE = 30.0


class Failure(Exception):
    """An application did not do its job."""


def podman(*args, check=True, timeout=120, **options):
    command = ["podman", "--cgroup-manager=cgroupfs"]
    if shutil.which("runc"):
        command.append("--runtime=runc")
    try:
        done = subprocess.run([*command, *args], capture_output=True, text=True, errors="replace",
                              check=False, timeout=timeout, **options)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"podman {args[0]} did not end within {timeout} s") from late
    if check and done.returncode != 0:
        raise Failure(f"podman {args[0]}: exit code {done.returncode}: "
                      f"{done.stdout[-1500:]}{done.stderr[-1500:].strip()}")
    return done


def run_options():
    """Explicit limits, for podman asks for more than a constrained machine grants."""
    limits = []
    for name, number in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        hard = resource.getrlimit(number)[1]
        hard = 32768 if hard == resource.RLIM_INFINITY else min(hard, 32768)
        limits += ["--ulimit", f"{name}={hard}:{hard}"]
    return ["--pull=never", "--network=none", "--no-healthcheck", "--log-driver=k8s-file", *limits]


def load(archive):
    """Loads an image into podman's storage; its name there."""
    loaded = podman("load", "-q", "-i", archive).stdout.strip()
    return loaded.splitlines()[-1].split(": ", 1)[1].split(",")[0]


def inspect(container, what):
    return podman("inspect", "-f", "{{." + what + "}}", container).stdout.strip()


@contextlib.contextmanager
def network_of(pid):
    """The calling thread is in the network of process `pid` meanwhile."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(file):
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise Failure("setns: " + os.strerror(ctypes.get_errno()))

    with open("/proc/thread-self/ns/net", "rb") as own:
        with open(f"/proc/{pid}/ns/net", "rb") as other:
            enter(other)
        try:
            yield
        finally:
            enter(own)


class Service:
    """A container that runs in the background."""

    def __init__(self, image, args, options):
        self.container = podman("run", "-d", *run_options(), *options, image, *args).stdout.strip()
        self.pid = inspect(self.container, "State.Pid")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        podman("rm", "-f", "-t", "0", self.container, check=False)

    def log(self):
        done = podman("logs", self.container, check=False)
        return done.stdout + done.stderr

    def ended(self):
        return inspect(self.container, "State.Running") != "true"

    def fail(self, what):
        state = "ended, " if self.ended() else ""
        raise Failure(f"{what} ({state}log:\n{self.log()[-2500:]})")

    def eventually(self, what, attempt, patience=PATIENCE):
        """Tries until something other than None comes back; what is refused is tried again."""
        deadline = time.monotonic() + patience
        problem = ""
        while time.monotonic() < deadline:
            try:
                with network_of(self.pid):
                    answer = attempt()
                if answer is not None:
                    return answer
            except (OSError, http.client.HTTPException) as error:
                problem = f": {error!r}"
                if not os.path.exists(f"/proc/{self.pid}"):
                    break
            time.sleep(0.1)
        return self.fail(what + problem)

    def ask(self, port, message=b"", wanted=b"\n", udp=False):
        """Sends bytes, returns what comes back up to and with `wanted`."""

        def attempt():
            kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
            with socket.socket(socket.AF_INET, kind) as connection:
                connection.settimeout(5)
                connection.connect(("127.0.0.1", port))
                connection.sendall(message)
                answer = b""
                while wanted not in answer:
                    part = connection.recv(65536)
                    if not part:
                        break
                    answer += part
                return answer if wanted in answer else None

        return self.eventually(f"port {port} does not answer {wanted!r}", attempt)

    def get(self, port, path="/", *, tls=False, headers=None, method="GET", body=None, status=200):
        """An HTTP request; the body as text."""

        def attempt():
            if tls:
                trusting = ssl.create_default_context()
                trusting.check_hostname = False
                trusting.verify_mode = ssl.CERT_NONE
                connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=15,
                                                         context=trusting)
            else:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
            with contextlib.closing(connection):
                connection.request(method, path, body=body, headers=headers or {})
                response = connection.getresponse()
                text = response.read().decode("utf-8", "replace")
                # A server in front of another may be ready before that.
                early = response.status in (502, 503) and response.status != status
                return None if early else (response.status, text)

        got, text = self.eventually(f"port {port}: no answer to {method} {path}", attempt)
        if got != status:
            self.fail(f"{method} {path}: status {got}, wanted {status}: {text[:600]}")
        return text

    def client(self, *command, code=0, text=None):
        """A program of this machine, in the container's network; what it prints."""
        done = subprocess.run(["nsenter", "-t", self.pid, "-n", *command], capture_output=True,
                              text=True, errors="replace", check=False, timeout=60, input=text)
        if done.returncode != code:
            self.fail(f"{command[0]}: exit code {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def wait_log(self, text, patience=PATIENCE):
        self.eventually(f"{text!r} is not in the log", lambda: text in self.log() or None,
                        patience)

    def stop(self, seconds=10):
        """The program ends by itself on the image's stop signal."""
        start = time.monotonic()
        podman("stop", "-t", str(seconds), self.container)
        if time.monotonic() - start > seconds:
            raise Failure(f"did not stop on its signal within {seconds} s")


class Application:
    """An image under test, as probes see it."""

    def __init__(self, image):
        self.image = image

    def start(self, *args, options=()):
        return Service(self.image, args, options)

    def run(self, *args, options=(), code=0, text=None):
        """A container that runs to its end; what it prints to standard output."""
        done = podman("run", "--rm", "-i", *run_options(), *options, self.image, *args, check=False,
                      input=text)
        if done.returncode != code:
            raise Failure(f"{' '.join(args)}: exit code {done.returncode}: "
                          f"{done.stdout[-1500:]}{done.stderr[-1500:]}")
        return done.stdout


def want(text, wanted, what="output"):
    """Fails where `wanted` is not in `text`."""
    if wanted not in text:
        raise Failure(f"{what}: wanted {wanted!r}, got {text[-1500:]!r}")
