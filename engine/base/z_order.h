#pragma once

namespace stampd {

/// Z-order (Morton): the place of (y, x) is the number whose even bits are those of x and whose odd bits are those of y.

/// The even bits of `z`, packed.
constexpr int ZOrderX(int z) {
  int x = 0;
  for (int bit = 0; z >> (2 * bit) != 0; ++bit) x |= (z >> (2 * bit) & 1) << bit;
  return x;
}

constexpr int ZOrderY(int z) { return ZOrderX(z >> 1); }

constexpr int ZOrder(int y, int x) {
  int z = 0;
  for (int bit = 0; (y | x) >> bit != 0; ++bit) z |= (x >> bit & 1) << (2 * bit) | (y >> bit & 1) << (2 * bit + 1);
  return z;
}

}  // namespace stampd
