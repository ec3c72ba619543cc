// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/descriptor.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <sys/types.h>

namespace espgate::cli {

// A program that `espgate up` runs.
struct Program {
  std::string name;  // for people: "dataplane"
  std::filesystem::path executable;
  std::vector<std::string> arguments;
  std::filesystem::path socket;  // where it listens once it is ready; empty: at once
};

// One running program: its process and what it prints. It gets a SIGTERM when we die, however we do. One
// thread, the one that has started it.
class Child {
 public:
  Child(Program program, std::ostream& log) : program_(std::move(program)), log_(log) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child(Child&&) = default;

  // Error: no process, no pipe. That the program can't be executed shows as an exit.
  [[nodiscard]] bool start();
  void signal(int number) const;
  [[nodiscard]] bool is_running() const { return pid_ > 0; }
  // Whether it listens on its socket.
  [[nodiscard]] bool is_ready() const;
  // How it ended, for people: "was killed by signal 9"; nullopt: it has not.
  [[nodiscard]] std::optional<std::string> ended();
  // Readable when it has printed something; -1: it prints no more.
  [[nodiscard]] int output() const { return output_.get(); }
  // Passes whole lines on, each behind the program's name.
  void pass_output();

  [[nodiscard]] const Program& program() const { return program_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  [[noreturn]] void execute(int output) const;
  void pass_lines(bool all);

  Program program_;
  std::ostream& log_;
  pid_t pid_ = -1;
  channel::Descriptor output_;
  std::string printed_;  // of the line that has no end yet
};

}  // namespace espgate::cli
