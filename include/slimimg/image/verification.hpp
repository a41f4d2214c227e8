#pragma once

#include <functional>
#include <memory>
#include <string>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/run_options.hpp"
#include "slimimg/base/seal.hpp"
#include "slimimg/image/image.hpp"

namespace slimimg::image {

/// Layers whose bytes are looked at, on threads of their own, while others already work with what
/// they hold.
class Verification {
  public:
    /// With one thread all is done in finish().
    explicit Verification(const RunOptions& options);
    /// Stops what is going on.
    ~Verification();
    Verification(Verification&&) noexcept;
    Verification& operator=(Verification&&) noexcept;

    /// Hashes `tar`, which is the layer as it is stored, and holds it against what `layer` claims.
    /// What is added first is told first where it is wrong; `what` names it in errors: "layer 3 of
    /// a.tar".
    void add(const Slice& tar, const Layer& layer, const std::string& what);
    /// Holds bytes against seals that the layer's had; `what` names the layer.
    void add(const SealedBytes& sealed, const SealKey& key, const std::string& what);
    /// Begins; nothing can be added any more.
    void start();

    /// Calls `work` and waits. False where bytes are not those that were sealed, else throws Error
    /// (bad_input, "digest-mismatch") where a digest is not as claimed; both whatever `work` has
    /// thrown, which may have met the damage. Throws what `work` has thrown where all is right.
    [[nodiscard]] bool finish(const std::function<void()>& work);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Throws Error (bad_input, "digest-mismatch") where a digest is not the one that `by` ("config",
/// "manifest") claims for `what`.
void compare_digests(std::string_view what, const Digest& found, const Digest& claimed,
                     std::string_view by);

}  // namespace slimimg::image
