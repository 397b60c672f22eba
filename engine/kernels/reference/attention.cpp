#include "engine/kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace stampd::kernels::reference {
namespace {

double Dot(const double* a, const double* b, int width) {
  double sum = 0;
  for (int d = 0; d < width; ++d) sum += a[d] * b[d];
  return sum;
}

// Weights of all keys for one query; they sum to 1.
std::vector<double> Weights(const double* query, TokenView<const double> k, double scale) {
  std::vector<double> weights(static_cast<std::size_t>(k.rows));
  for (int key = 0; key < k.rows; ++key) weights[key] = scale * Dot(query, k.row(key), k.width);
  const double largest = *std::max_element(weights.begin(), weights.end());
  double sum = 0;
  for (double& weight : weights) sum += weight = std::exp(weight - largest);
  for (double& weight : weights) weight /= sum;
  return weights;
}

}  // namespace

void Attend(TokenView<const double> q, TokenView<const double> k, TokenView<const double> v, double scale, TokenView<double> out) {
  for (int query = 0; query < q.rows; ++query) {
    const std::vector<double> weights = Weights(q.row(query), k, scale);
    for (int d = 0; d < v.width; ++d) {
      double sum = 0;
      for (int key = 0; key < k.rows; ++key) sum += weights[key] * v.row(key)[d];
      out.row(query)[d] = sum;
    }
  }
}

}  // namespace stampd::kernels::reference
