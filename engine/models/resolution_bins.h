#pragma once

namespace stampd::models {

struct Resolution {
  int height = 0;  // pixels
  int width = 0;

  bool operator==(const Resolution&) const = default;
};

/// The sizes that PixArt and SANA were trained on, by the side of their square picture: 256, 512, 1024, 2048 or 4096. The tables
/// are those of diffusers' ASPECT_RATIO_…_BIN.
bool HasBins(int native_side);

/// The trained size whose aspect ratio is nearest to `size`'s; of two that are equally near the flatter one, as the reference
/// takes the first of its table. `native_side` must have bins.
Resolution NearestBin(Resolution size, int native_side);

/// How a picture of a trained size becomes one of the size asked for: scaled until it covers it, then the middle cut out.
struct CoverCrop {
  Resolution scaled;
  int top = 0;  // of the cut, in the scaled picture
  int left = 0;
};

/// As the reference's resize_and_crop_tensor, but never scaled to less than `target`: there, truncation may leave a side one pixel
/// short, and a negative start then cuts out a picture one pixel wide.
CoverCrop CoverAndCrop(Resolution painted, Resolution target);

}  // namespace stampd::models
