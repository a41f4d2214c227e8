#include "words.hpp"

#include "slimimg/base/error.hpp"

namespace slimimg::cli {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n';
}

[[noreturn]] void throw_open_quote(std::string_view line) {
    throw Error(Exit::usage, "open-quote", "a quote has no end in: " + std::string(line),
                "quote the whole command for your shell, and words of it inside");
}

/// Reads up to the quote at line[at - 1]'s end into `word`; returns the place after it.
std::size_t read_quoted(std::string_view line, std::size_t at, std::string& word) {
    const char quote = line[at - 1];
    for (; at < line.size() && line[at] != quote; ++at) {
        const bool escapes = quote == '"' && line[at] == '\\' && at + 1 < line.size() &&
                             std::string_view("\"\\$`").find(line[at + 1]) != line.npos;
        at += escapes ? 1 : 0;
        word += line[at];
    }
    if (at == line.size()) {
        throw_open_quote(line);
    }
    return at + 1;
}

}  // namespace

std::vector<std::string> split_words(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    std::size_t at = 0;
    while (at < line.size()) {
        const char c = line[at++];
        if (is_blank(c)) {
            if (in_word) {
                words.push_back(std::move(word));
                word.clear();
            }
            in_word = false;
            continue;
        }
        in_word = true;
        if (c == '\'' || c == '"') {
            at = read_quoted(line, at, word);
        } else if (c == '\\') {
            if (at == line.size()) {
                throw_open_quote(line);
            }
            word += line[at++];
        } else {
            word += c;
        }
    }
    if (in_word) {
        words.push_back(std::move(word));
    }
    return words;
}

}  // namespace slimimg::cli
