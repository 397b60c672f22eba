#!/usr/bin/env python3
"""Records diffusers' choice of a trained size for many sizes: tests/data/resolution_bins.safetensors, rows (native, h, w, bin h, bin w)."""

import random

import torch
from diffusers.image_processor import PixArtImageProcessor
from diffusers.pipelines.pixart_alpha.pipeline_pixart_alpha import (ASPECT_RATIO_256_BIN, ASPECT_RATIO_512_BIN,
                                                                    ASPECT_RATIO_1024_BIN)
from diffusers.pipelines.pixart_alpha.pipeline_pixart_sigma import ASPECT_RATIO_2048_BIN
from diffusers.pipelines.sana.pipeline_sana import ASPECT_RATIO_4096_BIN
from safetensors.torch import save_file

TABLES = {256: ASPECT_RATIO_256_BIN, 512: ASPECT_RATIO_512_BIN, 1024: ASPECT_RATIO_1024_BIN, 2048: ASPECT_RATIO_2048_BIN,
          4096: ASPECT_RATIO_4096_BIN}


def main():
    random.seed(5)
    rows = []
    for native, table in TABLES.items():
        sizes = [(int(h), int(w)) for h, w in table.values()]
        sizes += [(random.randint(1, 4 * native), random.randint(1, 4 * native)) for _ in range(60)]
        sizes += [(1, 1), (1, 4096), (4096, 1), (300, 500), (53, 100), (415, 1000)]  # the last lies just between two keys
        rows += [(native, h, w, *PixArtImageProcessor.classify_height_width_bin(h, w, ratios=table)) for h, w in sizes]
    save_file({"bins": torch.tensor(rows, dtype=torch.int32)}, "tests/data/resolution_bins.safetensors")
    print(len(rows), "sizes")


if __name__ == "__main__":
    main()
