#include "slimimg/check/settings.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"

namespace fuzz {

void settings(slimimg::Bytes input) {
    accepts([&] {
        const auto file = slimimg::check::parse_settings(slimimg::as_text(input), ".slimimg.toml");
        static_cast<void>(slimimg::check::settings_for(file, {"app:1", "registry/app:2"}));
    });
}

std::vector<std::string> settings_seeds() {
    return {
        "[closure]\ninclude = [\"/srv\", '''/a''']\nkeep = \"strict\"\nentrypoint = [\"a b\"]\n",
        "[[image]]\nname = \"app:*\"\nclosure.exclude = [\"/x/**\"]\n[[image]]\nname = "
        "[\"a\", \"b\"]\nclosure.allow-missing = [\"lib*\"]\n",
        "closure = { include-package = [\"a\"], include = [] } # c\n",
        "[closure]\nincldue = 1979-05-27T07:32:00Z\n[closure.x]\ny = 0xff\nz = 1e3\n"};
}

}  // namespace fuzz
