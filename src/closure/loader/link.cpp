#include <algorithm>

#include "closure/loader/machine.hpp"
#include "closure/loader/process_link.hpp"

namespace slimimg::closure {
namespace loader {

using rootfs::NodeId;

void add_name(LoadedObject& object, const Opened& found) {
    const auto add = [&](rootfs::NodeId node) {
        if (std::find(object.links.begin(), object.links.end(), node) == object.links.end()) {
            object.links.push_back(node);
        }
    };
    std::for_each(found.links.begin(), found.links.end(), add);
    if (found.node != object.file) {
        add(found.node);  // a hard link
    }
}

bool is_secure(const rootfs::Node& program) {
    constexpr unsigned set_uid = 04000;
    constexpr unsigned set_gid = 02010;  // without group execution the bit means locking
    const auto& xattrs = program.header.xattrs;
    return (program.header.mode & set_uid) != 0 || (program.header.mode & set_gid) == set_gid ||
           std::any_of(xattrs.begin(), xattrs.end(),
                       [](const auto& xattr) { return xattr.first == "security.capability"; });
}

std::string unloadable(const elf::ElfFacts* facts) {
    if (facts == nullptr) {
        return "damaged ELF file";
    }
    if (facts->pie) {
        return "cannot dynamically load position-independent executable";
    }
    if (facts->type == elf::ElfFacts::Type::executable) {
        return "cannot dynamically load executable";
    }
    return facts->dynamic ? std::string() : "object file has no dynamic section";
}

namespace {

/// What the file at `node` is as a loader, found out once.
const LoaderInfo& info_of(ElfStore& store, NodeId node) {
    auto& known = store.loaders().loaders;
    const NodeId inode = store.rootfs()[node].inode;
    const auto at = known.find(inode);
    if (at != known.end()) {
        return at->second;
    }
    const elf::ElfFacts* facts = store.facts(node);
    LoaderInfo info;
    if (facts != nullptr) {
        info = read_loader_info(store.rootfs().content(node).bytes, facts->abi);
    }
    return known.emplace(inode, std::move(info)).first->second;
}

bool same_machine(const elf::Abi& left, const elf::Abi& right) {
    return left.machine == right.machine && left.bits == right.bits && left.order == right.order;
}

constexpr std::string_view by_machine = "the image's loader for the machine";

/// The loader that the image has for a library of this kind. A library doesn't name one: the C
/// library that it needs tells, else what there is.
std::optional<Interpreter> loader_for(ElfStore& store, ImageFiles& files,
                                      const elf::ElfFacts& library) {
    std::vector<std::string> names = glibc_interpreters(library.abi);
    std::vector<std::string> musl_names;
    for (const std::string_view architecture : musl_architectures(library.abi)) {
        musl_names.push_back("/lib/ld-musl-" + std::string(architecture) + ".so.1");
    }
    const auto needs = [&](std::string_view start) {
        return std::any_of(library.needed.begin(), library.needed.end(),
                           [&](const std::string& name) { return name.starts_with(start); });
    };
    const bool musl = needs("libc.musl-") || needs("libc.so") != needs("libc.so.6");
    names.insert(musl ? names.begin() : names.end(), musl_names.begin(), musl_names.end());
    for (std::string& name : names) {
        auto file = files.open(name);
        const elf::ElfFacts* facts = file ? store.facts(file->node) : nullptr;
        if (facts != nullptr && same_machine(facts->abi, library.abi)) {
            return Interpreter{std::move(name), std::move(file), by_machine};
        }
    }
    if (names.empty()) {
        return std::nullopt;
    }
    return Interpreter{std::move(names.front()), std::nullopt, by_machine};
}

std::optional<Interpreter> interpreter_of(ElfStore& store, ImageFiles& files,
                                          const elf::ElfFacts& facts) {
    if (facts.interpreter) {
        auto file = files.open(*facts.interpreter);
        if (file && store.facts(file->node) == nullptr) {
            file = std::nullopt;
        }
        return Interpreter{*facts.interpreter, std::move(file), "PT_INTERP"};
    }
    const bool library = facts.dynamic && facts.type == elf::ElfFacts::Type::shared && !facts.pie;
    return library ? loader_for(store, files, facts) : std::nullopt;
}

/// The loader's own tables, or a guess where it has none.
LoaderInfo info_for(ElfStore& store, const std::optional<Opened>& loader, const elf::Abi& abi,
                    Link& link) {
    if (loader) {
        const LoaderInfo& info = info_of(store, loader->node);
        if (info.kind != LoaderInfo::Kind::unknown) {
            return info;
        }
        link.diagnostics.push_back({Severity::warning, "loader-unknown",
                                    store.rootfs()[loader->node].path,
                                    "this is neither glibc's nor musl's loader; its search is "
                                    "taken to be glibc's"});
    }
    return guess_loader_info(store.rootfs(), abi);
}

void link_with(const Session& session, const Interpreter& interpreter) {
    if (session.info.kind == LoaderInfo::Kind::musl) {
        session.link.kind = Link::Kind::musl;
        link_with_musl(session, interpreter);
    } else {
        session.link.kind = Link::Kind::glibc;
        link_with_glibc(session, interpreter);
    }
}

/// gcompat's interpreter hands over to musl's loader, which it tells what to preload: LD_PRELOAD
/// is not heard then. False where the interpreter is none of this kind.
bool link_by_relay(ElfStore& store, ImageFiles& files, const Interpreter& interpreter,
                   LoaderEnvironment environment, Link& link) {
    if (!interpreter.file) {
        return false;
    }
    const LoaderInfo relay = info_of(store, interpreter.file->node);
    auto file = relay.real_loader.empty() ? std::nullopt : files.open(relay.real_loader);
    if (!file) {
        return false;
    }
    const LoaderInfo info = info_of(store, file->node);
    environment.preload = relay.preload;
    link_with({store, info, environment, link},
              {relay.real_loader, std::move(file), "gcompat's interpreter"});
    link.objects.push_back({.file = interpreter.file->node,
                            .links = interpreter.file->links,
                            .name = interpreter.name,
                            .found_by = std::string(interpreter.found_by),
                            .path = interpreter.name});
    return true;
}

}  // namespace
}  // namespace loader

Link link_program(ElfStore& store, rootfs::NodeId program, const LoaderEnvironment& environment) {
    Link link{.program = program};
    const elf::ElfFacts* facts = store.facts(program);
    loader::ImageFiles files(store.rootfs(), store.loaders(), environment.workdir);
    const auto interpreter =
        facts != nullptr ? loader::interpreter_of(store, files, *facts) : std::nullopt;
    const bool loader_itself =
        interpreter && interpreter->file &&
        store.rootfs()[interpreter->file->node].inode == store.rootfs()[program].inode;
    if (!interpreter || loader_itself) {
        const Text& path = store.rootfs()[program].path;
        link.objects.push_back({.file = program, .name = path, .path = path});
        return link;
    }
    if (loader::link_by_relay(store, files, *interpreter, environment, link)) {
        return link;
    }
    const loader::LoaderInfo info = loader::info_for(store, interpreter->file, facts->abi, link);
    if (!interpreter->file) {
        link.missing_interpreter = interpreter->name;
    }
    loader::link_with({store, info, environment, link}, *interpreter);
    return link;
}

std::optional<std::size_t> link_module(ElfStore& store, Link& link, std::string_view name,
                                       std::size_t caller, const LoaderEnvironment& environment) {
    if (link.kind == Link::Kind::none || link.objects.empty() || name.empty()) {
        return std::nullopt;
    }
    std::optional<loader::Opened> file;
    if (link.interpreter) {
        file = loader::Opened{link.objects[*link.interpreter].file, {}};
    }
    const elf::ElfFacts* facts = store.facts(link.program);
    Link told;  // what there is to tell of the loader was told when the program was linked
    const loader::LoaderInfo info =
        loader::info_for(store, file, facts != nullptr ? facts->abi : elf::Abi{}, told);
    const loader::Session session{store, info, environment, link};
    return link.kind == Link::Kind::musl ? loader::open_with_musl(session, name, caller)
                                         : loader::open_with_glibc(session, name, caller);
}

}  // namespace slimimg::closure
