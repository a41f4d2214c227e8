#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/archive/zip.hpp"
#include "slimimg/base/one_of.hpp"

#include "closure/rules/bytecode_texts.hpp"
#include "closure/rules/called_library.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/path_programs.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

constexpr std::size_t largest_class = 8UL << 20;
constexpr std::size_t largest_archive = 256UL << 20;
constexpr int deepest = 3;

bool is_java_archive(std::string_view name) {
    static constexpr std::array<std::string_view, 3> endings{".jar", ".war", ".ear"};
    return ends_with_one_of(name, endings);
}

bool is_assembly(std::string_view name) {
    return name.ends_with(".dll") || name.ends_with(".exe");
}

/// The first words of a text's commands, as a shell would take them apart.
void add_commands(std::string_view text, ProgramNames& words) {
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find_first_of("|;&(`\n"));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        const std::size_t start = part.find_first_not_of(' ');
        const std::size_t end = part.find_first_of(" \t'\"<>)", std::min(start, part.size()));
        if (start != part.npos && end != start) {
            words.emplace(part.substr(start, end - start));
        }
    }
}

/// Before the name of a library among what code names.
constexpr std::string_view library_mark = "library ";

/// What the code of one file names.
class Search {
  public:
    Search(Evidence& evidence, NodeId node)
        : evidence_(evidence),
          programs_(programs_for_applications(evidence)),
          libraries_(callable_libraries(evidence)),
          node_(node) {}

    void look_at(std::string_view name, Bytes content, int depth) {
        if (is_java_archive(name)) {
            look_into(content, depth);
        } else if (name.ends_with(".class")) {
            const BytecodeTexts code = class_texts(content);
            add(code);
            add_libraries(code);
        } else if (is_assembly(name) || is_bundle(content)) {
            const BytecodeTexts code = assembly_texts(content);
            add(code);
            add_modules(code);
        }
    }

    /// Programs, files with their paths, and libraries with ".so" or "lib*" in their names.
    [[nodiscard]] const ProgramNames& found() const { return found_; }

  private:
    void look_into(Bytes archive, int depth) {
        constexpr std::size_t step_bytes = 16;
        for (const archive::ZipMember& member : archive::zip_members(archive)) {
            const bool nested = is_java_archive(member.name) && depth < deepest;
            if ((!nested && !member.name.ends_with(".class")) ||
                !evidence_.afford(bytecode.id, node_, member.size / step_bytes)) {
                continue;
            }
            const auto content =
                archive::zip_content(member, nested ? largest_archive : largest_class);
            if (content) {
                look_at(member.name, content->bytes, depth + 1);
            }
        }
    }

    void add(const BytecodeTexts& code) {
        for (const std::string& text : code.texts) {
            if (code.starts) {
                add_started(text);
            } else if (text[0] == '/' ? is_no_program(text)
                                      : programs_.contains(text) && !is_helper(text)) {
                found_.insert(text);
            }
        }
    }

    /// System.loadLibrary("x") and JNA's Native.load("x") take libx.so; JNA any version of it too
    /// (NativeLibrary.matchLibrary).
    void add_libraries(const BytecodeTexts& code) {
        for (const std::string& name : code.libraries) {
            if (libraries_.contains(name)) {
                found_.insert(std::string(library_mark) + name);
            }
        }
    }

    /// DllImport("x") tries x.so, libx.so, x and libx; an ending that is there is not repeated
    /// (NativeLibrary::LoadFromPInvokeAssemblyDirectory and those around it).
    void add_modules(const BytecodeTexts& code) {
        for (const std::string& name : code.libraries) {
            const bool whole = name.find(".so") != name.npos;
            for (const std::string_view before : {"", "lib"}) {
                const std::string file = std::string(before) + name + (whole ? "" : ".so");
                if (libraries_.contains(file)) {
                    found_.insert(std::string(library_mark) + file);
                }
            }
        }
    }

    [[nodiscard]] bool is_no_program(std::string_view path) const {
        const auto node = evidence_.place_of(path);
        return node && !evidence_.rootfs()[*node].is_executable();
    }

    /// The first of several words may be any, but for the names that were installed; a literal of
    /// just a program's name, and what stands between the operators of a shell, is a command.
    void add_started(std::string_view text) {
        const bool shell = text.find(" | ") != text.npos || text.find(" && ") != text.npos;
        ProgramNames words;
        add_commands(text, words);
        for (const std::string& word : words) {
            if (word[0] == '/' || programs_.contains(word) ||
                ((shell || word == text) && evidence_.find_program(word).node)) {
                found_.insert(word);
            }
        }
    }

    Evidence& evidence_;
    const ProgramNames& programs_;
    const ProgramNames& libraries_;
    NodeId node_;
    ProgramNames found_;
};

ProgramNames read_names(Evidence& evidence, NodeId node) {
    Search search(evidence, node);
    search.look_at(evidence.rootfs()[node].path, as_bytes(evidence.text(node)), 0);
    return search.found();
}

/// The runtimes' own code starts nothing by itself; what a distribution's package starts, the
/// package depends on.
bool is_of_the_application(const Evidence& evidence, NodeId node) {
    const std::string_view path = evidence.rootfs()[node].path;
    return !evidence.packages().owner(node) && !path.ends_with("/lib/rt.jar") &&
           path.find("/shared/Microsoft.") == path.npos;
}

/// A program with its assemblies behind it in one file.
bool is_single_file(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    return facts != nullptr && facts->is_program() && is_bundle(as_bytes(evidence.text(node)));
}

bool is_code(Evidence& evidence, NodeId node) {
    const Node& file = evidence.rootfs()[node];
    const bool named =
        is_java_archive(file.path) || is_assembly(file.path) || file.path.ends_with(".class");
    return file.is_file() && is_of_the_application(evidence, node) &&
           (named || is_single_file(evidence, node));
}

void inspect(Evidence& evidence, NodeId node) {
    if (!is_code(evidence, node)) {
        return;
    }
    for (const std::string& name : evidence.noted("bytecode-names", node, read_names)) {
        const Reason reason{bytecode.id, node, Confidence::likely, "its code names " + name};
        if (name.starts_with(library_mark)) {
            continue;  // once it is known what runs the code
        }
        if (name[0] != '/') {
            evidence.keep_program(name, reason);
        } else {
            keep_named(evidence, name, reason);
        }
    }
}

void settle(Evidence& evidence) {
    std::vector<NodeId> files;
    for (const auto& [node, reasons] : evidence.kept()) {
        if (is_code(evidence, node)) {
            files.push_back(node);
        }
    }
    for (const NodeId node : files) {
        for (const std::string& name : evidence.noted("bytecode-names", node, read_names)) {
            const auto program =
                name.starts_with(library_mark) ? machine_of(evidence, node) : std::nullopt;
            if (program) {
                keep_called_library(
                    evidence, *program, name.substr(library_mark.size()),
                    {bytecode.id, node, Confidence::likely, "its code names " + name});
            }
        }
    }
}

}  // namespace

const Rule bytecode{.id = "bytecode",
                    .summary = "programs and files that compiled Java and .NET code names",
                    .inspect = inspect,
                    .settle = settle};

}  // namespace slimimg::closure::rules
