// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect.h"

#include "dataplane/replay/inspect_summary.h"
#include "dataplane/replay/key_file.h"
#include "dataplane/replay/progress.h"

#include <iostream>
#include <optional>

namespace espgate::replay {
namespace {

constexpr std::uint64_t frames_between_updates = 1024;

Expected<std::optional<KnownKeys>> read_known_keys(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const auto keys = read_key_file(path);
  if (!keys) return fail(keys.error());
  return KnownKeys(*keys);
}

// What the input broke off with, if it did.
Expected<void> inspect_all(FrameSource& source, Inspection& inspection) {
  Progress progress;
  for (;;) {
    const auto frame = source.next();
    if (!frame) return fail(frame.error());
    if (!*frame) return {};
    inspection.add(**frame);
    const std::uint64_t frames = inspection.totals().frames;
    if (frames % frames_between_updates == 0) progress.update(source.progress(), frames);
  }
}

}  // namespace

Expected<void> run_inspect(const InspectOptions& options) {
  const auto keys = read_known_keys(options.key_file);
  if (!keys) return fail(keys.error());
  auto source = FrameSource::open(options.input, false);
  if (!source) return fail(source.error());
  Inspection inspection;
  auto read = inspect_all(*source, inspection);
  inspection.finish();
  const InspectionSummary summary(inspection, *keys ? &**keys : nullptr);
  std::cout << (options.json ? summary.json() : summary.text()) << std::flush;
  if (read && !std::cout)
    return fail(
        {.what = "can't be written", .where = "standard output", .hint = {}, .kind = ErrorKind::output});
  return read;
}

}  // namespace espgate::replay
