// SPDX-License-Identifier: PostgreSQL
//
// What a mint costs in core: choosing a position, composing the id, reading node time. And what
// encode does before it writes: finding the codec.

#include <benchmark/benchmark.h>

#include "core/codec.h"
#include "core/compose.h"
#include "core/definition.h"
#include "core/node_clock.h"
#include "core/permutation.h"
#include "core/sequence.h"

namespace detid {
namespace {

constexpr int32_t kNode = 5, kWorker = 9;
constexpr uint64_t kFirst = uint64_t{0x17F22E279B0} << 12;
constexpr Limits kOpen = {uint64_t{1} << 63, uint64_t{1} << 63, uint64_t{1} << 62};

GeneratorKey Key() {
  StartCrypto();
  return DeriveGeneratorKey(Seed{}, "benchmark");
}

void ComposeWord(benchmark::State& state) {
  const Composer composer(DefaultIdDefinition().layout, kNode, kWorker, nullptr);
  uint64_t position = kFirst;
  for (auto _ : state) benchmark::DoNotOptimize(composer.Word(position++));
}
BENCHMARK(ComposeWord);

void ComposeUuid7(benchmark::State& state) {
  const GeneratorKey key = Key();
  const Composer composer(DefaultUuidDefinition().layout, kNode, kWorker, &key);
  uint64_t position = kFirst;
  for (auto _ : state) benchmark::DoNotOptimize(composer(position++));
}
BENCHMARK(ComposeUuid7);

// The general form, which makes its Composer anew.
void ComposeUuid7Once(benchmark::State& state) {
  const GeneratorKey key = Key();
  Coordinates c = {kNode, kWorker, 1645557742000, 0};
  for (auto _ : state) {
    c.tick++;
    benchmark::DoNotOptimize(Compose(DefaultUuidDefinition().layout, c, {}, &key));
  }
}
BENCHMARK(ComposeUuid7Once);

void DecomposeSnowflake(benchmark::State& state) {
  const Layout& layout = DefaultIdDefinition().layout;
  Bits id = {{1541815603606036480, 0, 0}};
  for (auto _ : state) {
    id.word[0]++;
    benchmark::DoNotOptimize(Decompose(layout, id));
  }
}
BENCHMARK(DecomposeSnowflake);

void DecomposeUuid7(benchmark::State& state) {
  const Layout& layout = DefaultUuidDefinition().layout;
  Bits id = {{0x98c4dc0c0c07398f, 0x017f22e279b07cc3, 0}};
  for (auto _ : state) {
    id.word[0]++;
    benchmark::DoNotOptimize(Decompose(layout, id));
  }
}
BENCHMARK(DecomposeUuid7);

void TakeOwnOne(benchmark::State& state) {
  Slot slot;
  for (auto _ : state) benchmark::DoNotOptimize(TakeOwn(&slot, 0, 1, 12, kOpen));
}
BENCHMARK(TakeOwnOne);

// All threads on one shard, each with its own slot.
Shard leased_shard, ordered_shard;

void TakeLeasedOne(benchmark::State& state) {
  Slot slot;
  for (auto _ : state) benchmark::DoNotOptimize(TakeLeased(&leased_shard, &slot, 0, 1, 12, kOpen));
}
BENCHMARK(TakeLeasedOne)->Threads(1)->Threads(2)->UseRealTime();

void TakeOrderedOne(benchmark::State& state) {
  Slot ordered_slot;
  for (auto _ : state)
    benchmark::DoNotOptimize(TakeOrdered(&ordered_shard, &ordered_slot, 0, 1, 12, kOpen));
}
BENCHMARK(TakeOrderedOne)->Threads(1)->Threads(2)->UseRealTime();

void RandomBitsOf(benchmark::State& state) {
  const GeneratorKey key = Key();
  const int bits = static_cast<int>(state.range(0));
  uint64_t position = kFirst;
  for (auto _ : state) benchmark::DoNotOptimize(RandomBits(key, position++, kNode, kWorker, bits));
}
BENCHMARK(RandomBitsOf)->Arg(40)->Arg(128)->Arg(160);

void MaskOfWidth(benchmark::State& state) {
  StartCrypto();
  const MaskKey key = DeriveMaskKey(Seed{}, 0);
  const int bits = static_cast<int>(state.range(0));
  uint64_t value = 0;
  for (auto _ : state) benchmark::DoNotOptimize(value = Permute(key, value, bits));
}
BENCHMARK(MaskOfWidth)->Arg(63)->Arg(47)->Arg(19)->Arg(7);

void HashBitsOf17Bytes(benchmark::State& state) {
  StartCrypto();
  for (auto _ : state) benchmark::DoNotOptimize(HashBits("alice@example.com", 122));
}
BENCHMARK(HashBitsOf17Bytes);

// Every codec in turn.
void FindCodecByName(benchmark::State& state) {
  size_t i = 0;
  for (auto _ : state) {
    std::string_view name = Codecs()[i = (i + 5) % Codecs().size()].name;
    benchmark::DoNotOptimize(name);
    benchmark::DoNotOptimize(FindCodec(name));
  }
}
BENCHMARK(FindCodecByName);

void NodeClockAt(benchmark::State& state) {
  NodeClock clock;
  clock.Start({0, 1735689600000000, 0});
  if (state.range(0) != 0) clock.AdvanceTo(1735689601000000, {0, 1735689600000000, 0});
  int64_t boot = 0;
  for (auto _ : state) benchmark::DoNotOptimize(clock.At(boot++));
}
BENCHMARK(NodeClockAt)->ArgName("slewing")->Arg(0)->Arg(1);

}  // namespace
}  // namespace detid

BENCHMARK_MAIN();
