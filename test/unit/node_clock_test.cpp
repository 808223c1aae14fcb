// SPDX-License-Identifier: PostgreSQL

#include "core/node_clock.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace detid {
namespace {

constexpr int64_t kMs = 1000, kSecond = 1000000, kMinute = 60 * kSecond;
constexpr int64_t kMaxStep = 10 * kMinute;
constexpr int64_t kReal = 1735689600 * kSecond;  // 2025-01-01Z
constexpr int64_t kBoot = 5000 * kSecond;

// A reading without uncertainty.
ClockReading Reading(int64_t boot, int64_t real) {
  return {boot, real, boot};
}

// A calibration that nobody comes between.
Calibration Calibrate(NodeClock* clock, const ClockReading& r, int64_t max_step_us) {
  return clock->Calibrate(clock->word(), r, max_step_us);
}

TEST(NodeClock, StartsAtTheSystemClock) {
  NodeClock clock;
  clock.Start({kBoot - 40, kReal, kBoot + 40});
  EXPECT_EQ(clock.At(kBoot), kReal);
  EXPECT_EQ(clock.At(kBoot + 7), kReal + 7);
  EXPECT_EQ(clock.At(kBoot + 3600 * kSecond), kReal + 3600 * kSecond);
  EXPECT_FALSE(clock.slewing());
}

TEST(NodeClock, StartsAtASystemClockThatIsBehindBootTime) {
  NodeClock clock;
  clock.Start(Reading(kBoot, 17));  // a machine whose clock says 1970
  EXPECT_EQ(clock.At(kBoot + 3), 20);
}

TEST(NodeClock, FollowsForwardSteps) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  const int64_t boot = kBoot + kSecond;
  EXPECT_EQ(Calibrate(&clock, Reading(boot, kReal + 31 * kSecond), kMaxStep),
            Calibration::kFollowed);
  EXPECT_EQ(clock.At(boot), kReal + 31 * kSecond);
  EXPECT_FALSE(clock.slewing());
}

TEST(NodeClock, IsSteadyWithinTheReadingsUncertainty) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  for (const int64_t off : {-100, -1, 0, 1, 100}) {
    EXPECT_EQ(Calibrate(&clock, Reading(kBoot + 20 * kMs, kReal + 20 * kMs + off), kMaxStep),
              Calibration::kSteady);
    EXPECT_EQ(clock.At(kBoot + 20 * kMs), kReal + 20 * kMs);
  }
  EXPECT_EQ(Calibrate(&clock, Reading(kBoot + 20 * kMs, kReal + 20 * kMs + 101), kMaxStep),
            Calibration::kFollowed);
}

TEST(NodeClock, SlewsAfterStepBack) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  int64_t boot = kBoot + kSecond;
  int64_t last = clock.At(boot);
  // The system clock steps back by 1 s; it is read every 20 ms from then on.
  const auto system = [&] { return kReal + (boot - kBoot) - kSecond; };
  EXPECT_EQ(Calibrate(&clock, Reading(boot, system()), kMaxStep), Calibration::kSlewing);
  EXPECT_TRUE(clock.slewing());
  int64_t caught_up = 0;
  while (caught_up == 0 && boot < kBoot + 60 * kSecond) {
    boot += 20 * kMs;
    const int64_t now = clock.At(boot);
    ASSERT_GE(now, last);
    ASSERT_NEAR(static_cast<double>(now - last), 18.0 * kMs, 1.01 * kMs);  // 90 % speed
    last = now;
    Calibrate(&clock, Reading(boot, system()), kMaxStep);
    if (!clock.slewing()) caught_up = boot;
  }
  // 1 s at 10 %, and the margin of the switch.
  EXPECT_NEAR(static_cast<double>(caught_up - (kBoot + kSecond)), 10.0 * kSecond, 0.1 * kSecond);
  EXPECT_NEAR(static_cast<double>(clock.At(boot) - system()), 0, 0.0 + 2 * kMs);
}

TEST(NodeClock, LosesATenthWhileSlewing) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  Calibrate(&clock, Reading(kBoot, kReal - kSecond), kMaxStep);
  // Meets the old line 10 ms after the switch, so it begins 1 ms above it.
  EXPECT_EQ(clock.At(kBoot), kReal + 1 * kMs);
  EXPECT_EQ(clock.At(kBoot + 10 * kMs), kReal + 10 * kMs);
  EXPECT_EQ(clock.At(kBoot + kSecond), kReal + 901 * kMs);
  EXPECT_EQ(clock.At(kBoot + 10 * kSecond), kReal + 9001 * kMs);
}

TEST(NodeClock, DisbelievesStepsBeyondTheMaximumOfBothSigns) {
  for (const int64_t step : {kMaxStep + 1, -kMaxStep - 1, 100 * kMaxStep, -100 * kMaxStep}) {
    NodeClock clock;
    clock.Start(Reading(kBoot, kReal));
    EXPECT_EQ(Calibrate(&clock, Reading(kBoot, kReal + step), kMaxStep), Calibration::kDisbelieved);
    EXPECT_EQ(clock.At(kBoot + kSecond), kReal + kSecond);  // goes on at its own rate
    EXPECT_FALSE(clock.slewing());
  }
}

TEST(NodeClock, BelievesStepsOfTheMaximum) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  EXPECT_EQ(Calibrate(&clock, Reading(kBoot, kReal - kMaxStep), kMaxStep), Calibration::kSlewing);
  clock.Start(Reading(kBoot, kReal));
  EXPECT_EQ(Calibrate(&clock, Reading(kBoot, kReal + kMaxStep), kMaxStep), Calibration::kFollowed);
}

TEST(NodeClock, StopsSlewingTowardsAClockItDisbelieves) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  Calibrate(&clock, Reading(kBoot, kReal - kSecond), kMaxStep);
  const int64_t boot = kBoot + kSecond;
  const int64_t before = clock.At(boot);
  EXPECT_EQ(Calibrate(&clock, Reading(boot, kReal - 2 * kMaxStep), kMaxStep),
            Calibration::kDisbelieved);
  EXPECT_FALSE(clock.slewing());
  // From a margin earlier on, so that no reader of that time goes back.
  constexpr int64_t kUp = NodeClock::kSwitchMarginUs / 10;
  EXPECT_EQ(clock.At(boot), before + kUp);
  EXPECT_EQ(clock.At(boot + kSecond), before + kUp + kSecond);
}

TEST(NodeClock, ThrowsAwayAnUncertainReading) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  const int64_t boot = kBoot + kSecond;
  EXPECT_EQ(Calibrate(&clock, {boot, kReal + kMinute, boot + 101}, kMaxStep),
            Calibration::kUncertain);
  EXPECT_EQ(clock.At(boot), kReal + kSecond);
  EXPECT_TRUE(clock.Stale(boot));  // so that the next one tries again
  EXPECT_EQ(Calibrate(&clock, {boot, kReal + kMinute, boot + 100}, kMaxStep),
            Calibration::kFollowed);
  EXPECT_EQ(clock.At(boot + 50), kReal + kMinute);  // the reading counts as of its middle
}

TEST(NodeClock, IsStaleAfterTenMilliseconds) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  EXPECT_FALSE(clock.Stale(kBoot + 10 * kMs));
  EXPECT_TRUE(clock.Stale(kBoot + 10 * kMs + 1));
  Calibrate(&clock, Reading(kBoot + 15 * kMs, kReal + 15 * kMs), kMaxStep);
  EXPECT_FALSE(clock.Stale(kBoot + 25 * kMs));
}

TEST(NodeClock, AdvanceToRaisesButNeverLowers) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  EXPECT_FALSE(clock.AdvanceTo(kReal, Reading(kBoot, kReal)));
  EXPECT_FALSE(clock.AdvanceTo(kReal - kSecond, Reading(kBoot, kReal)));
  EXPECT_EQ(clock.At(kBoot), kReal);
  EXPECT_TRUE(clock.AdvanceTo(kReal + 3 * kSecond, Reading(kBoot, kReal)));
  EXPECT_GE(clock.At(kBoot), kReal + 3 * kSecond);
  EXPECT_LE(clock.At(kBoot), kReal + 3 * kSecond + 1 * kMs);
  EXPECT_FALSE(clock.AdvanceTo(kReal + 3 * kSecond, Reading(kBoot, kReal)));
}

TEST(NodeClock, SlewsDownToTheSystemClockAfterAdvanceTo) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  clock.AdvanceTo(kReal + 3 * kSecond, Reading(kBoot, kReal));
  EXPECT_EQ(Calibrate(&clock, Reading(kBoot, kReal), kMaxStep), Calibration::kSlewing);
  int64_t boot = kBoot, last = 0;
  for (; clock.slewing() && boot < kBoot + kMinute; boot += 10 * kMs) {
    ASSERT_GE(clock.At(boot), last);
    last = clock.At(boot);
    Calibrate(&clock, Reading(boot, kReal + (boot - kBoot)), kMaxStep);
  }
  EXPECT_NEAR(static_cast<double>(boot - kBoot), 30.0 * kSecond, 0.1 * kSecond);
  EXPECT_NEAR(static_cast<double>(clock.At(boot) - (kReal + (boot - kBoot))), 0, 2.0 * kMs);
}

// C2: what a calibrator that was stopped has seen is of no use when others have looked meanwhile,
// whatever they saw.
TEST(NodeClock, AStoppedCalibratorSwitchesNothing) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  const uint64_t before = clock.word();
  const ClockReading step_back = Reading(kBoot + 20 * kMs, kReal - kSecond);
  const int64_t boot = kBoot + 5 * kSecond;
  for (const ClockReading& other :
       {Reading(boot, kReal + 5 * kSecond), ClockReading{boot, kReal, boot + 101}}) {
    Calibrate(&clock, other, kMaxStep);
    const int64_t seen = clock.At(boot);
    EXPECT_EQ(clock.Calibrate(before, step_back, kMaxStep), Calibration::kLost);
    EXPECT_GE(clock.At(boot), seen);
    EXPECT_FALSE(clock.slewing());
  }
}

// A horizon beyond max_step was accepted when it was read: the clock is believed and approached.
TEST(NodeClock, BelievesTheLeadThatAdvanceToMade) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  clock.AdvanceTo(kReal + 3 * kMaxStep, Reading(kBoot, kReal));
  const int64_t boot = kBoot + kSecond;
  EXPECT_EQ(Calibrate(&clock, Reading(boot, kReal + kSecond), kMaxStep), Calibration::kSlewing);
  EXPECT_TRUE(clock.slewing());
  // Another step back within max_step is believed, one beyond is not.
  EXPECT_EQ(Calibrate(&clock, Reading(boot, kReal + kSecond - kMaxStep / 2), kMaxStep),
            Calibration::kSlewing);
  EXPECT_EQ(Calibrate(&clock, Reading(boot, kReal - 2 * kMaxStep), kMaxStep),
            Calibration::kDisbelieved);
}

// What was accepted shrinks with the lead: once caught up, it allows nothing.
TEST(NodeClock, ForgetsAnAcceptedLeadThatIsGone) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  clock.AdvanceTo(kReal + 3 * kMaxStep, Reading(kBoot, kReal));
  const int64_t boot = kBoot + kSecond;
  Calibrate(&clock, Reading(boot, clock.At(boot)), kMaxStep);
  EXPECT_EQ(Calibrate(&clock, Reading(boot, clock.At(boot) - 2 * kMaxStep), kMaxStep),
            Calibration::kDisbelieved);
}

TEST(NodeClock, AcceptFollowsAClockThatIsAheadAtOnce) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  const int64_t ahead = kReal + 100 * kMaxStep;
  ASSERT_EQ(Calibrate(&clock, Reading(kBoot, ahead), kMaxStep), Calibration::kDisbelieved);
  clock.Accept(Reading(kBoot, ahead));
  EXPECT_EQ(clock.At(kBoot), ahead);
  EXPECT_EQ(Calibrate(&clock, Reading(kBoot, ahead), kMaxStep), Calibration::kSteady);
  EXPECT_FALSE(clock.slewing());
}

TEST(NodeClock, AcceptSlewsToAClockThatIsBehind) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  const int64_t behind = kReal - 2 * kMaxStep;
  ASSERT_EQ(Calibrate(&clock, Reading(kBoot, behind), kMaxStep), Calibration::kDisbelieved);
  clock.Accept(Reading(kBoot, behind));
  EXPECT_EQ(Calibrate(&clock, Reading(kBoot, behind), kMaxStep), Calibration::kSlewing);
  EXPECT_GE(clock.At(kBoot), kReal);
  int64_t boot = kBoot, last = 0;
  for (; clock.slewing() && boot < kBoot + 30 * kMaxStep; boot += 10 * kMs) {
    ASSERT_GE(clock.At(boot), last);
    last = clock.At(boot);
    ASSERT_NE(Calibrate(&clock, Reading(boot, behind + (boot - kBoot)), kMaxStep),
              Calibration::kDisbelieved);
  }
  EXPECT_NEAR(static_cast<double>(boot - kBoot), 20.0 * kMaxStep, 1.0 * kSecond);
}

TEST(NodeClock, AcceptOfARightClockChangesNothing) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  clock.Accept(Reading(kBoot, kReal));
  EXPECT_EQ(clock.At(kBoot + kSecond), kReal + kSecond);
  EXPECT_FALSE(clock.slewing());
}

// Random steps, believed or not, advances, uncertain readings and pauses: whoever reads later in
// boot time never sees an earlier node time.
TEST(NodeClock, NeverRunsBackwardsWhateverTheSystemClockDoes) {
  for (uint64_t seed = 1; seed <= 200; seed++) {
    std::mt19937_64 rng(seed);
    const auto below = [&](int64_t n) {
      return static_cast<int64_t>(rng() % static_cast<uint64_t>(n));
    };
    NodeClock clock;
    int64_t boot = kBoot, off = kReal - kBoot, last = 0;
    clock.Start(Reading(boot, boot + off));
    const auto see = [&] {
      const int64_t now = clock.At(boot);
      ASSERT_GE(now, last) << "seed " << seed << ", boot " << boot;
      last = now;
    };
    for (int i = 0; i < 2000; i++) {
      boot += below(50) == 0 ? below(kMinute) : below(15 * kMs);
      see();
      switch (below(40)) {
        case 0:
          off += below(kSecond) - kSecond / 2;
          break;
        case 1:
          off += below(2 * kMinute) - kMinute;
          break;
        case 2:
          off += below(4 * kMaxStep) - 2 * kMaxStep;
          break;
        case 3:
          clock.AdvanceTo(last + below(5 * kSecond) - kSecond, Reading(boot, boot + off));
          see();
          break;
        case 4:
          clock.Accept(Reading(boot, boot + off));
          see();
          break;
        default:
          break;
      }
      off += below(3) - 1;  // drift
      if (clock.Stale(boot)) {
        const int64_t took = below(130);
        const ClockReading r = {boot, boot + below(took + 1) + off, boot + took};
        boot += took;
        see();
        const int64_t before = clock.At(boot);
        if (Calibrate(&clock, r, kMaxStep) == Calibration::kUncertain) {
          ASSERT_EQ(clock.At(boot), before);
        }
        boot += below(2);
        see();
      }
    }
  }
}

// G3 needs it: a believed clock is followed at once, or approached at 10 %.
TEST(NodeClock, ApproachesTheSystemClockWithinTenTimesTheStep) {
  for (uint64_t seed = 1; seed <= 50; seed++) {
    std::mt19937_64 rng(seed);
    const auto step = static_cast<int64_t>(rng() % static_cast<uint64_t>(2 * kMinute)) - kMinute;
    NodeClock clock;
    clock.Start(Reading(kBoot, kReal));
    const int64_t end = kBoot + 10 * std::abs(step) + 100 * kMs;
    for (int64_t boot = kBoot; boot < end; boot += 10 * kMs)
      Calibrate(&clock, Reading(boot, kReal + step + (boot - kBoot)), kMaxStep);
    EXPECT_NEAR(static_cast<double>(clock.At(end) - (kReal + step + (end - kBoot))), 0, 2.0 * kMs)
        << "step " << step;
  }
}

// C2 where the reader is slow: it took its boot reading before the switch and uses it after.
TEST(NodeClock, ASlowReaderIsNotTakenBackBySlewing) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  const int64_t slow = kBoot + kSecond - 8 * kMs;
  const int64_t before = clock.At(slow);
  Calibrate(&clock, Reading(kBoot + kSecond, kReal), kMaxStep);
  ASSERT_TRUE(clock.slewing());
  EXPECT_GE(clock.At(slow), before);
}

TEST(NodeClock, ASlowReaderIsNotTakenBackByTheEndOfSlewing) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  Calibrate(&clock, Reading(kBoot, kReal - kSecond), kMaxStep);
  ASSERT_TRUE(clock.slewing());
  // 10.02 s later node time is some ms behind, or just behind, the system clock.
  const int64_t boot = kBoot + 10011 * kMs;
  const int64_t slow = boot - 8 * kMs;
  const int64_t before = clock.At(slow);
  Calibrate(&clock, Reading(boot, clock.At(boot) + 1), kMaxStep);
  EXPECT_GE(clock.At(slow), before);
}

TEST(NodeClock, ASlowReaderIsNotTakenBackByDisbelief) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  Calibrate(&clock, Reading(kBoot, kReal - kSecond), kMaxStep);
  const int64_t boot = kBoot + kSecond;
  const int64_t slow = boot - 8 * kMs;
  const int64_t before = clock.At(slow);
  Calibrate(&clock, Reading(boot, kReal + 2 * kMaxStep), kMaxStep);
  ASSERT_FALSE(clock.slewing());
  EXPECT_GE(clock.At(slow), before);
}

// C2 for a reader that was stopped between its boot reading and the word, for any time: it reads
// again. `Stopped` returns `boot`, and then what others do meanwhile happens, once.
template <typename Meanwhile>
struct Stopped {
  int64_t boot, later;
  Meanwhile meanwhile;
  int readings = 0, calibrations = 0;

  int64_t Boot() {
    if (readings++ > 0) return later;
    meanwhile();
    return boot;
  }
  void Calibrate() { calibrations++; }
};

TEST(NodeClock, AReaderStoppedAcrossTheEndOfSlewingDoesNotGoBack) {
  for (const int64_t stop : {20 * kMs, 200 * kMs, 10 * kSecond}) {
    NodeClock clock;
    clock.Start(Reading(kBoot, kReal));
    Calibrate(&clock, Reading(kBoot, kReal - kSecond), kMaxStep);
    const int64_t boot = kBoot + 5 * kMs, end = boot + stop;
    const int64_t returned = clock.At(boot);
    Stopped reader{boot, end, [&] {
                     Calibrate(&clock, Reading(end, clock.At(end) + 2 * kMs), kMaxStep);
                     ASSERT_FALSE(clock.slewing());
                   }};
    const int64_t now = clock.Now(reader);
    EXPECT_GE(now, returned) << "stopped for " << stop << " us";
    EXPECT_EQ(now, clock.At(end));
    EXPECT_EQ(reader.calibrations, 0);
  }
}

TEST(NodeClock, AReaderStoppedAcrossAStepForwardReadsAgain) {
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  Stopped reader{kBoot + 5 * kMs, kBoot + 6 * kMs, [&] {
                   Calibrate(&clock, Reading(kBoot + 6 * kMs, kReal + kMinute), kMaxStep);
                 }};
  EXPECT_EQ(clock.Now(reader), kReal + kMinute);
  EXPECT_EQ(reader.readings, 2);
}

// Where no reading says enough, a reader still returns: an attempt of its own is as good.
TEST(NodeClock, AReaderReturnsThoughNoCalibrationIsCertain) {
  struct Uncertain {
    NodeClock* clock;
    int64_t boot;
    int calibrations = 0;
    int64_t Boot() { return boot += 50; }
    void Calibrate() {
      const uint64_t before = clock->word();
      boot += 500;
      clock->Calibrate(before, {boot - 500, kReal, boot}, kMaxStep);
      calibrations++;
    }
  };
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  Uncertain source{&clock, kBoot + kSecond};
  const int64_t now = clock.Now(source);
  EXPECT_EQ(source.calibrations, 1);
  EXPECT_EQ(now, clock.At(source.boot));
}

// A reader that was stopped since its own attempt attempts another: only so is it known that no
// calibrator holds a reading of before that is older than a slewing line may be late.
TEST(NodeClock, AReaderStoppedAfterItsAttemptAttemptsAnother) {
  struct Slow {
    NodeClock* clock;
    int64_t boot;
    int calibrations = 0;
    int64_t Boot() { return boot; }
    void Calibrate() {
      clock->Calibrate(clock->word(), {boot, kReal, boot + 101}, kMaxStep);
      boot += calibrations++ == 0 ? 11 * kMs : kMs;
    }
  };
  NodeClock clock;
  clock.Start(Reading(kBoot, kReal));
  Slow source{&clock, kBoot + kSecond};
  EXPECT_EQ(clock.Now(source), kReal + kSecond + 12 * kMs);
  EXPECT_EQ(source.calibrations, 2);
}

}  // namespace
}  // namespace detid
