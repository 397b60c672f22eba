#pragma once

#include <cstdint>
#include <span>

namespace stampd::quant {

/// Sums behind a signal-to-quantization-noise ratio. Where the noise is nothing the ratio is infinite.
struct Sqnr {
  double signal = 0;  // sum of x^2
  double noise = 0;   // sum of (x - y)^2
  std::int64_t elements = 0;

  /// 10 log10(signal / noise).
  double Db() const;
  /// 10 log10(peak^2 / mean of noise).
  double PsnrDb(double peak) const;

  Sqnr& operator+=(const Sqnr& other);
};

/// Of `test` against `exact`, which are of one size.
Sqnr MeasureSqnr(std::span<const float> exact, std::span<const float> test);

/// Both usual ways to average over samples: the mean of their decibels, and the ratio of all their sums.
class SqnrAverage {
 public:
  void Add(const Sqnr& sample);

  int samples() const { return samples_; }
  double MeanDb() const { return sum_db_ / samples_; }
  double PooledDb() const { return pooled_.Db(); }

 private:
  int samples_ = 0;
  double sum_db_ = 0;
  Sqnr pooled_;
};

}  // namespace stampd::quant
