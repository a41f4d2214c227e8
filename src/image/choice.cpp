#include "image/choice.hpp"

#include <algorithm>
#include <numeric>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"

#include "image/platform.hpp"
#include "image/reference.hpp"

namespace slimimg::image {
namespace {

using Places = std::vector<std::size_t>;

/// "a:1, a:2 and 7 more", each once.
std::string joined(const std::vector<std::string>& names) {
    constexpr std::size_t most = 10;
    std::vector<std::string> each;
    for (const std::string& name : names) {
        if (std::find(each.begin(), each.end(), name) == each.end()) {
            each.push_back(name);
        }
    }
    std::string text;
    for (std::size_t i = 0; i < std::min(each.size(), most); ++i) {
        text += (i == 0 ? "" : ", ") + path::printable(each[i]);
    }
    return each.size() <= most ? text
                               : text + " and " + std::to_string(each.size() - most) + " more";
}

std::vector<std::string> names_of(const std::vector<Candidate>& candidates) {
    std::vector<std::string> names;
    for (const Candidate& candidate : candidates) {
        if (candidate.names.empty()) {
            names.emplace_back("one without a name");
        }
        names.insert(names.end(), candidate.names.begin(), candidate.names.end());
    }
    return names;
}

bool has_name(const Candidate& candidate, const std::string& wanted) {
    const auto is_it = [&](const std::string& name) { return is_same_name(name, wanted); };
    return std::any_of(candidate.names.begin(), candidate.names.end(), is_it) ||
           std::find(candidate.aliases.begin(), candidate.aliases.end(), wanted) !=
               candidate.aliases.end();
}

class Chooser {
  public:
    Chooser(const std::vector<Candidate>& candidates,
            const std::function<Platform(std::size_t)>& platform_of, const std::string& source)
        : candidates_(candidates), platform_of_(platform_of), source_(source) {}

    Places with_name(const std::string& wanted) const {
        Places found = kept(all(), [&](std::size_t i) { return has_name(candidates_[i], wanted); });
        if (found.empty()) {
            throw Error(Exit::usage, "tag-unknown",
                        source_ + " has no image tagged " + path::printable(wanted),
                        "it has " + joined(names_of(candidates_)));
        }
        return found;
    }

    Places for_platform(const Places& among, const Platform& wanted) const {
        std::vector<std::string> offered;
        Places found = kept(among, [&](std::size_t i) {
            const Platform platform = platform_of_(i);
            offered.push_back(platform.str());
            return serves(platform, wanted);
        });
        if (found.empty()) {
            throw Error(Exit::usage, "platform",
                        source_ + " has no image for " + path::printable(wanted.str()),
                        "choose one with --platform: " + joined(offered));
        }
        return found;
    }

    /// The image at the front in all its platforms.
    Places like_first(const Places& among) const {
        return kept(among, [&](std::size_t i) {
            return candidates_[i].names == candidates_[among.front()].names;
        });
    }

    Places all() const {
        Places places(candidates_.size());
        std::iota(places.begin(), places.end(), 0);
        return places;
    }

  private:
    template <typename Predicate>
    static Places kept(const Places& among, const Predicate& predicate) {
        Places found;
        std::copy_if(among.begin(), among.end(), std::back_inserter(found), predicate);
        return found;
    }

    const std::vector<Candidate>& candidates_;
    const std::function<Platform(std::size_t)>& platform_of_;
    const std::string& source_;
};

}  // namespace

std::size_t choose(const std::vector<Candidate>& candidates, const Selection& selection,
                   const std::function<Platform(std::size_t)>& platform_of,
                   const std::string& source, std::vector<Diagnostic>& diagnostics) {
    const Chooser chooser(candidates, platform_of, source);
    Places left = selection.tag.empty() ? chooser.all() : chooser.with_name(selection.tag);
    if (selection.platform) {
        left = chooser.for_platform(left, *selection.platform);
    }
    Places image = chooser.like_first(left);
    if (image.size() > 1 && !selection.platform) {
        image = chooser.for_platform(image, this_machine());
    }
    const std::size_t chosen = image.front();
    const bool others_named =
        selection.tag.empty() && chooser.like_first(left).size() < left.size();
    if (others_named || image.size() > 1) {
        const std::string name =
            candidates[chosen].names.empty() ? "the first" : joined(candidates[chosen].names);
        diagnostics.push_back({Severity::note, "several-images", "",
                               "the archive holds several images (" + joined(names_of(candidates)) +
                                   "); this is " + name + ", --tag and --platform choose"});
    }
    return chosen;
}

}  // namespace slimimg::image
