#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"

#include "closure/rules/constant_strings.hpp"
#include "closure/rules/process.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

/// Calls of the name service switch (glibc's nss/ and inet/; musl's src/passwd, src/network).
constexpr std::array<std::string_view, 38> name_calls{
    "getaddrinfo",      "getnameinfo",       "gethostbyname", "gethostbyname2",
    "gethostbyname_r",  "gethostbyname2_r",  "gethostbyaddr", "gethostbyaddr_r",
    "getservbyname",    "getservbyname_r",   "getservbyport", "getservbyport_r",
    "getprotobyname",   "getprotobynumber",  "getnetbyname",  "getpwnam",
    "getpwnam_r",       "getpwuid",          "getpwuid_r",    "getpwent",
    "getpwent_r",       "getgrnam",          "getgrnam_r",    "getgrgid",
    "getgrgid_r",       "getgrent",          "getgrent_r",    "getgrouplist",
    "initgroups",       "getspnam",          "getspnam_r",    "cuserid",
    "res_query",        "res_search",        "__res_init",    "wordexp",
    "getprotobyname_r", "getprotobynumber_r"};

/// What those calls open (the files of nss_files and of the resolver).
constexpr std::array<std::string_view, 11> name_files{
    "/etc/passwd",      "/etc/group",    "/etc/nsswitch.conf", "/etc/host.conf",
    "/etc/resolv.conf", "/etc/hosts",    "/etc/services",      "/etc/protocols",
    "/etc/networks",    "/etc/gai.conf", "/etc/netsvc.conf"};

/// True where files and dns are parts of the C library: glibc's since 2.34 (nss_module_load), which
/// goes by its version definitions. Before, they are libraries like the other services.
bool has_files_and_dns(Evidence& evidence, NodeId node) {
    const auto process = process_of(evidence, node);
    if (!process) {
        return false;
    }
    for (const LoadedObject& object : process->link().objects) {
        const elf::ElfFacts* facts = evidence.elf(object.file);
        if (facts != nullptr && facts->soname == "libc.so.6") {
            return std::find(facts->version_definitions.begin(), facts->version_definitions.end(),
                             "GLIBC_2.34") != facts->version_definitions.end();
        }
    }
    return false;
}

/// The services of nsswitch.conf, each once, in its order.
std::vector<std::string_view> services(Evidence& evidence) {
    std::vector<std::string_view> names;
    const auto file = evidence.rootfs().resolve("/etc/nsswitch.conf").node;
    std::string_view rest = file ? evidence.text(*file) : "passwd: files\nhosts: files dns\n";
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        line = line.substr(0, line.find('#'));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) {
            continue;
        }
        line.remove_prefix(colon + 1);
        while (!line.empty()) {
            const std::size_t end = line.find_first_of(" \t[]=!");
            const std::string_view word = line.substr(0, end);
            line.remove_prefix(std::min(word.size() + 1, line.size()));
            if (!word.empty() && std::find(names.begin(), names.end(), word) == names.end()) {
                names.push_back(word);
            }
        }
    }
    return names;
}

/// Those that are no part of libc.
void keep_services(Evidence& evidence, NodeId node) {
    const bool built_in = has_files_and_dns(evidence, node);
    for (const std::string_view service : services(evidence)) {
        if (!built_in || (service != "files" && service != "dns")) {
            const std::string name = "libnss_" + std::string(service) + ".so.2";
            keep_dlopened(evidence, node, name,
                          {name_service.id, node, Confidence::likely,
                           name + ", a service of /etc/nsswitch.conf"});
        }
    }
}

void start(Evidence& evidence) {
    const std::string& user = evidence.config().user;
    const bool by_name = user.find_first_not_of("0123456789:") != std::string::npos;
    for (const std::string_view file : {"/etc/passwd", "/etc/group"}) {
        evidence.keep_path(file, {name_service.id, std::nullopt,
                                  by_name ? Confidence::required : Confidence::likely,
                                  user.empty() ? "engines and programs look users up in it"
                                               : "USER " + user + " is looked up in it"});
    }
}

void inspect(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts == nullptr || !facts->dynamic || is_c_library(evidence, node)) {
        return;
    }
    const auto call =
        std::find_if(name_calls.begin(), name_calls.end(),
                     [&](std::string_view symbol) { return evidence.imports(node, symbol); });
    if (call == name_calls.end()) {
        return;
    }
    for (const std::string_view file : name_files) {
        evidence.keep_path(file, {name_service.id, node, Confidence::likely,
                                  "imports " + std::string(*call) + ", which may read it"});
    }
    if (evidence.imports(node, "getspnam") || evidence.imports(node, "getspnam_r")) {
        for (const std::string_view file : {"/etc/shadow", "/etc/gshadow"}) {
            evidence.keep_path(file, {name_service.id, node, Confidence::likely,
                                      "imports getspnam, which reads passwords"});
        }
    }
    keep_services(evidence, node);
}

}  // namespace

const Rule name_service{.id = "name-service",
                        .summary = "users, hosts and services are looked up in it",
                        .start = start,
                        .inspect = inspect};

}  // namespace slimimg::closure::rules
