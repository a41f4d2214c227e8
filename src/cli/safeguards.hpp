#pragma once

#include "interruption.hpp"
#include "options.hpp"
#include "sandbox.hpp"

namespace slimimg::cli {

/// What a command takes on when it knows its options, before it looks at an image: the sandbox, and
/// then what ends it in order, whose thread is to be in the sandbox too.
class Safeguards {
  public:
    Safeguards(const MachineOptions& options, Access access) {
        options.allow(access);
        demand_folders(access);
        demand_distinct(access);
        enter_sandbox(options.sandbox, access);
        interruption_.emplace();
    }

  private:
    std::optional<Interruption> interruption_;
};

}  // namespace slimimg::cli
