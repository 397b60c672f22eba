#include "engine/kernels/linear_attention.h"

namespace stampd::kernels::reference {
namespace {

double Relu(double x) { return x > 0 ? x : 0; }

double Weight(const double* query, const double* key, int width) {
  double sum = 0;
  for (int c = 0; c < width; ++c) sum += Relu(query[c]) * Relu(key[c]);
  return sum;
}

}  // namespace

// As attention is written: a weight for each pair of tokens.
void LinearAttend(TokenView<const double> q, TokenView<const double> k, TokenView<const double> v, TokenView<double> out) {
  for (int query = 0; query < q.rows; ++query) {
    double* const row = out.row(query);
    double weights = 0;
    for (int c = 0; c < out.width; ++c) row[c] = 0;
    for (int key = 0; key < k.rows; ++key) {
      const double weight = Weight(q.row(query), k.row(key), q.width);
      weights += weight;
      for (int c = 0; c < out.width; ++c) row[c] += weight * v.row(key)[c];
    }
    for (int c = 0; c < out.width; ++c) row[c] /= weights + 1e-15;
  }
}

}  // namespace stampd::kernels::reference
