#include "engine/samplers/beta_quantile.h"

#include <cmath>
#include <limits>

namespace stampd::samplers {
namespace {

constexpr double kTiny = 1e-300;
constexpr int kMostTerms = 1000;
constexpr int kMostIterations = 200;

double AwayFromZero(double x) { return std::abs(x) < kTiny ? kTiny : x; }

/// The n-th coefficient, n >= 1.
double Coefficient(int n, double x, double a, double b) {
  const double m = n / 2;
  if (n % 2 == 0) return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
  return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
}

/// 1 / (1 + d1 / (1 + d2 / (1 + …))) by Lentz's method; fast where x lies below the mean.
double ContinuedFraction(double x, double a, double b) {
  double value = 1;
  double c = 1;
  double d = 0;
  for (int n = 1; n <= kMostTerms; ++n) {
    const double coefficient = Coefficient(n, x, a, b);
    d = 1 / AwayFromZero(1 + coefficient * d);
    c = AwayFromZero(1 + coefficient / c);
    value *= c * d;
    if (std::abs(c * d - 1) < 2 * std::numeric_limits<double>::epsilon()) break;
  }
  return 1 / value;
}

double Density(double x, double a, double b) {
  const double beta = std::tgamma(a) * std::tgamma(b) / std::tgamma(a + b);
  return std::pow(x, a - 1) * std::pow(1 - x, b - 1) / beta;
}

/// Below the mean, where x itself, not 1 - x, is the small number.
double LowerQuantile(double p, double a, double b, double mean) {
  double low = 0;
  double high = mean;
  double x = mean * std::pow(p / RegularizedBeta(mean, a, b), 1 / a);  // exact as x goes to 0
  for (int i = 0; i < kMostIterations; ++i) {
    const double excess = RegularizedBeta(x, a, b) - p;
    (excess > 0 ? high : low) = x;
    double next = x - excess / Density(x, a, b);
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (std::abs(next - x) <= 2 * std::numeric_limits<double>::epsilon() * x) return next;
    x = next;
  }
  return x;
}

}  // namespace

double RegularizedBeta(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - RegularizedBeta(1 - x, b, a);
  return Density(x, a, b) * x * (1 - x) / a * ContinuedFraction(x, a, b);
}

double BetaQuantile(double p, double a, double b) {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  const double mean = a / (a + b);
  if (p <= RegularizedBeta(mean, a, b)) return LowerQuantile(p, a, b, mean);
  return 1 - LowerQuantile(1 - p, b, a, 1 - mean);
}

}  // namespace stampd::samplers
