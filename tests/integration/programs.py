"""The three programs under test, as processes."""

import os
import queue
import re
import signal
import subprocess
import threading
from pathlib import Path

READY = re.compile(r"^stampd ready grpc=(\S+:\d+) metrics=(\S+:\d+)$")


def program(variable):
    """The path that CMake put into the environment; a program that is not there fails the test that wants it."""
    path = Path(os.environ[variable])
    assert path.is_file(), f"{variable}={path} is not built"
    return str(path)


def run(variable, *arguments, timeout=60, **options):
    """Runs a program to its end; text unless the caller asks for bytes."""
    options.setdefault("text", True)
    return subprocess.run([program(variable), *map(str, arguments)], capture_output=True, timeout=timeout, check=False, **options)


class Stampd:
    """A running server. `grpc` and `metrics` are its addresses."""

    def __init__(self, *arguments, ready_timeout=60):
        command = [program("STAMPD"), "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.log = []
        self._stdout = queue.Queue()
        self._readers = [threading.Thread(target=self._read, args=arguments, daemon=True)
                         for arguments in ((self.process.stdout, self._stdout.put), (self.process.stderr, self.log.append))]
        for reader in self._readers:
            reader.start()
        self.grpc, self.metrics = self._wait_until_ready(ready_timeout)

    @staticmethod
    def _read(stream, put):
        for line in stream:
            put(line.rstrip("\n"))

    def _wait_until_ready(self, timeout):
        try:
            line = self._stdout.get(timeout=timeout)
        except queue.Empty:
            self.process.kill()
            raise AssertionError("stampd was not ready in time:\n" + "\n".join(self.log)) from None
        match = READY.match(line)
        assert match, f"expected the ready line, found {line!r}"
        return match.groups()

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait(self, timeout=60):
        """The exit code; the whole log is in `log` then."""
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        return code

    def stop(self):
        """Asks it to go, and asserts that it goes in good order."""
        if self.process.poll() is None:
            self.terminate()
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("stampd did not go after SIGTERM:\n" + "\n".join(self.log)) from None
        assert code == 0, f"stampd ended with {code}:\n" + "\n".join(self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
