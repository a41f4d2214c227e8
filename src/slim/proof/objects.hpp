#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "slimimg/base/name_hash.hpp"
#include "slimimg/closure/loader.hpp"
#include "slimimg/elf/elf.hpp"

namespace slimimg::slim::proof {

/// Index of an ELF file in the table of those that a proof looks at.
using ObjectId = std::uint32_t;

/// How a loader picks one of the definitions of a name.
enum class Lookup {
    versioned,  ///< glibc: elf/dl-lookup.c, check_match
    by_name,    ///< musl: ldso/dynlink.c, find_sym
};

/// The dynamic symbols of ELF files, each file read once, and what defines those that any wants.
class Objects {
  public:
    static constexpr std::uint32_t none = 0xffffffff;

    struct Definition {
        ObjectId object = 0;
        const elf::DynamicSymbol* symbol = nullptr;
        std::uint32_t next = none;  ///< the next one of the same name
    };
    /// A strong undefined symbol.
    struct Reference {
        const elf::DynamicSymbol* symbol = nullptr;
        std::uint32_t first = none;  ///< the first definition of its name
    };
    struct Object {
        rootfs::NodeId node = 0;
        const elf::ElfFacts* facts = nullptr;
        Slice content;  ///< what the symbols' names are parts of; of a sparse file laid out
        std::vector<elf::DynamicSymbol> symbols;
        std::vector<Reference> references;
    };

    /// `nodes` are ELF files, one node a file.
    Objects(closure::ElfStore& store, const std::vector<rootfs::NodeId>& nodes,
            const RunOptions& run);

    [[nodiscard]] std::size_t size() const { return objects_.size(); }
    [[nodiscard]] const Object& operator[](ObjectId id) const { return objects_[id]; }
    /// Nothing where the node is none of the files.
    [[nodiscard]] std::optional<ObjectId> find(rootfs::NodeId node) const;

    /// True where an object that `in_scope` says yes to answers the reference of `asking`.
    template <typename InScope>
    [[nodiscard]] bool resolves(ObjectId asking, const Reference& reference, Lookup lookup,
                                const InScope& in_scope) const {
        for (std::uint32_t i = reference.first; i != none; i = definitions_[i].next) {
            const Definition& definition = definitions_[i];
            if (in_scope(definition.object) &&
                same_machine(objects_[asking], objects_[definition.object]) &&
                answers(definition, *reference.symbol, lookup)) {
                return true;
            }
        }
        return false;
    }

  private:
    static bool same_machine(const Object& a, const Object& b);
    [[nodiscard]] bool answers(const Definition& definition, const elf::DynamicSymbol& wanted,
                               Lookup lookup) const;
    static bool is_reference(const elf::DynamicSymbol& symbol);
    void index_names();
    void refer(Object& object) const;

    const rootfs::Rootfs& rootfs_;
    std::vector<Object> objects_;
    std::unordered_map<rootfs::NodeId, ObjectId> by_inode_;
    std::vector<Definition> definitions_;
    NameViewMap<std::uint32_t> first_of_name_;  // of the names that are wanted; views of contents
};

}  // namespace slimimg::slim::proof
