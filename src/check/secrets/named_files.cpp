#include <algorithm>
#include <array>

#include "slimimg/base/path.hpp"

#include "check/secrets/secrets.hpp"

namespace slimimg::check::secrets {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view blanks = " \t\r\n";

/// The words of a text, with their places.
std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (std::size_t at = text.find_first_not_of(blanks); at != std::string_view::npos;) {
        const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
        words.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(blanks, end);
    }
    return words;
}

/// What stands for a password that somebody or something is to put there.
bool is_placeholder(std::string_view value) {
    static constexpr std::array words{"password"sv, "PASSWORD"sv, "secret"sv, "changeme"sv,
                                      "your"sv,     "YOUR"sv,     "example"sv};
    constexpr std::string_view fillers = "xX*.";
    const auto is_in = [&](std::string_view word) {
        return value.find(word) != std::string_view::npos;
    };
    return value.size() < 4 || value.find_first_of("${<%") != std::string_view::npos ||
           std::any_of(words.begin(), words.end(), is_in) ||
           std::any_of(fillers.begin(), fillers.end(),
                       [&](char filler) { return is_in(std::string(3, filler)); });
}

/// Adds a secret where `value`, a part of `text`, is one.
void add(std::vector<Secret>& to, std::string_view text, std::string_view value,
         std::string_view kind) {
    if (!is_placeholder(value)) {
        to.push_back(
            {std::string(kind), static_cast<std::size_t>(value.data() - text.data()), value});
    }
}

std::vector<Secret> in_netrc(std::string_view text) {
    std::vector<Secret> found;
    const auto words = words_of(text);
    bool machine = false;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        machine = machine || words[i] == "machine" || words[i] == "default";
        if (machine && words[i] == "password") {
            add(found, text, words[i + 1], "a password for a server");
        }
    }
    return found;
}

/// The texts that a key has in a JSON text, wherever it stands.
std::vector<std::string_view> json_texts(std::string_view text, std::string_view key) {
    std::vector<std::string_view> values;
    const std::string quoted = '"' + std::string(key) + '"';
    for (std::size_t at = text.find(quoted); at != std::string_view::npos;
         at = text.find(quoted, at + 1)) {
        std::size_t start = text.find_first_not_of(blanks, at + quoted.size());
        if (start == std::string_view::npos || text[start] != ':') {
            continue;
        }
        start = text.find_first_not_of(blanks, start + 1);
        if (start == std::string_view::npos || text[start] != '"') {
            continue;
        }
        const std::size_t end = text.find('"', start + 1);
        if (end != std::string_view::npos) {
            values.push_back(text.substr(start + 1, end - start - 1));
        }
    }
    return values;
}

std::vector<Secret> in_docker_config(std::string_view text) {
    std::vector<Secret> found;
    for (const std::string_view auth : json_texts(text, "auth")) {
        const auto plain = decode_base64(auth);
        const std::size_t colon = plain ? plain->find(':') : std::string::npos;
        if (colon != std::string::npos &&
            !is_placeholder(std::string_view(*plain).substr(colon + 1))) {
            add(found, text, auth, "a password for a registry");
        }
    }
    for (const std::string_view token : json_texts(text, "identitytoken")) {
        add(found, text, token, "a token for a registry");
    }
    return found;
}

/// The values of "key = value" lines whose key ends with one of `keys`.
std::vector<std::string_view> assigned(std::string_view text,
                                       std::initializer_list<std::string_view> keys) {
    std::vector<std::string_view> values;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        at = end + 1;
        const std::size_t equals = line.find('=');
        const std::size_t first = line.find_first_not_of(blanks);
        if (equals == std::string_view::npos || line[first] == '#' || line[first] == ';') {
            continue;
        }
        const std::string_view before = line.substr(0, equals);
        const std::size_t key_end = before.find_last_not_of(blanks);
        const std::string_view key =
            key_end == std::string_view::npos ? "" : before.substr(0, key_end + 1);
        if (std::none_of(keys.begin(), keys.end(),
                         [&](std::string_view wanted) { return key.ends_with(wanted); })) {
            continue;
        }
        std::string_view value = line.substr(equals + 1);
        const std::size_t start = value.find_first_not_of(" \t\"'");
        if (start != std::string_view::npos) {
            value.remove_prefix(start);
            value = value.substr(0, value.find_last_not_of(" \t\r\"'") + 1);
            values.push_back(value);
        }
    }
    return values;
}

std::vector<Secret> in_npmrc(std::string_view text) {
    std::vector<Secret> found;
    for (const std::string_view value : assigned(text, {"_authToken", "_password", "_auth"})) {
        add(found, text, value, "a token for an npm registry");
    }
    return found;
}

std::vector<Secret> in_pypirc(std::string_view text) {
    std::vector<Secret> found;
    for (const std::string_view value : assigned(text, {"password"})) {
        add(found, text, value, "a password for a Python index");
    }
    return found;
}

std::vector<Secret> in_git_credentials(std::string_view text) {
    std::vector<Secret> found;
    for (const std::string_view word : words_of(text)) {
        const std::size_t host = word.find("://");
        const std::size_t at = word.rfind('@');
        const std::size_t colon = host == std::string_view::npos ? host : word.find(':', host + 3);
        if (at != std::string_view::npos && colon != std::string_view::npos && colon < at) {
            add(found, text, word.substr(colon + 1, at - colon - 1), "a password for a Git server");
        }
    }
    return found;
}

struct NamedFile {
    std::string_view ending;  ///< of the path
    std::vector<Secret> (*find)(std::string_view);
};
constexpr std::array named_files{
    NamedFile{"/.netrc", in_netrc},
    NamedFile{"/_netrc", in_netrc},
    NamedFile{"/.docker/config.json", in_docker_config},
    NamedFile{"/.dockercfg", in_docker_config},
    NamedFile{"/containers/auth.json", in_docker_config},
    NamedFile{"/.npmrc", in_npmrc},
    NamedFile{"/.pypirc", in_pypirc},
    NamedFile{"/.git-credentials", in_git_credentials},
};

/// Where others' software stands: its tests and examples are no secrets of the image's maker.
constexpr std::array others_folders{"/site-packages/"sv, "/dist-packages/"sv, "/node_modules/"sv,
                                    "/gems/"sv,          "/pkg/mod/"sv,       "/vendor/"sv,
                                    "/.cargo/"sv,        "/cargo/registry/"sv};
constexpr std::array others_roots{"/usr/share"sv,     "/usr/lib"sv, "/usr/lib64"sv,
                                  "/usr/local/lib"sv, "/usr/src"sv, "/usr/local/go"sv,
                                  "/usr/include"sv};
constexpr std::array sample_names{"test"sv,    "tests"sv,    "testing"sv,  "spec"sv,    "specs"sv,
                                  "example"sv, "examples"sv, "sample"sv,   "samples"sv, "demo"sv,
                                  "demos"sv,   "doc"sv,      "docs"sv,     "man"sv,     "mock"sv,
                                  "mocks"sv,   "testlib"sv,  "test-data"sv};
/// Names that nobody gives to anything but what tests need.
constexpr std::array sure_names{"testdata"sv, "__tests__"sv, "fixtures"sv, "test-fixtures"sv,
                                "__fixtures__"sv};

}  // namespace

std::vector<Secret> find_by_name(std::string_view path, std::string_view text) {
    for (const NamedFile& named : named_files) {
        if (path.ends_with(named.ending)) {
            return named.find(text);
        }
    }
    return {};
}

bool is_sample_path(std::string_view path) {
    const bool others =
        std::any_of(
            others_folders.begin(), others_folders.end(),
            [&](std::string_view folder) { return path.find(folder) != std::string_view::npos; }) ||
        std::any_of(others_roots.begin(), others_roots.end(),
                    [&](std::string_view folder) { return path::is_within(path, folder); });
    const auto names = path::components(path::parent(path));
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
        const auto is_one_of = [&](const auto& list) {
            return std::find(list.begin(), list.end(), name) != list.end();
        };
        return is_one_of(sure_names) || (others && is_one_of(sample_names));
    });
}

}  // namespace slimimg::check::secrets
