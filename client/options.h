// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/endpoint.h"
#include "client/error.h"
#include "client/sequence_numbers.h"
#include "wire/ipv4_prefix.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace espgate::client {

struct Options {
  std::string config;               // the gateway's file
  std::string peer;                 // name of one of its static peers
  std::optional<Endpoint> gateway;  // nullopt: as the configuration says
  Endpoint local;                   // of the outer datagrams
  std::string tun = "espgate%d";
  std::vector<wire::Ipv4Prefix> routes;  // through the tunnel
  std::optional<std::uint16_t> mtu;      // of the TUN device; nullopt: what the peer may receive
  SequenceChoice sequence;
  std::uint32_t stats_seconds = 0;  // between reports; 0: one at the end
  bool json = false;
};

// Options whose text we parse ourselves, so that a wrong one is explained like any other error.
struct OptionTexts {
  std::string gateway;
  std::string local;
  std::vector<std::string> routes;
};

// Declares the options; parsing by `app` fills in both, which must stay until then.
void add_options(CLI::App& app, Options& options, OptionTexts& texts);

// Error: usage, with the option's name.
[[nodiscard]] Expected<void> parse_texts(const OptionTexts& texts, Options& options);

}  // namespace espgate::client
