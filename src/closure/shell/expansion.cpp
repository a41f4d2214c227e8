#include "closure/shell/expansion.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "slimimg/base/path.hpp"

#include "closure/shell/tables.hpp"
#include "closure/shell/text.hpp"

namespace slimimg::closure::shell {
namespace {

constexpr std::size_t longest_value = 4096;
constexpr std::size_t most_fields = 1024;
constexpr unsigned deepest_expansion = 64;
constexpr std::size_t ways_cost = 8;  ///< of an expansion, besides what it makes
/// About the characters made in a round. Real scripts need some ten thousands.
constexpr std::uint64_t most_spent = 16U << 20;

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n';
}

/// The fields of "$@" as one text.
std::string joined(const Fields& fields) {
    std::string text;
    for (std::size_t i = 0; i < fields.size() && text.size() <= longest_value; ++i) {
        text += (i == 0 ? "" : " ") + fields[i].text;
    }
    return text;
}

std::vector<Fields> one_field_each(std::vector<std::string> values) {
    std::vector<Fields> lists;
    lists.reserve(values.size());
    for (std::string& value : values) {
        lists.push_back({{std::move(value), false}});
    }
    return lists;
}

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The variable of "start_$MODE" and "${APP_ENV}-settings": for one that nothing sets, a name that
/// just lacks it would be none.
bool is_part_of_a_name(const Word& word, const Part& part) {
    const auto text_at = [&](const Part* other) {
        return other->kind == Part::Kind::text ? std::string_view(other->text) : std::string_view();
    };
    const auto joins = [](char c) { return is_name_char(c) || c == '-' || c == '.'; };
    const std::string_view before = &part == &word.front() ? "" : text_at(&part - 1);
    const std::string_view after = &part == &word.back() ? "" : text_at(&part + 1);
    return part.kind == Part::Kind::parameter && part.operation.empty() && !part.indirect &&
           part.subscript.empty() && !part.length && !part.text.empty() &&
           is_name_char(part.text[0]) && (part.text[0] < '0' || part.text[0] > '9') &&
           ((!before.empty() && joins(before.back())) || (!after.empty() && joins(after.front())));
}

bool begins_with_tilde(const Part& part) {
    return part.kind == Part::Kind::text && !part.quoted &&
           (part.text == "~" || part.text.starts_with("~/"));
}

/// A word that is being put together.
class Builder {
  public:
    void add_text(std::string_view text, bool from_arguments) {
        field_.from_arguments =
            field_.text.empty() ? from_arguments : field_.from_arguments && text.empty();
        field_.text += text;
        started_ = true;
    }

    void add_quoted(const Fields& fields) {
        if (fields.empty()) {
            started_ = started_ && !field_.text.empty();
            return;
        }
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (i > 0) {
                end_field();
            }
            add_text(fields[i].text, fields[i].from_arguments);
        }
    }

    void add_split(const Fields& fields) {
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (i > 0) {
                end_field();
            }
            std::string_view text = fields[i].text;
            while (!text.empty()) {
                if (is_blank(text.front())) {
                    end_field();
                    text.remove_prefix(1);
                    continue;
                }
                const auto end = std::find_if(text.begin(), text.end(), is_blank);
                const auto length = static_cast<std::size_t>(end - text.begin());
                add_text(text.substr(0, length), fields[i].from_arguments);
                text.remove_prefix(length);
            }
        }
    }

    [[nodiscard]] std::size_t size() const { return field_.text.size() + done_.size() + 1; }

    Fields finish() {
        end_field();
        return std::move(done_);
    }

  private:
    void end_field() {
        if (started_ && done_.size() < most_fields) {
            done_.push_back(std::move(field_));
        }
        field_ = {};
        started_ = false;
    }

    Fields done_;
    Field field_;
    bool started_ = false;
};

}  // namespace

std::size_t cost_of(const Fields& fields) {
    std::size_t cost = 1;
    for (const Field& field : fields) {
        cost += 8 + field.text.size();
    }
    return cost;
}

std::size_t HashOfFields::operator()(const Fields& fields) const {
    std::size_t hash = fields.size();
    for (const Field& field : fields) {
        hash = hash * 31 + std::hash<std::string>()(field.text);
    }
    return hash;
}

// ---- Variables ----------------------------------------------------------------------------

Variables::Variables(const ShellContext& context) : context_(context) {
    Fields arguments;
    if (context.arguments) {
        for (const std::string& argument : *context.arguments) {
            arguments.push_back({argument, true});
        }
    } else {
        arguments.push_back({unknown_text(), true});
    }
    calls_before_[0].add(std::move(arguments));
    calls_now_ = calls_before_;
}

bool Variables::next_round() {
    if (round_ > 0 && before_ == now_ && calls_before_ == calls_now_) {
        return false;
    }
    if (round_ > 0) {
        before_ = std::exchange(now_, {});
        auto main = calls_before_.at(0);
        calls_before_ = std::exchange(calls_now_, {});
        calls_now_[0] = std::move(main);
    }
    set_now_.clear();
    replaced_.clear();
    overflowed_.clear();
    ++round_;
    return true;
}

std::vector<std::string> Variables::values(std::string_view name,
                                           std::string_view assigned_to) const {
    Texts result;
    const auto given = context_.environment.find(name);
    if (given != context_.environment.end()) {
        result.add(given->second);
    }
    const bool first_sight = round_ <= 1 || name == assigned_to;
    const Table& table = first_sight ? now_ : before_;
    const auto assigned = table.find(std::string(name));
    if (assigned != table.end()) {
        if (result.empty() && name != "PWD") {
            return assigned->second.values.all();
        }
        for (const std::string& value : assigned->second.values.all()) {
            result.add(value);
        }
    }
    if (name == "PWD") {
        result.add(path::normalize(context_.workdir));
    }
    if (result.empty()) {
        const bool to_come = name != assigned_to && declared_.find(name) != declared_.end();
        result.add(to_come || is_set_at_run_time(name) ? unknown_text() : "");
    }
    return result.take();
}

std::vector<Fields> Variables::lists(std::string_view name, std::string_view assigned_to) const {
    const Table& table = round_ <= 1 || name == assigned_to ? now_ : before_;
    const auto assigned = table.find(std::string(name));
    if (assigned != table.end() && !assigned->second.lists.empty()) {
        return assigned->second.lists.all();
    }
    return one_field_each(values(name, assigned_to));
}

void Variables::assign(const std::string& name, std::string value, bool derived) {
    Variable& variable = now_[name];
    const std::size_t before = variable.values.size();
    // As many may be derived as there are to derive from: each line x="$x y" may double them.
    if (derived && variable.derived >= std::max(most_combined, before - variable.derived)) {
        return;
    }
    if (!variable.values.add(value.size() > longest_value ? unknown_text() : std::move(value))) {
        overflowed_.insert(name);
    }
    if (derived && variable.values.size() > before) {
        ++variable.derived;
    }
}

void Variables::assign_list(const std::string& name, Fields list, bool append) {
    Variable& variable = now_[name];
    for (const Field& field : list) {
        variable.values.add(field.text);
    }
    if (!append || variable.lists.empty()) {
        variable.lists.add(std::move(list));
        return;
    }
    variable.lists.change([&list](Fields& known) {
        if (known.size() + list.size() <= most_fields) {
            known.insert(known.end(), list.begin(), list.end());
        }
    });
}

bool Variables::is_unset(std::string_view name) const {
    return context_.environment.find(name) == context_.environment.end() &&
           declared_.find(name) == declared_.end() && now_.count(std::string(name)) == 0 &&
           before_.count(std::string(name)) == 0 && !is_set_at_run_time(name);
}

std::vector<Fields> Variables::parameters(ScopeId scope) const {
    Lists result;
    if (const auto called = calls_before_.find(scope);
        called != calls_before_.end() && replaced_.count(scope) == 0) {
        result = called->second;
    }
    if (const auto set = set_now_.find(scope); set != set_now_.end()) {
        for (const Fields& fields : set->second.all()) {
            result.add(fields);
        }
    }
    return result.take();
}

void Variables::call(ScopeId scope, const std::string& callee, Fields arguments) {
    if (!calls_now_[scope].add(std::move(arguments))) {
        overflowed_.insert(callee);
    }
}

void Variables::set_parameters(ScopeId scope, std::vector<Fields> lists, bool instead) {
    Lists& set = set_now_[scope];
    if (instead) {
        set = {};
        replaced_.insert(scope);
    }
    for (Fields& list : lists) {
        set.add(std::move(list));
    }
}

// ---- Expander -----------------------------------------------------------------------------

bool Expander::is_spent() const {
    return spent_ > most_spent;
}

bool Expander::spend(std::size_t amount) {
    spent_ += amount;
    return !is_spent();
}

std::vector<Fields> Expander::fields(const Word& word, ScopeId scope) {
    if (context_.dialect == ShellDialect::bash) {
        const std::vector<Word> words = expand_braces(word);
        if (!words.empty()) {
            Fields all;
            for (const Word& each : words) {
                // The first possibility of each: braces and several values rarely meet.
                const Fields one = combine(each, scope, {}, true).front();
                all.insert(all.end(), one.begin(), one.end());
            }
            return {all};
        }
    }
    return combine(word, scope, {}, true);
}

std::vector<std::string> Expander::texts(const Word& word, ScopeId scope,
                                         std::string_view assigned_to) {
    Texts result;
    for (const Fields& fields : combine(word, scope, assigned_to, false)) {
        result.add(joined(fields));
    }
    return result.take();
}

std::vector<Fields> Expander::combine(const Word& word, ScopeId scope, std::string_view assigned_to,
                                      bool splits) {
    if (depth_ >= deepest_expansion) {
        return {{{unknown_text(), false}}};
    }
    ++depth_;
    std::vector<Builder> builders(1);
    for (const Part& part : word) {
        const bool is_home = &part == &word.front() && begins_with_tilde(part);
        Options choices =
            is_home ? in_home(part.text.substr(1)) : options(part, scope, assigned_to);
        if (is_part_of_a_name(word, part) && variables_.is_unset(part.text)) {
            choices.choices.push_back({{unknown_text(), false}});
        }
        const std::size_t ways = choices.choices.size();
        // All combinations where they are few, else each choice at least once.
        const bool product =
            builders.size() == 1 || ways == 1 || builders.size() * ways <= most_combined;
        const std::size_t count = product ? builders.size() * ways
                                          : std::min(most_values, std::max(builders.size(), ways));
        if (count > builders.size()) {
            std::vector<Builder> more;
            more.reserve(count);
            for (std::size_t i = 0; i < count; ++i) {
                more.push_back(builders[product ? i / ways : i % builders.size()]);
                spend(more.back().size());
            }
            builders = std::move(more);
        }
        for (std::size_t i = 0; i < count; ++i) {
            const Fields& choice = choices.choices[i % ways];
            if (choices.split && splits) {
                builders[i].add_split(choice);
            } else {
                builders[i].add_quoted(choice);
            }
        }
    }
    --depth_;
    Lists result;
    for (Builder& builder : builders) {
        result.add(builder.finish());
    }
    return result.take();
}

/// "~/x": below the home folder.
Expander::Options Expander::in_home(const std::string& rest) {
    std::vector<std::string> values = variables_.values("HOME", {});
    for (std::string& value : values) {
        value += rest;
    }
    return {one_field_each(std::move(values)), false};
}

Expander::Options Expander::options(const Part& part, ScopeId scope, std::string_view assigned_to) {
    // When all is spent, what is plain text is still told.
    if (part.kind != Part::Kind::text && !spend(ways_cost)) {
        return {{{{unknown_text(), false}}}, false};
    }
    switch (part.kind) {
        case Part::Kind::text:
            return {{{{part.text, false}}}, false};
        case Part::Kind::parameter:
            return {parameter(part, scope, assigned_to), !part.quoted};
        case Part::Kind::command:
            return {one_field_each(substitution(part)), !part.quoted};
        case Part::Kind::arithmetic:
        case Part::Kind::process:
            break;
    }
    return {{{{unknown_text(), false}}}, false};
}

std::vector<Fields> Expander::parameter(const Part& part, ScopeId scope,
                                        std::string_view assigned_to) {
    if (part.length) {
        return {{{unknown_text(), false}}};
    }
    std::vector<Fields> lists = plain_parameter(part, scope, assigned_to);
    if (part.indirect) {
        Texts values;
        for (const Fields& fields : lists) {
            const std::string name = joined(fields);
            for (std::string& value :
                 is_known(name) && !name.empty() && part.operation != "@" && part.operation != "*"
                     ? variables_.values(name, assigned_to)
                     : std::vector<std::string>{unknown_text()}) {
                values.add(std::move(value));
            }
        }
        lists = one_field_each(values.take());
    }
    if (part.operation.empty() || part.indirect) {
        return lists;
    }
    const bool all = part.text == "@" || part.text == "*" || !part.subscript.empty();
    const char last = part.operation.back();
    if (all && last != '-' && last != '+' && last != '=' && last != '?') {
        if (part.operation == ":" && !part.operands.empty() && part.text == "@") {
            // "${@:2}": the parameters from the second on.
            const std::vector<std::string> from = texts(part.operands.front(), scope);
            if (part.operands.size() == 1 && from.size() == 1 && from.front().size() == 1 &&
                from.front() >= "1" && from.front() <= "9") {
                const auto skip = static_cast<std::ptrdiff_t>(from.front()[0] - '1');
                for (Fields& fields : lists) {
                    const bool open = !fields.empty() && !is_known(fields.back().text);
                    const auto size = static_cast<std::ptrdiff_t>(fields.size()) - (open ? 1 : 0);
                    fields.erase(fields.begin(), fields.begin() + std::min(size, skip));
                }
                return lists;
            }
        }
        return {{{unknown_text(), false}}};
    }
    Texts distinct;
    bool from_arguments = true;
    for (const Fields& fields : lists) {
        distinct.add(joined(fields));
        from_arguments = from_arguments && fields.size() == 1 && fields.front().from_arguments;
    }
    const std::vector<std::string> values = distinct.take();
    std::vector<Fields> result = one_field_each(operate(part, values, scope, assigned_to));
    // ${1:-} and ${1:?} are still the argument.
    const bool keeps = last == '-' || last == '?';
    for (Fields& fields : result) {
        fields.front().from_arguments =
            from_arguments && keeps &&
            std::find(values.begin(), values.end(), fields.front().text) != values.end();
    }
    return result;
}

/// Lists that were copied, paid for.
std::vector<Fields> Expander::charged(std::vector<Fields> lists) {
    for (const Fields& fields : lists) {
        spend(cost_of(fields));
    }
    return lists;
}

std::vector<Fields> Expander::plain_parameter(const Part& part, ScopeId scope,
                                              std::string_view assigned_to) {
    const std::string& name = part.text;
    const ScopeId positional = program_.scopes[scope].positional;
    if (name == "@" || name == "*") {
        std::vector<Fields> lists = charged(variables_.parameters(positional));
        if (lists.empty()) {
            lists.push_back({{unknown_text(), false}});
        }
        if (name == "*" && part.quoted) {
            for (Fields& fields : lists) {
                fields = {{joined(fields), !fields.empty() && fields.front().from_arguments}};
            }
        }
        return lists;
    }
    if (name == "0" || name == "BASH_SOURCE") {
        const std::string& file = name == "0" ? context_.path : files_[program_.scopes[scope].file];
        return {{{file.empty() ? unknown_text() : file, false}}};
    }
    if (name.empty() || (name.size() == 1 && (name[0] < '0' || name[0] > '9') &&
                         std::string_view("#?-$!").find(name[0]) != std::string_view::npos)) {
        return {{{unknown_text(), false}}};
    }
    if (name[0] >= '0' && name[0] <= '9') {
        const std::size_t index = name.size() > 3 ? most_fields : std::stoul(name);
        Lists result;
        for (const Fields& fields : charged(variables_.parameters(positional))) {
            const bool open =
                !fields.empty() && fields.back().from_arguments && !is_known(fields.back().text);
            if (index <= fields.size()) {
                result.add({fields[index - 1]});
            } else {
                result.add({open ? fields.back() : Field{}});
            }
        }
        if (result.empty()) {
            result.add({{unknown_text(), false}});
        }
        return result.take();
    }
    if (part.subscript == "@" || part.subscript == "*") {
        return charged(variables_.lists(name, assigned_to));
    }
    return charged(one_field_each(variables_.values(name, assigned_to)));
}

std::vector<std::string> Expander::operate(const Part& part, const std::vector<std::string>& values,
                                           ScopeId scope, std::string_view assigned_to) {
    const std::string& operation = part.operation;
    const char last = operation.back();
    Texts result;
    const auto operand = [&](std::size_t index) {
        return index < part.operands.size() ? texts(part.operands[index], scope, assigned_to)
                                            : std::vector<std::string>{""};
    };
    if (last == '-' || last == '=' || last == '?') {
        for (const std::string& value : values) {
            if (!value.empty()) {
                result.add(value);
            }
        }
        // What is known to have a value doesn't need its default.
        const bool is_set =
            result.size() == values.size() && std::all_of(values.begin(), values.end(), is_known);
        if (last != '?' && !is_set) {
            for (std::string& value : operand(0)) {
                result.add(std::move(value));
            }
        }
        if (last == '=') {
            for (const std::string& value : result.all()) {
                variables_.assign(part.text, value);
            }
        }
        if (result.empty()) {
            result.add(unknown_text());
        }
        return result.take();
    }
    if (last == '+') {
        const bool may_be_unset = std::find(values.begin(), values.end(), "") != values.end();
        const bool may_be_set = values.size() > (may_be_unset ? 1U : 0U);
        if (may_be_set) {
            for (std::string& value : operand(0)) {
                result.add(std::move(value));
            }
        }
        if (may_be_unset || !may_be_set) {
            result.add(std::string());
        }
        return result.take();
    }
    const std::vector<std::string> first = operand(0);
    const std::vector<std::string> second = operand(1);
    for (const std::string& value : values) {
        for (const std::string& argument : first) {
            // Trying every prefix costs the square of the length.
            const bool tries = operation[0] == '#' || operation[0] == '%';
            if (!spend(value.size() * (tries ? value.size() / 4 + 1 : 1))) {
                return {unknown_text()};
            }
            if (operation[0] == '#') {
                result.add(remove_prefix(value, argument, operation.size() == 2));
            } else if (operation[0] == '%') {
                result.add(remove_suffix(value, argument, operation.size() == 2));
            } else if (operation[0] == '/') {
                result.add(replace_text(value, operation, argument, second.front()));
            } else if (operation == ":") {
                result.add(slice(value, argument,
                                 part.operands.size() > 1
                                     ? std::optional<std::string_view>(second.front())
                                     : std::nullopt));
            } else {
                result.add(unknown_text());
            }
        }
    }
    return result.take();
}

/// What a command substitution puts out, where it is plain from the text: a few commands that only
/// handle names.
std::vector<std::string> Expander::substitution(const Part& part) {
    constexpr std::size_t most_commands = 4;
    Texts result;
    if (part.body.empty() || part.body.size() > most_commands || depth_ >= deepest_expansion) {
        return {unknown_text()};
    }
    ++depth_;
    std::string folder;
    for (const StatementId id : part.body) {
        const Statement& statement = program_.statements[id];
        const bool hidden =
            statement.piped ||
            std::any_of(statement.redirections.begin(), statement.redirections.end(),
                        [](const Redirection& redirection) { return redirection.of_output; });
        const std::string name = sole_name(statement);
        if (name == "cd") {
            folder = statement.words.size() < 2
                         ? unknown_text()
                         : texts(statement.words.back(), statement.scope).front();
        } else if (!hidden) {
            for (std::string& value : output(name, statement, folder)) {
                result.add(std::move(value));
            }
        }
    }
    --depth_;
    if (result.empty()) {
        result.add(unknown_text());
    }
    return result.take();
}

/// The first possibility of each word from this one on.
std::vector<std::string> Expander::words_of(const Statement& statement, std::size_t from) {
    std::vector<std::string> words;
    for (std::size_t i = from; i < statement.words.size(); ++i) {
        words.push_back(texts(statement.words[i], statement.scope).front());
    }
    return words;
}

/// The command's name where it can only be one; else empty.
std::string Expander::sole_name(const Statement& statement) {
    if (statement.words.empty()) {
        return {};
    }
    const std::vector<Fields> heads = fields(statement.words.front(), statement.scope);
    return heads.size() == 1 && heads.front().size() == 1 ? heads.front().front().text : "";
}

std::vector<std::string> Expander::output(const Statement& statement) {
    return output(sole_name(statement), statement, {});
}

std::vector<std::string> Expander::output(const std::string& name, const Statement& statement,
                                          std::string_view folder) {
    std::vector<std::vector<std::string>> arguments;
    for (std::size_t i = 1; i < statement.words.size(); ++i) {
        std::vector<std::string> values = texts(statement.words[i], statement.scope);
        const bool option = values.size() == 1 && values.front().size() > 1 &&
                            values.front()[0] == '-' && name != "printf";
        if (!option) {
            arguments.push_back(std::move(values));
        }
    }
    const auto each = [&](std::size_t index, auto&& make) {
        if (index >= arguments.size()) {
            return std::vector<std::string>{unknown_text()};
        }
        Texts result;
        for (const std::string& value : arguments[index]) {
            result.add(make(value));
        }
        return result.take();
    };
    const auto as_it_is = [](const std::string& value) { return value; };
    if (name == "pwd") {
        if (folder.empty()) {
            return variables_.values("PWD", {});
        }
        return {std::string(folder)};
    }
    if (name == "dirname") {
        return each(0, [](const std::string& value) {
            const std::size_t slash = value.rfind('/');
            if (slash == value.npos) {
                return is_known(value) ? std::string(".") : unknown_text();
            }
            return is_known(value.substr(slash)) ? std::string(path::parent(value))
                                                 : unknown_text();
        });
    }
    if (name == "basename") {
        const std::string suffix = arguments.size() > 1 ? arguments[1].front() : "";
        return each(0, [&suffix](const std::string& value) {
            const std::string base(path::basename(value));
            return suffix.empty() ? base : remove_suffix(base, suffix, false);
        });
    }
    const bool resolves = name == "readlink" || name == "realpath" || name == "which";
    const bool looks_up = name == "command" || name == "type";
    if ((resolves || looks_up) && arguments.size() == 1) {
        return each(0, as_it_is);
    }
    if (name == "cat" && arguments.empty()) {
        for (const Redirection& redirection : statement.redirections) {
            if (redirection.body) {
                return texts(program_.here_documents[*redirection.body], statement.scope);
            }
        }
    }
    if (name == "find") {
        return patterns_of_find(words_of(statement, 1));
    }
    if (name == "ls" && arguments.size() == 1) {
        return each(0, as_it_is);
    }
    if (name == "echo") {
        std::string text;
        for (const std::vector<std::string>& values : arguments) {
            text += (text.empty() ? "" : " ") + values.front();
        }
        return arguments.size() == 1 ? each(0, as_it_is) : std::vector<std::string>{text};
    }
    if (name == "printf" && !arguments.empty()) {
        const std::string& format = arguments[0].front();
        if ((format == "%s" || format == "%s\\n") && arguments.size() == 2) {
            return each(1, as_it_is);
        }
        if (format.find_first_of("%\\") == format.npos && arguments.size() == 1) {
            return each(0, as_it_is);
        }
    }
    return {unknown_text()};
}

}  // namespace slimimg::closure::shell
