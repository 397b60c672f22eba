#include "engine/quant/sqnr.h"

#include <cassert>
#include <cmath>

namespace stampd::quant {

double Sqnr::Db() const { return 10 * std::log10(signal / noise); }

double Sqnr::PsnrDb(double peak) const { return 10 * std::log10(peak * peak * static_cast<double>(elements) / noise); }

Sqnr& Sqnr::operator+=(const Sqnr& other) {
  signal += other.signal;
  noise += other.noise;
  elements += other.elements;
  return *this;
}

Sqnr MeasureSqnr(std::span<const float> exact, std::span<const float> test) {
  assert(exact.size() == test.size());
  Sqnr sums{.elements = static_cast<std::int64_t>(exact.size())};
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double x = exact[i], difference = x - test[i];
    sums.signal += x * x;
    sums.noise += difference * difference;
  }
  return sums;
}

void SqnrAverage::Add(const Sqnr& sample) {
  ++samples_;
  sum_db_ += sample.Db();
  pooled_ += sample;
}

}  // namespace stampd::quant
