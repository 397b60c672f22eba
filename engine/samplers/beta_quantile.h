#pragma once

namespace stampd::samplers {

/// I_x(a, b), the distribution function of Beta(a, b); a, b > 0, x in 0 … 1. Continued fraction 8.17.22 of dlmf.nist.gov.
double RegularizedBeta(double x, double a, double b);

/// The x at which I_x(a, b) = p; p in 0 … 1. Good to about 1e-12 relative.
double BetaQuantile(double p, double a, double b);

}  // namespace stampd::samplers
