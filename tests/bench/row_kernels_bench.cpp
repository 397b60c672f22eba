#include <cstdio>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/base/token_layout.h"
#include "engine/kernels/feature_transform.h"
#include "engine/kernels/quantize_tokens.h"
#include "engine/kernels/round_weights.h"
#include "engine/kernels/sequence_transform.h"
#include "tests/bench/bench_clock.h"

// What a W4A4 linear does beside its product, on one thread: each kernel, on each instruction set, beside a copy of the bytes that
// it reads and writes. Results are compared with the SSE2 kernel's before anything is timed. Kernel and copy take turns; what
// counts is the median of their ratios.

namespace stampd::bench {
namespace {

using kernels::cpu::InstructionSet;

constexpr int kRows = 1024, kWidth = 1152;
constexpr int kOuts = 256;

double Seconds() { return SecondsOf(CLOCK_THREAD_CPUTIME_ID); }

// A kernel's memory: it reads `input`, and leaves its results in `output`.
struct Memory {
  explicit Memory(std::size_t count) : input(count), output(count), copy(count) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    for (float& value : input) value = normal(random);
  }

  std::vector<float> input, output, copy;
};

struct Kernel {
  const char* name;
  std::size_t written;  // bytes
  bool in_place;        // on `output`
  std::function<void(Memory& memory, InstructionSet set)> run;
};

kernels::TokenView<float> View(std::vector<float>& values) { return {values.data(), kRows, kWidth, kWidth}; }

const std::vector<std::uint8_t>& Bits() {
  static const std::vector<std::uint8_t> bits(kRows, 4);
  return bits;
}

void Quantize(Memory& memory, InstructionSet set) {
  static std::vector<float> scales(kRows);
  static std::vector<std::uint8_t> zeros(kRows);
  auto* const codes = reinterpret_cast<std::uint8_t*>(memory.output.data());
  kernels::cpu::QuantizeTokens({memory.input.data(), kRows, kWidth, kWidth}, Bits().data(), {},
                               {codes, scales.data(), zeros.data(), kRows, kWidth, 1}, set);
}

void Haar(Memory& memory, InstructionSet set) {
  std::vector<Tile> tiles;
  for (int row = 0; row < kRows; row += 64) tiles.push_back({.first_row = row, .side = 8});
  kernels::cpu::ForwardAlongTokens(View(memory.output), tiles, {kernels::SequenceTransform::kHaar2d}, set);
}

void Hadamard(Memory& memory, InstructionSet set) { kernels::cpu::TransformFeatures(View(memory.output), {nullptr, 128}, set); }

template <kernels::WeightRounding Rounding>
void Round(Memory& memory, InstructionSet set) {
  static std::vector<float> scales(kOuts);
  auto* const codes = reinterpret_cast<std::uint8_t*>(memory.output.data());
  kernels::cpu::RoundWeights(memory.input.data(), Rounding, {codes, nullptr, scales.data(), 4, kOuts, kWidth}, set);
}

const Kernel kKernels[] = {
    {"quantize_tokens", std::size_t{kRows} * kWidth, false, Quantize},
    {"haar2d", std::size_t{kRows} * kWidth * sizeof(float), true, Haar},
    {"hadamard128", std::size_t{kRows} * kWidth * sizeof(float), true, Hadamard},
    {"round_weights_nearest", std::size_t{kOuts} * kWidth / 2, false, Round<kernels::WeightRounding::kNearest>},
    {"round_weights_mse", std::size_t{kOuts} * kWidth / 2, false, Round<kernels::WeightRounding::kMseClip>},
};

bool IsRight(const Kernel& kernel, Memory& memory, InstructionSet set) {
  const auto result = [&](InstructionSet by) {
    memory.output = memory.input;
    kernel.run(memory, by);
    return memory.output;
  };
  const std::vector<float> expected = result(InstructionSet::kSse2), found = result(set);
  return std::memcmp(expected.data(), found.data(), kernel.written) == 0;
}

void Run(benchmark::State& state, const Kernel& kernel, InstructionSet set) {
  Memory memory(std::size_t{kRows} * kWidth);
  if (!IsRight(kernel, memory, set)) return state.SkipWithError("differs from SSE2's result");
  memory.output = memory.input;
  const std::size_t elements = std::strncmp(kernel.name, "round", 5) == 0 ? std::size_t{kOuts} * kWidth : memory.input.size();
  std::vector<double> ratios, times;
  for ([[maybe_unused]] auto _ : state) {
    const double begin = Seconds();
    std::memcpy(memory.copy.data(), memory.input.data(), elements * sizeof(float));
    benchmark::ClobberMemory();
    const double copied = Seconds();
    kernel.run(memory, set);
    const double end = Seconds();
    if (kernel.in_place && times.size() % 16 == 15) memory.output = memory.input;  // or values would grow
    ratios.push_back((end - copied) / (copied - begin));
    times.push_back((end - copied) / static_cast<double>(elements) * 1e9);
    state.SetIterationTime(end - copied);
  }
  state.counters["copies"] = Median(ratios);
  state.counters["ns_per_element"] = Median(times);
}

}  // namespace
}  // namespace stampd::bench

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  for (const stampd::bench::Kernel& kernel : stampd::bench::kKernels) {
    for (const auto set : stampd::kernels::cpu::RunnableInstructionSets()) {
      benchmark::RegisterBenchmark((std::string(kernel.name) + "/" + stampd::kernels::cpu::Name(set)).c_str(),
                                   [&kernel, set](benchmark::State& state) { stampd::bench::Run(state, kernel, set); })
          ->UseManualTime()
          ->Unit(benchmark::kMicrosecond)
          ->Iterations(101);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
