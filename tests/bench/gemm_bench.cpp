#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>
#include <dnnl.hpp>
#include <omp.h>

#include "engine/kernels/w4a4_gemm.h"
#include "tests/bench/bench_clock.h"
#include "tests/bench/integer_peak.h"

// kernels::cpu::Multiply and oneDNN's int8 matmul at the networks' shapes, each as a share of what the processor's own multiply-add
// instructions reach in the same moment. Before it is timed, each result is compared with the SSE2 kernel's.
//
// A machine is seldom quiet. So the contenders take turns, each with a bare loop before it, and what counts is the median of their
// ratios; and time is what our threads were given of the processor (--wall: the clock on the wall, which also sees threads that
// wait).

namespace stampd::bench {
namespace {

using kernels::GemmBlock;
using kernels::QuantizedTokens;
using kernels::QuantizedWeights;
using kernels::cpu::InstructionSet;

clockid_t used_clock = CLOCK_PROCESS_CPUTIME_ID;

double Seconds() { return SecondsOf(used_clock); }

struct Layer {
  const char* name;
  int outs, depth;
};

constexpr Layer kLayers[] = {{"pixart_qkv", 3456, 1152},          {"pixart_o", 1152, 1152},
                             {"pixart_fc1", 4608, 1152},          {"pixart_fc2", 1152, 4608},
                             {"sana600m_qkv", 3456, 1152},        {"sana600m_o", 1152, 1152},
                             {"sana600m_inverted", 5760, 1152},   {"sana600m_point", 1152, 2880},
                             {"sana1600m_qkv", 6720, 2240},       {"sana1600m_o", 2240, 2240},
                             {"sana1600m_inverted", 11200, 2240}, {"sana1600m_point", 2240, 5600}};
constexpr int kRows[] = {256, 512, 2048, 8192};
constexpr int kTokenGroup = 64;

// One layer's operands, random.
struct Operands {
  Operands(int rows, Layer layer, int bits, int groups)
      : codes(static_cast<std::size_t>(rows) * layer.depth),
        zeros(static_cast<std::size_t>(rows) * groups),
        weights(static_cast<std::size_t>(layer.outs) * layer.depth * bits / 8),
        scales(zeros.size(), 1.f / 64),
        out_scales(static_cast<std::size_t>(layer.outs), 1.f / 128),
        sums(static_cast<std::size_t>(layer.outs) * groups),
        x{codes.data(), scales.data(), zeros.data(), rows, layer.depth, groups},
        weight{weights.data(), nullptr, out_scales.data(), bits, layer.outs, layer.depth} {
    std::minstd_rand random(7);
    for (std::uint8_t& code : codes) code = static_cast<std::uint8_t>(random() >> 8 & 15);
    for (std::uint8_t& zero : zeros) zero = static_cast<std::uint8_t>(random() >> 8 & 15);
    const auto draw = [&](int most) { return static_cast<int>((random() >> 8) % (2u * static_cast<unsigned>(most) + 1)) - most; };
    for (std::uint8_t& code : weights) {
      code = static_cast<std::uint8_t>(bits == 8 ? draw(127) : (draw(7) & 15) | (draw(7) & 15) << 4);
    }
    kernels::cpu::SumWeights(weight, groups, sums.data());
  }

  std::vector<std::uint8_t> codes, zeros, weights;
  std::vector<float> scales, out_scales;
  std::vector<std::int32_t> sums;
  QuantizedTokens x;
  QuantizedWeights weight;
};

using Product = std::function<void(float* y)>;

// As engine/ops does it: panels of outputs, evenly over threads, in blocks of rows.
void MultiplyThreads(const Operands& operands, InstructionSet set, int threads, float* y) {
  const int outs = operands.weight.out, panels = (outs + kernels::kGemmPanel - 1) / kernels::kGemmPanel;
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int thread = 0; thread < threads; ++thread) {
    const int first = panels * thread / threads * kernels::kGemmPanel;
    const int last = std::min(outs, panels * (thread + 1) / threads * kernels::kGemmPanel);
    for (int row = 0; row < operands.x.rows; row += 2048) {
      const GemmBlock block{row, std::min(2048, operands.x.rows - row), first, last - first};
      kernels::cpu::Multiply(operands.x, operands.weight, operands.sums.data(), block,
                             {y + static_cast<std::ptrdiff_t>(row) * outs + first, block.rows, block.outs, outs}, set);
    }
  }
}

// u8 x s8 -> f32 with the sums' integers as they are; the weights lie as oneDNN likes them best.
class OneDnn {
 public:
  explicit OneDnn(const Operands& operands) : stream_(engine_) {
    using dnnl::memory;
    const memory::dim rows = operands.x.rows, depth = operands.x.width, outs = operands.weight.out;
    const memory::desc x({rows, depth}, memory::data_type::u8, memory::format_tag::ab);
    const memory::desc any({depth, outs}, memory::data_type::s8, memory::format_tag::any);
    const memory::desc plain({depth, outs}, memory::data_type::s8, memory::format_tag::ba);
    const memory::desc y({rows, outs}, memory::data_type::f32, memory::format_tag::ab);
    const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(x, any, y), engine_);
    matmul_ = dnnl::matmul(description);
    x_ = memory(x, engine_, operands.x.codes);
    weights_ = memory(description.weights_desc(), engine_);
    y_ = memory(y, engine_, nullptr);
    memory given(plain, engine_, operands.weight.codes);
    dnnl::reorder(given, weights_).execute(stream_, given, weights_);
    stream_.wait();
  }

  void operator()(float* y) {
    y_.set_data_handle(y);
    matmul_.execute(stream_, {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, weights_}, {DNNL_ARG_DST, y_}});
    stream_.wait();
  }

 private:
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_;
  dnnl::matmul matmul_;
  dnnl::memory x_, weights_, y_;
};

struct Contender {
  std::string name;
  InstructionSet peak;
  int bits;
  Product product;
  std::vector<double> shares = {};
};

// Whether a few rows of a product equal the SSE2 kernel's; oneDNN's, which has no scales and zeros, those of plain sums.
bool IsRight(const Operands& operands, const Product& product, bool plain, std::vector<float>& y) {
  const int outs = operands.weight.out, rows = std::min(operands.x.rows, 5), first = operands.x.rows - rows;
  std::vector<float> expected(static_cast<std::size_t>(rows) * outs),
      ones(static_cast<std::size_t>(std::max(outs, operands.x.rows)), 1);
  std::vector<std::uint8_t> zeros(static_cast<std::size_t>(operands.x.rows));
  QuantizedTokens x = operands.x;
  QuantizedWeights weight = operands.weight;
  if (plain) {
    x.scales = weight.scales = ones.data();
    x.zeros = zeros.data();
  }
  kernels::cpu::Multiply(x, weight, operands.sums.data(), {first, rows, 0, outs}, {expected.data(), rows, outs, outs},
                         InstructionSet::kSse2);
  std::fill(y.begin(), y.end(), -1.f);
  product(y.data());
  return std::memcmp(expected.data(), y.data() + static_cast<std::ptrdiff_t>(first) * outs, expected.size() * sizeof(float)) == 0;
}

double PeakPerSecond(InstructionSet set, int bits, int threads) {
  constexpr std::int64_t kRounds = 20000;
  double operations = 0;
  const double begin = Seconds();
#pragma omp parallel num_threads(threads) reduction(+ : operations)
  operations += RunPeak(set, bits, kRounds);
  return operations / (Seconds() - begin);
}

// Shares of the peak, by contender and threads, over all shapes.
std::map<std::pair<int, std::string>, std::vector<double>> results;

void Run(benchmark::State& state, int rows, Layer layer, int threads) {
  omp_set_num_threads(threads);
  const Operands nibbles(rows, layer, 4, 1), bytes(rows, layer, 8, 1), grouped(rows, layer, 4, layer.depth / kTokenGroup);
  std::vector<float> y(static_cast<std::size_t>(rows) * layer.outs);
  OneDnn one_dnn(bytes);
  std::vector<Contender> contenders;
  for (const InstructionSet set : kernels::cpu::RunnableInstructionSets()) {
    if (set == InstructionSet::kSse2 && rows > kRows[0]) continue;  // too slow to wait for
    const auto add = [&](const char* what, const Operands& operands) {
      contenders.push_back({std::string(kernels::cpu::Name(set)) + what, set, operands.weight.bits,
                            [&operands, set, threads](float* to) { MultiplyThreads(operands, set, threads, to); }});
      if (!IsRight(operands, contenders.back().product, false, y))
        state.SkipWithError((contenders.back().name + " is wrong").c_str());
    };
    add(" w4", nibbles);
    add(" w8", bytes);
    if (layer.depth % kTokenGroup == 0) add(" w4, tokens in groups of 64", grouped);
  }
  contenders.push_back({"oneDNN u8 x s8", kernels::cpu::BestInstructionSet(), 8, std::ref(one_dnn)});
  if (!IsRight(bytes, contenders.back().product, true, y)) state.SkipWithError("oneDNN is wrong");

  const double operations = 2.0 * rows * layer.outs * layer.depth;
  for ([[maybe_unused]] auto _ : state) {
    const double begin = Seconds();
    for (Contender& contender : contenders) {
      const double peak = PeakPerSecond(contender.peak, contender.bits, threads);
      const double start = Seconds();
      contender.product(y.data());
      contender.shares.push_back(operations / (Seconds() - start) / peak);
    }
    state.SetIterationTime(Seconds() - begin);
  }
  for (Contender& contender : contenders) {
    if (contender.shares.empty()) continue;
    const double share = Median(contender.shares);
    state.counters[contender.name] = share;
    results[{threads, contender.name}].push_back(share);
  }
}

void PrintTable() {
  std::printf(
      "\n| share of the multiply-add instructions' peak | threads | shapes | median | least |\n| --- | --- | --- | --- | --- |\n");
  for (const auto& [key, shares] : results) {
    std::printf("| %s | %d | %zu | %.0f %% | %.0f %% |\n", key.second.c_str(), key.first, shares.size(), 100 * Median(shares),
                100 * *std::min_element(shares.begin(), shares.end()));
  }
}

void RegisterAll() {
  for (const int threads : {1, 2}) {
    for (const int rows : kRows) {
      for (const Layer& layer : kLayers) {
        const std::string name = std::string(layer.name) + "/rows:" + std::to_string(rows) + "/threads:" + std::to_string(threads);
        const double operations = 2.0 * rows * layer.outs * layer.depth;
        benchmark::RegisterBenchmark(name.c_str(), Run, rows, layer, threads)
            ->UseManualTime()
            ->Unit(benchmark::kMillisecond)
            ->Iterations(std::clamp(static_cast<int>(4e10 / operations), 3, 15));
      }
    }
  }
}

}  // namespace
}  // namespace stampd::bench

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  if (count > 1 && std::string_view(arguments[1]) == "--wall") stampd::bench::used_clock = CLOCK_MONOTONIC;
  stampd::bench::RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
  stampd::bench::PrintTable();
}
