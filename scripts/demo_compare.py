#!/usr/bin/env python3
"""demo_compare.py IMAGE.tar SLIM.tar: loads and runs both with podman, prints a table.

A service is ready when it answers on the first TCP port that it listens on; the time counts from
the start of `podman run`. Its memory is the proportional set size of its processes then. A program
that ends by itself is timed to its end. The best of three runs counts.
"""
import os
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../tests/apps"))

from support.containers import Failure, inspect, load, podman, run_options  # noqa: E402

RUNS = 3
PATIENCE = 60.0

# What the client does inside the container's network: asks the port until it answers, prints when.
CLIENT = """
import socket, sys, time
port, deadline = int(sys.argv[1]), float(sys.argv[2])
while time.monotonic() < deadline:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as s:
            s.settimeout(1)
            s.sendall(b"GET / HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n")
            try:
                answer = s.recv(64)
            except TimeoutError:
                answer = b"(accepts connections)"
            print(time.monotonic(), answer.split(b"\\r")[0].decode("latin-1"))
            break
    except OSError:
        time.sleep(0.005)
"""


def processes_of(pid):
    """All processes in the container of `pid`."""
    namespace = os.readlink(f"/proc/{pid}/ns/pid")
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/ns/pid") == namespace:
                yield entry
        except OSError:
            continue


def memory_of(pid):
    total = 0
    for process in processes_of(pid):
        try:
            with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as rollup:
                total += sum(int(l.split()[1]) * 1024 for l in rollup if l.startswith("Pss:"))
        except OSError:
            continue
    return total


def listening_port(pid):
    ports = []
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/{pid}/net/{table}", encoding="ascii") as lines:
                rows = [line.split() for line in lines][1:]
        except OSError:
            continue
        ports += [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A"]
    return min(ports, default=None)


def measure(name):
    """One run: (seconds, bytes of memory or None, what was answered)."""
    start = time.monotonic()
    container = podman("run", "-d", *run_options(), name).stdout.strip()
    try:
        pid = inspect(container, "State.Pid")
        while time.monotonic() < start + PATIENCE:
            port = listening_port(pid) if pid != "0" else None
            if port is not None:
                client = ["nsenter", "-t", pid, "-n", sys.executable, "-c", CLIENT]
                deadline = str(start + PATIENCE)
                done = subprocess.run(
                    [*client, str(port), deadline], capture_output=True, text=True, check=False
                )
                when, _, answer = done.stdout.strip().partition(" ")
                if when:
                    return float(when) - start, memory_of(pid), f"port {port}: {answer}"
            if pid == "0" or not os.path.exists(f"/proc/{pid}"):
                end = time.monotonic()
                return end - start, None, "ended, exit code " + inspect(container, "State.ExitCode")
            time.sleep(0.005)
        return PATIENCE, None, "no answer"
    finally:
        podman("rm", "-f", "-t", "0", container, check=False)


def human(size):
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.1f} {unit}" if unit != "B" else f"{size} B"
        size /= 1000


def best_run(archive):
    name = load(archive)
    return min((measure(name) for _ in range(RUNS)), key=lambda run: run[0])


def why_not_run(full):
    """(run of the full image, None), or why images can't be run here; that is no fault of theirs."""
    absent = [tool for tool in ("podman", "nsenter") if not shutil.which(tool)]
    if absent:
        return None, " and ".join(absent) + " not installed"
    try:
        return best_run(full), None
    except Failure as failure:
        reason = str(failure).replace("\n", " ")
        if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL,
                          check=False).returncode != 0:
            reason += "; in a chroot podman works where the root is a mount: mount --bind it onto itself"
        return None, reason


def main(full, slim):
    rows = [("stored", *(human(os.path.getsize(path)) for path in (full, slim)))]
    full_run, reason = why_not_run(full)
    if full_run:
        best = [full_run, best_run(slim)]
        rows.append(("first answer", *(f"{run[0]:.2f} s" for run in best)))
        if all(run[1] for run in best):
            rows.append(("memory", *(human(run[1]) for run in best)))
        rows.append(("result", *(run[2] for run in best)))
    width = max(24, *(len(row[1]) + 2 for row in rows))
    for label, before, after in (("", "full", "slim"), *rows):
        print(f"{label:<14}{before:<{width}}{after}".rstrip())
    if reason:
        print("demo: containers can't be run here, so that sizes are all that is compared: "
              + reason, file=sys.stderr)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Failure as failure:
        sys.exit(f"demo: {failure}")
