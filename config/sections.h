// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/section.h"

#include <filesystem>
#include <string_view>

namespace espgate::config {

// The tables of the file, one function each: they take the keys they know and call finish().
// `number` tells devices of the same driver apart; an `interface` gets a queue for each of `workers`.
void read_port(Section section, unsigned number, unsigned workers, Port& port);
void read_route(Section section, Route& route);
void read_gateway(Section section, Config& config);
void read_clients(Section section, Config& config);
// Leaves `idle` alone unless the file says.
void read_workers(Section section, Config& config, bool& idle_given);
void read_memory(Section section, Config& config);
void read_runtime(Section section, Config& config);
void read_ike(Section section, Ike& ike);
void read_l2tp(Section section, L2tp& l2tp);
void read_ppp(Section section, Ppp& ppp);
// `folder`: where a relative path begins.
void read_users(Section section, Users& users, const std::filesystem::path& folder);
void read_radius(Section section, Radius& radius);
// After read_users(), whose terms a group has where it says nothing.
void read_group(Section section, const Users& users, Group& group);
void read_pool(Section section, Pool& pool);
void read_static_peer(Section section, StaticPeer& peer);

}  // namespace espgate::config
