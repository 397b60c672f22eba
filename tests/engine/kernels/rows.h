#pragma once

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "engine/kernels/token_view.h"

namespace stampd::testing {

/// Rows that begin at an odd element and lie an odd number of elements apart, with marks between them.
template <typename T>
class Rows {
 public:
  Rows(int rows, int width)
      : rows_(rows), width_(width), stride_(width + 3 - width % 2), values_(1 + static_cast<std::size_t>(rows) * stride_, kMark) {
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < width; ++c) view().row(r)[c] = 0;
    }
  }

  template <typename Draw>
  void Fill(Draw draw) {
    for (int r = 0; r < rows_; ++r) {
      for (int c = 0; c < width_; ++c) view().row(r)[c] = draw();
    }
  }

  kernels::TokenView<T> view() { return {values_.data() + 1, rows_, width_, stride_}; }
  kernels::TokenView<const T> view() const { return {values_.data() + 1, rows_, width_, stride_}; }
  T at(int r, int c) const { return view().row(r)[c]; }
  int rows() const { return rows_; }
  int width() const { return width_; }

  /// The same numbers in another type.
  template <typename U>
  Rows<U> As() const {
    Rows<U> other(rows_, width_);
    for (int r = 0; r < rows_; ++r) {
      for (int c = 0; c < width_; ++c) other.view().row(r)[c] = static_cast<U>(at(r, c));
    }
    return other;
  }

  /// Whether nothing was written between the rows.
  bool MarksStand() const {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const std::ptrdiff_t place = static_cast<std::ptrdiff_t>(i) - 1;
      if ((place < 0 || place % stride_ >= width_) && values_[i] != kMark) return false;
    }
    return true;
  }

  bool operator==(const Rows&) const = default;

 private:
  static constexpr T kMark = 77;

  int rows_, width_;
  std::ptrdiff_t stride_;
  std::vector<T> values_;
};

/// Normal numbers, the same in every run.
class Normal {
 public:
  explicit Normal(unsigned seed, double deviation = 1) : random_(seed), normal_(0, deviation) {}
  double operator()() { return normal_(random_); }

 private:
  std::mt19937 random_;
  std::normal_distribution<double> normal_;
};

template <typename T>
double Energy(const Rows<T>& x) {
  double sum = 0;
  for (int r = 0; r < x.rows(); ++r) {
    for (int c = 0; c < x.width(); ++c) sum += static_cast<double>(x.at(r, c)) * x.at(r, c);
  }
  return sum;
}

/// |found - expected| / |expected|, both as one long vector.
template <typename T, typename U>
double NormalisedError(const Rows<T>& found, const Rows<U>& expected) {
  double error = 0;
  for (int r = 0; r < found.rows(); ++r) {
    for (int c = 0; c < found.width(); ++c) error += std::pow(static_cast<double>(found.at(r, c)) - expected.at(r, c), 2);
  }
  return std::sqrt(error / Energy(expected));
}

}  // namespace stampd::testing
