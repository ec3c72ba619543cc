// SPDX-License-Identifier: Apache-2.0
#include "cli/host.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

namespace espgate::cli {
namespace {

constexpr unsigned most_cpus = 4096;

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

// "0-3" or "8" into `cpus`.
void add_cpus(std::string_view range, std::set<unsigned>& cpus) {
  const std::size_t dash = range.find('-');
  const auto first = parse_number<unsigned>(range.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number<unsigned>(range.substr(dash + 1));
  if (!first || !last || *last >= most_cpus) return;
  for (unsigned cpu = *first; cpu <= *last; ++cpu) cpus.insert(cpu);
}

}  // namespace

std::optional<std::string> Host::read(std::string_view path) const {
  std::ifstream in(root_ / path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return std::nullopt;
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return text;
}

std::vector<std::string> Host::lines(std::string_view path) const {
  std::istringstream in(read(path).value_or(""));
  std::vector<std::string> all;
  for (std::string line; std::getline(in, line);) all.push_back(std::move(line));
  return all;
}

bool Host::exists(std::string_view path) const {
  std::error_code ignored;
  return std::filesystem::exists(root_ / path, ignored);
}

std::vector<std::string> Host::list(std::string_view path) const {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(root_ / path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::ranges::sort(names);
  return names;
}

std::optional<std::string> Host::link_target(std::string_view path) const {
  std::error_code error;
  const auto target = std::filesystem::read_symlink(root_ / path, error);
  if (error) return std::nullopt;
  return target.filename().string();
}

std::optional<std::uint64_t> Host::number(std::string_view path) const {
  const auto text = read(path);
  return text ? parse_number<std::uint64_t>(*text) : std::nullopt;
}

// /proc/net/route: interface, destination, gateway, flags, …, mask in the eighth column; addresses in
// hexadecimal.
std::set<std::string> Host::default_route_interfaces() const {
  std::set<std::string> interfaces;
  for (const std::string& line : lines("proc/net/route")) {
    const auto fields = words(line);
    if (fields.size() >= 8 && fields[1] == "00000000" && fields[7] == "00000000")
      interfaces.insert(fields[0]);
  }
  return interfaces;
}

std::optional<std::set<unsigned>> Host::cpus(std::string_view path) const {
  const auto text = read(path);
  if (!text) return std::nullopt;
  std::set<unsigned> cpus;
  std::istringstream in(*text);
  for (std::string range; std::getline(in, range, ',');) add_cpus(range, cpus);
  return cpus;
}

std::vector<std::string> Host::interfaces_of_pci(std::string_view address) const {
  const std::string device = "sys/bus/pci/devices/" + std::string(address);
  std::vector<std::string> interfaces = list(device + "/net");
  for (const std::string& child : list(device)) {
    if (!child.starts_with("virtio")) continue;  // virtio has a device of its own in between
    std::string path = device;
    path.append("/").append(child).append("/net");
    for (std::string& interface : list(path)) interfaces.push_back(std::move(interface));
  }
  return interfaces;
}

bool Host::has_iommu() const { return !list("sys/class/iommu").empty(); }

std::set<std::string, std::less<>> Host::cpu_flags() const {
  for (const std::string& line : lines("proc/cpuinfo")) {
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    const auto flags = words(line.substr(line.find(':') + 1));
    return {flags.begin(), flags.end()};
  }
  return {};
}

}  // namespace espgate::cli
