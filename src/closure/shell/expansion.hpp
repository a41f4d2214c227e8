#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "slimimg/closure/shell.hpp"

#include "closure/shell/distinct.hpp"
#include "closure/shell/syntax.hpp"

/// Which values words may have. It is a may-analysis without order: a variable has every value
/// that some assignment gives it, a function every list of parameters that some call gives it.
namespace slimimg::closure::shell {

/// A word after expansion and splitting; Program's `unknown` byte stands for what isn't known.
struct Field {
    std::string text;
    bool from_arguments = false;  ///< it is one of the script's own arguments, or all of them

    bool operator==(const Field&) const = default;
};
using Fields = std::vector<Field>;

/// What it costs to copy or compare them, in about characters.
std::size_t cost_of(const Fields& fields);

struct HashOfFields {
    std::size_t operator()(const Fields& fields) const;
};

using Texts = Distinct<std::string>;
using Lists = Distinct<Fields, HashOfFields>;

/// What a variable may hold.
struct Variable {
    Texts values;
    Lists lists;              ///< of an array
    std::size_t derived = 0;  ///< how many values were made of others, as x="$x y" does

    bool operator==(const Variable&) const = default;
};

/// The variables and parameters of all scopes. They are found in rounds: each round reads what the
/// one before it found, until nothing changes.
class Variables {
  public:
    explicit Variables(const ShellContext& context);

    /// Begins a round; false where the last one found nothing new.
    bool next_round();

    /// Every value; `assigned_to` is the variable whose new value is being made, so that x="$x y"
    /// adds to what the script gave it before. Never empty.
    [[nodiscard]] std::vector<std::string> values(std::string_view name,
                                                  std::string_view assigned_to) const;
    /// Every list of an array, for "${x[@]}".
    [[nodiscard]] std::vector<Fields> lists(std::string_view name,
                                            std::string_view assigned_to) const;
    /// `derived`: the value is made of those that the variable has.
    void assign(const std::string& name, std::string value, bool derived = false);
    void assign_list(const std::string& name, Fields list, bool append);
    /// The text assigns it somewhere: until it is known what, it is not taken as unset.
    void declare(const std::string& name) { declared_.insert(name); }

    /// Nothing that is known gives it a value: it is empty, unless who starts the script sets it.
    [[nodiscard]] bool is_unset(std::string_view name) const;

    /// Every list of parameters of a scope; none where nobody calls it.
    [[nodiscard]] std::vector<Fields> parameters(ScopeId scope) const;
    /// A call; heard of in the next round.
    void call(ScopeId scope, const std::string& callee, Fields arguments);
    /// `set --` and `shift`, from here on: these lists too, or where that is sure these instead.
    void set_parameters(ScopeId scope, std::vector<Fields> lists, bool instead);

    /// Variables that were given, and functions that were called with, more than are told apart.
    [[nodiscard]] const std::set<std::string>& overflowed() const { return overflowed_; }
    /// What has been found, for the result.
    [[nodiscard]] const std::unordered_map<std::string, Variable>& all() const { return now_; }

  private:
    using Table = std::unordered_map<std::string, Variable>;
    using Parameters = std::unordered_map<ScopeId, Lists>;

    const ShellContext& context_;
    Table before_, now_;
    Parameters calls_before_, calls_now_, set_now_;
    std::set<ScopeId> replaced_;  ///< scopes that have set_now_ only
    std::set<std::string, std::less<>> declared_;
    std::set<std::string> overflowed_;
    unsigned round_ = 0;
};

class Expander {
  public:
    Expander(const Program& program, const ShellContext& context, Variables& variables,
             const std::vector<std::string>& files)
        : program_(program), context_(context), variables_(variables), files_(files) {}

    /// Each list of fields that a word may become: at least one, which may be empty.
    std::vector<Fields> fields(const Word& word, ScopeId scope);
    /// Each text that a word may become where it isn't split: an assignment, a redirection, case.
    std::vector<std::string> texts(const Word& word, ScopeId scope,
                                   std::string_view assigned_to = {});

    /// Each text that a statement's output may have, as far as that is plain from the text alone.
    std::vector<std::string> output(const Statement& statement);

    /// Takes `amount` from what may be spent on this script in a round; false where it is used up.
    bool spend(std::size_t amount);
    [[nodiscard]] bool is_spent() const;
    void begin_round() { spent_ = 0; }

  private:
    /// What a part may become. `split`: it is not quoted, so blanks part it.
    struct Options {
        std::vector<Fields> choices;
        bool split = false;
    };
    std::vector<Fields> combine(const Word& word, ScopeId scope, std::string_view assigned_to,
                                bool splits);
    Options in_home(const std::string& rest);
    Options options(const Part& part, ScopeId scope, std::string_view assigned_to);
    std::vector<Fields> parameter(const Part& part, ScopeId scope, std::string_view assigned_to);
    std::vector<Fields> plain_parameter(const Part& part, ScopeId scope,
                                        std::string_view assigned_to);
    std::vector<Fields> charged(std::vector<Fields> lists);
    std::vector<std::string> operate(const Part& part, const std::vector<std::string>& values,
                                     ScopeId scope, std::string_view assigned_to);
    std::vector<std::string> substitution(const Part& part);
    std::string sole_name(const Statement& statement);
    std::vector<std::string> words_of(const Statement& statement, std::size_t from);
    std::vector<std::string> output(const std::string& name, const Statement& statement,
                                    std::string_view folder);

    const Program& program_;
    const ShellContext& context_;
    Variables& variables_;
    const std::vector<std::string>& files_;
    std::uint64_t spent_ = 0;
    unsigned depth_ = 0;
};

}  // namespace slimimg::closure::shell
