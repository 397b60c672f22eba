"""The metrics page, read."""

import re
import time
from urllib.request import urlopen

SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """The samples of one scrape."""

    def __init__(self, text):
        self.text = text
        lines = [SAMPLE.match(line) for line in text.splitlines() if line and not line.startswith("#")]
        self.samples = [(line[1], dict(LABEL.findall(line[2] or "")), float(line[3])) for line in lines]

    def sum(self, name, **labels):
        """Over all samples that have the labels; the metric must be there."""
        found = [value for other, have, value in self.samples if other == name and labels.items() <= have.items()]
        assert found, f"no metric {name} with {labels}"
        return sum(found)


def scrape(server):
    with urlopen(f"http://{server.metrics}/metrics", timeout=10) as page:
        return Metrics(page.read().decode())


def is_idle(server):
    now = scrape(server)
    return now.sum("stampd_running_requests") == 0 and now.sum("stampd_queue_requests") == 0


def wait_until(condition, timeout=30):
    """What a server does off the call's path shows a moment later."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
