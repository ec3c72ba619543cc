// SPDX-License-Identifier: Apache-2.0
// What the CPU can do, which cores are left to the workers, and whether its clock can be trusted.
#include "cli/doctor/doctor.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using Flags = std::set<std::string, std::less<>>;

bool has_all(const Flags& flags, std::initializer_list<std::string_view> names) {
  return std::ranges::all_of(names, [&](std::string_view name) { return flags.contains(name); });
}

std::string list_text(const std::vector<unsigned>& numbers) {
  return fmt::format("{}", fmt::join(numbers, ","));
}

}  // namespace

std::string Doctor::engine(const Flags& flags) const {
  if (config_ != nullptr && config_->engine == crypto::EngineChoice::openssl)
    return "openssl, as the configuration says";
  const bool avx512 = has_all(flags, {"avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"});
  std::string text = std::string("ipsec_mb with ") + (avx512 ? "AVX512" : "AVX2");
  if (has_all(flags, {"vaes", "vpclmulqdq"})) text += " and VAES";
  return text;
}

// x86-64-v3 is what the programs are built for; AES and PCLMULQDQ are what libipsec-mb asks for.
Findings Doctor::cpu() const {
  const std::string check = "CPU";
  const Flags flags = host_.cpu_flags();
  if (flags.empty()) return {not_applicable(check, "/proc/cpuinfo names no features")};
  if (flags.contains("asimd")) {
    if (flags.contains("aes")) return {good(check, "Arm with AES: engine openssl")};
    return {bad(check, "Arm without AES instructions: engine openssl, many times slower")};
  }
  if (!has_all(flags, {"avx2", "bmi2", "fma"}))
    return {
        fatal(check, "no AVX2, which these programs are built for", "build with -DESPGATE_MARCH=x86-64-v2")};
  if (!has_all(flags, {"aes", "pclmulqdq"}))
    return {bad(check, "no AES instructions: engine openssl, many times slower",
                "use another machine, or let the guest have the host's CPU")};
  return {good(check, "engine " + engine(flags))};
}

Findings Doctor::cores() const {
  const std::string check = "cores";
  const auto online = host_.cpus("sys/devices/system/cpu/online");
  if (config_ == nullptr || !online) return {};
  const config::Workers& workers = config_->workers;
  std::vector<unsigned> missing;
  std::ranges::copy_if(workers.cores, std::back_inserter(missing),
                       [&](unsigned core) { return !online->contains(core); });
  if (!missing.empty()) {
    return {fatal(check,
                  fmt::format("workers.cores names {}, which this host does not have", list_text(missing)),
                  fmt::format("name cores from {} to {}", *online->begin(), *online->rbegin()))};
  }
  if (workers.idle == config::Idle::adaptive)
    return {not_applicable(
        check, fmt::format("{} of {} for workers, which sleep when idle", workers.count, online->size()))};
  if (workers.count >= online->size()) {
    return {bad(check,
                fmt::format("{} workers that poll on {} cores leave none to the system", workers.count,
                            online->size()),
                "lower workers.count, or write idle = \"adaptive\"")};
  }
  if (workers.cores.empty())
    return {bad(check, "workers that poll, and workers.cores does not say where",
                "name isolated cores in workers.cores")};
  const auto isolated = host_.cpus("sys/devices/system/cpu/isolated").value_or(std::set<unsigned>());
  std::vector<unsigned> shared;
  std::ranges::copy_if(workers.cores, std::back_inserter(shared),
                       [&](unsigned core) { return !isolated.contains(core); });
  if (shared.empty())
    return {good(check, fmt::format("{} for workers are isolated", list_text(workers.cores)))};
  const std::string all = list_text(workers.cores);
  return {bad(check, fmt::format("the kernel schedules other work on {} too", list_text(shared)),
              fmt::format("boot with isolcpus={0} nohz_full={0} rcu_nocbs={0}", all))};
}

Findings Doctor::clock() const {
  const std::string check = "clock";
  const Flags flags = host_.cpu_flags();
  const std::string source =
      host_.read("sys/devices/system/clocksource/clocksource0/current_clocksource").value_or("unknown");
  if (flags.contains("asimd") || flags.empty())
    return {not_applicable(check, fmt::format("clock source {}", source))};
  if (has_all(flags, {"constant_tsc", "nonstop_tsc"}))
    return {good(check, fmt::format("the TSC is constant and never stops; clock source {}", source))};
  return {bad(check,
              fmt::format("the TSC may change its rate or stop, and timers with it; clock source {}", source),
              "let the guest have the host's TSC (invtsc)")};
}

}  // namespace espgate::cli
