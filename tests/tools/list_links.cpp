/// Prints what the loader models say of every ELF file of an image, for scripts/compare-loaders.
///
/// One line a file, "FILE <path> <kind> <interpreter>", then one for each object but the program,
/// "OBJECT <path>" in load order, "COPY <path>" for another copy that some CPU takes of it,
/// "MISSING <name>" and "REFUSED <problem>". Fields are apart by tabs.
#include <cstdio>
#include <exception>
#include <iostream>
#include <string_view>

#include "slimimg/closure/loader.hpp"
#include "slimimg/image/reader.hpp"

namespace {

using namespace slimimg;

void print(const rootfs::Rootfs& tree, const closure::Link& link) {
    std::string_view kind = "static";
    if (link.kind != closure::Link::Kind::none) {
        kind = link.kind == closure::Link::Kind::musl ? "musl" : "glibc";
    }
    const Text interpreter = link.interpreter ? link.objects[*link.interpreter].path
                                              : Text(link.missing_interpreter.value_or("-"));
    std::cout << "FILE\t" << tree[link.program].path << '\t' << kind << '\t' << interpreter << '\n';
    for (std::size_t i = 1; i < link.objects.size(); ++i) {
        if (i == link.interpreter && !link.objects[i].loaded_by) {
            continue;  // the loaders list themselves only where something needs them
        }
        std::cout << "OBJECT\t" << link.objects[i].path << '\n';
        for (const closure::Alternative& copy : link.objects[i].alternatives) {
            std::cout << "COPY\t" << copy.path << '\n';
        }
    }
    for (const closure::MissingLibrary& missing : link.missing) {
        std::cout << "MISSING\t" << missing.name << '\n';
        if (!missing.problem.empty()) {
            std::cout << "REFUSED\t" << missing.problem << '\n';
        }
    }
}

void list(const std::string& location) {
    const RunOptions options;
    const image::Image image = image::read_image(location, {}, options);
    const rootfs::Rootfs tree = rootfs::Rootfs::merge(image::scan_layers(image, options), options);
    closure::LoaderEnvironment environment;
    environment.library_path = image.config.env_value("LD_LIBRARY_PATH").value_or("");
    environment.preload = image.config.env_value("LD_PRELOAD").value_or("");
    std::cout << "ENV\tLD_LIBRARY_PATH=" << environment.library_path
              << "\tLD_PRELOAD=" << environment.preload << '\n';
    closure::ElfStore store(tree, options.limits);
    for (rootfs::NodeId node = 0; node < tree.size(); ++node) {
        const elf::ElfFacts* facts = tree[node].is_file() ? store.facts(node) : nullptr;
        const bool loadable = facts != nullptr && (facts->type == elf::ElfFacts::Type::executable ||
                                                   facts->type == elf::ElfFacts::Type::shared);
        if (loadable) {
            print(tree, link_program(store, node, environment));
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: list_links IMAGE\n", stderr);
        return 2;
    }
    try {
        list(argv[1]);
    } catch (const std::exception& error) {
        std::cerr << "list_links: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
