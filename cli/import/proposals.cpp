// SPDX-License-Identifier: Apache-2.0
#include "cli/import/proposals.h"

#include "cli/import/values.h"
#include "config/legacy_proposal.h"
#include "crypto/diffie_hellman.h"
#include "crypto/suite.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace espgate::openswan {
namespace {

using Names = std::vector<std::string>;

struct Renamed {
  std::string_view theirs, ours;
};

constexpr std::array hash_names = {
    Renamed{"md5", "md5"},         Renamed{"sha", "sha1"},           Renamed{"sha1", "sha1"},
    Renamed{"sha2", "sha256"},     Renamed{"sha256", "sha256"},      Renamed{"sha2_256", "sha256"},
    Renamed{"sha384", "sha384"},   Renamed{"sha2_384", "sha384"},    Renamed{"sha512", "sha512"},
    Renamed{"sha2_512", "sha512"}, Renamed{"sha256_96", "sha256_96"}};
constexpr std::array group_names = {Renamed{"dh2", "modp1024"},    Renamed{"dh5", "modp1536"},
                                    Renamed{"dh14", "modp2048"},   Renamed{"dh15", "modp3072"},
                                    Renamed{"dh16", "modp4096"},   Renamed{"dh19", "ecp256"},
                                    Renamed{"dh20", "ecp384"},     Renamed{"dh21", "ecp521"},
                                    Renamed{"dh31", "curve25519"}, Renamed{"x25519", "curve25519"}};

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

void add_once(Names& names, std::string name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
}

std::optional<std::string> hash_of(std::string_view word) {
  if (word.starts_with("hmac_")) word.remove_prefix(5);
  if (word.starts_with("prf")) return std::nullopt;
  const auto found = std::ranges::find(hash_names, word, &Renamed::theirs);
  return found == hash_names.end() ? std::nullopt : std::optional<std::string>(found->ours);
}

bool looks_like_group(std::string_view word) {
  return word.starts_with("modp") || word.starts_with("ecp") || word.starts_with("dh") ||
         word.starts_with("curve") || word.starts_with("x25519");
}

std::string group_of(std::string_view word) {
  const auto found = std::ranges::find(group_names, word, &Renamed::theirs);
  return std::string(found == group_names.end() ? word : found->ours);
}

// "aes_cbc_256", "aes256", "aes": the ciphers of our names. AES without bits is 128 to Openswan, and either
// to later ones.
Names ciphers_of(std::string_view word) {
  if (word == "3des" || word == "3des_cbc" || word == "des3") return {"3des"};
  if (word == "null" || word == "null_esp") return {"null"};
  if (!word.starts_with("aes")) return {};
  word.remove_prefix(3);
  if (word.starts_with("_cbc")) word.remove_prefix(4);
  if (word.starts_with('_')) word.remove_prefix(1);
  if (word.empty()) return {"aes128", "aes256"};
  if (word == "128" || word == "192" || word == "256") return {"aes" + std::string(word)};
  return {};
}

// "aes_gcm", "aes_gcm_c_256", "aes_gcm256", "aes128gcm16", "aes128gcm": GCM with a whole ICV, which needs no
// permission; with a shorter one it is not there.
enum class Gcm : unsigned char { no, whole, truncated };
Gcm gcm_kind(std::string_view word) {
  const std::size_t at = word.find("gcm");
  if (!word.starts_with("aes") || at == std::string_view::npos) return Gcm::no;
  const std::string_view behind = word.substr(at + 3);
  const bool cut = behind.starts_with("_a") || behind.starts_with("_b") || behind == "8" || behind == "12" ||
                   behind == "64" || behind == "96";
  return cut ? Gcm::truncated : Gcm::whole;
}

// A proposal in words: by '-', and ';' before the group; without strongSwan's '!' and Openswan's flags in
// brackets.
Names words_of(std::string_view proposal) {
  std::string text = lower(proposal.substr(0, proposal.find_first_of("!(")));
  std::ranges::replace(text, ';', '-');
  std::ranges::replace(text, '+', '-');
  Names words;
  for (const std::string_view word : list_value(text, '-')) words.emplace_back(word);
  // "aes-256-sha1".
  if (words.size() >= 2 && words[0] == "aes" && ciphers_of("aes" + words[1]).size() == 1) {
    words[0] += words[1];
    words.erase(words.begin() + 1);
  }
  return words;
}

// The hashes and the groups of what follows the cipher; false: there is a word that is neither.
struct Rest {
  Names hashes, groups;
};
std::optional<Rest> rest_of(std::span<const std::string> words) {
  Rest rest;
  for (const std::string& word : words) {
    if (looks_like_group(word)) {
      add_once(rest.groups, group_of(word));
    } else if (auto hash = hash_of(word)) {
      add_once(rest.hashes, std::move(*hash));
    } else if (word.starts_with("prf") || word == "noesn" || word == "esn" || word == "null" ||
               word == "none") {
      continue;
    } else {
      return std::nullopt;
    }
  }
  return rest;
}

// Whether the parser of ike.legacy takes it, or it needs no permission.
enum class Standing : unsigned char { unknown, accepted, legacy };
Standing standing_of(const std::string& proposal) {
  if (config::parse_legacy_proposal(proposal)) return Standing::legacy;
  const std::size_t group = proposal.rfind('-');
  const bool known =
      config::parse_legacy_proposal("3des" + proposal.substr(proposal.find('-'))).has_value() &&
      crypto::find_dh_group(proposal.substr(group + 1)).has_value();
  return known ? Standing::accepted : Standing::unknown;
}

void add_ike(std::string_view proposal, Proposals& into) {
  const Names words = words_of(proposal);
  const Names ciphers = words.empty() ? Names() : ciphers_of(words.front());
  auto rest = words.empty() ? std::nullopt : rest_of(std::span(words).subspan(1));
  if (ciphers.empty() || ciphers.front() == "null" || !rest)
    return add_once(into.unknown, std::string(proposal));
  // Without a hash Openswan offers and takes MD5 and SHA1; MD5 has to be asked for.
  if (rest->hashes.empty()) rest->hashes = {"sha1"};
  const bool any_group = rest->groups.empty();
  if (any_group) rest->groups = {"modp2048"};
  for (const std::string& cipher : ciphers) {
    for (const std::string& hash : rest->hashes) {
      for (const std::string& group : rest->groups) {
        std::string name = fmt::format("{}-{}-{}", cipher, hash, group);
        const Standing standing = standing_of(name);
        if (standing == Standing::legacy) add_once(into.legacy, std::move(name));
        if (standing == Standing::unknown) add_once(into.unknown, std::string(proposal));
      }
      if (!any_group) continue;
      for (const std::string_view group : {"modp1536", "modp1024"}) {
        std::string name = fmt::format("{}-{}-{}", cipher, hash, group);
        if (standing_of(name) == Standing::legacy) add_once(into.left_out, std::move(name));
      }
    }
  }
}

void add_esp(std::string_view proposal, Proposals& into) {
  const Names words = words_of(proposal);
  if (words.empty()) return;
  const Gcm gcm = gcm_kind(words.front());
  auto rest = rest_of(std::span(words).subspan(1));
  const Names ciphers = ciphers_of(words.front());
  // "aes_gcm-256-null": the number is its key's.
  if (gcm == Gcm::whole) return;
  if (gcm == Gcm::truncated || ciphers.empty() || !rest) return add_once(into.unknown, std::string(proposal));
  into.pfs_group = into.pfs_group || !rest->groups.empty();
  if (rest->hashes.empty()) rest->hashes = {"sha1"};
  for (const std::string& cipher : ciphers) {
    for (const std::string& hash : rest->hashes) {
      const auto suite = crypto::find_suite(fmt::format("{}-{}", cipher, hash));
      if (!suite) {
        add_once(into.unknown, std::string(proposal));
      } else if (crypto::suite(*suite).legacy) {
        add_once(into.legacy, std::string(crypto::suite(*suite).name));
      }
    }
  }
}

// What a later proposal names needs no telling about an earlier one.
void settle(Proposals& proposals) {
  std::erase_if(proposals.left_out, [&](const std::string& name) {
    return std::ranges::find(proposals.legacy, name) != proposals.legacy.end();
  });
}

}  // namespace

Proposals ike_proposals(std::string_view list) {
  Proposals proposals;
  for (const std::string_view each : list_value(list)) add_ike(each, proposals);
  settle(proposals);
  return proposals;
}

Proposals esp_proposals(std::string_view list) {
  Proposals proposals;
  for (const std::string_view each : list_value(list)) add_esp(each, proposals);
  return proposals;
}

}  // namespace espgate::openswan
