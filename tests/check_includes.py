#!/usr/bin/env python3
"""Fails on an #include that points upward or to a foreign library (CONTRIBUTING.md, "Layers").

Private linking can't stop these, because distribution headers sit in /usr/include. Each folder lists what it may include of ours, and which
foreign headers; whatever it does not list is an error. `--self-test` proves that the check can fail.
"""

import re
import sys
from pathlib import Path

STANDARD = re.compile(r"^[a-z_0-9]+$|^(sys|netinet|arpa)/\w+\.h$|^(errno|fcntl|malloc|unistd|signal|poll|time|termios|netdb)\.h$")
TORCH = r"(torch|ATen|c10)/"
CUDA = r"cuda|cute/|cutlass/"

# folder (longest prefix wins): (our folders it may use, pattern of foreign headers it may use)
RULES = {
    "engine/base": ((), None),
    "engine/io": (("engine/base",), r"rapidjson/|openssl/"),
    "engine/text": (("engine/base", "engine/io"), r"unicode/"),
    "engine/text/tokenizer_json.cpp": (("engine/base", "engine/io"), r"rapidjson/"),
    "engine/text/sentencepiece.cpp": (("engine/base", "engine/io"), r"sentencepiece_processor\.h"),
    "engine/kernels": (("engine/base",), None),
    "engine/kernels/cpu": (("engine/base", "engine/kernels"), r"immintrin\.h"),
    "engine/kernels/cuda": (("engine/base", "engine/kernels"), CUDA),
    "engine/ops": (("engine/base", "engine/kernels"), TORCH),
    "engine/quant": (("engine/base", "engine/kernels", "engine/io"), None),
    "engine/layers": (("engine/base", "engine/io", "engine/ops", "engine/quant"), TORCH),
    "engine/models": (("engine/base", "engine/io", "engine/ops", "engine/quant", "engine/layers"), TORCH),
    "engine/samplers": (("engine/base", "engine/io", "engine/ops"), TORCH),
    "engine/image": (("engine/base", "engine/pipeline.h"), r"opencv2/"),
    "engine/tools": (("engine",), TORCH + r"|CLI/"),
    "engine": (("engine",), TORCH),
    "server": (("engine/base", "engine/image", "engine/io/digest.h", "engine/pipeline.h"), r"grpcpp/|grpc/|google/|stampd/v1/|health|CLI/|rapidjson/|openssl/"),
    "server/metrics.cpp": (("engine/base", "engine/image", "engine/pipeline.h"), r"prometheus/"),
    "client": ((), r"grpcpp/|grpc/|google/|stampd/v1/|CLI/|openssl/|rapidjson/"),
    "tests": (("engine", "server", "client", "tests"), r".*"),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
OURS = ("engine/", "server/", "client/", "tests/")


def rule_of(path):
    matches = [folder for folder in RULES if path == folder or path.startswith(folder + "/")]
    return max(matches, key=len, default=None)


def complaint(path, header):
    """What is wrong with `path` including `header`, or None."""
    folder = rule_of(path)
    if folder is None:
        return f"{path}: no rule for this folder; add one to tests/check_includes.py"
    ours, foreign = RULES[folder]
    if header.startswith(OURS):
        own = folder if not folder.endswith(".cpp") else str(Path(folder).parent)
        allowed = (own, *ours)
        if any(header == name or header.startswith(name + "/") for name in allowed):
            return None
        return f"{path}: includes {header}, but {own} may only use {', '.join(allowed)}"
    if STANDARD.match(header) or (foreign and re.match(foreign, header)):
        return None
    return f"{path}: includes <{header}>, which is foreign to {folder}"


def check(root):
    found = []
    for top in ("engine", "server", "client", "tests"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix not in (".h", ".cpp", ".cu", ".cuh"):
                continue
            path = file.relative_to(root).as_posix()
            for line in file.read_text(encoding="utf-8").splitlines():
                if match := INCLUDE.match(line):
                    found.append(complaint(path, match.group(1)))
    return [text for text in found if text]


def self_test():
    bad = [("engine/base/a.h", "engine/ops/b.h"), ("engine/kernels/a.h", "torch/types.h"), ("engine/io/a.h", "grpcpp/grpcpp.h"),
           ("server/service.cpp", "prometheus/registry.h"), ("client/main.cpp", "engine/pipeline.h"), ("server/a.cpp", "engine/models/x.h")]
    good = [("engine/base/a.h", "vector"), ("engine/ops/a.cpp", "ATen/ATen.h"), ("server/metrics.cpp", "prometheus/registry.h"),
            ("engine/layers/a.h", "engine/layers/b.h"), ("server/a.cpp", "engine/pipeline.h")]
    return [f"self-test: {p} may include {h}" for p, h in bad if not complaint(p, h)] + \
           [f"self-test: {complaint(p, h)}" for p, h in good if complaint(p, h)]


if __name__ == "__main__":
    problems = self_test() if "--self-test" in sys.argv[1:] else check(Path.cwd())
    print("\n".join(problems) or "all includes point down")
    sys.exit(bool(problems))
