#include "check/policies/generated_keys.hpp"
#include "check/policies/policies.hpp"
#include "check/secrets/scan.hpp"
#include "check/words.hpp"

namespace slimimg::check::policies {
namespace {

constexpr const char* build_fix =
    "revoke it, for whoever pulls the image has it, and hand it to the build with "
    "RUN --mount=type=secret";

std::string name_of(const Inspection& look, std::size_t layer) {
    return layer_name(layer, look.analysis().image.layers[layer].created_by);
}

void inspect_files(Inspection& look) {
    for (const secrets::FoundSecret& secret : secrets::scan_layers(look)) {
        if (is_generated_key(secret.path)) {
            continue;
        }
        std::string message =
            secret.path + ", line " + std::to_string(secret.line) + ", holds " + secret.kind;
        std::string fix = "revoke it, and hand it to the container when it runs, as a mounted file";
        if (secret.hidden_by) {
            message += "; layer " + std::to_string(*secret.hidden_by) +
                       (secret.deleted ? " deletes" : " replaces") +
                       " the file, and it stays readable in " + name_of(look, secret.layer);
            fix = build_fix;
        }
        look.find({.message = std::move(message),
                   .fix = std::move(fix),
                   .path = secret.path,
                   .layer = secret.layer,
                   .line = secret.line,
                   .subject = secret.identity});
    }
}

void inspect_config(Inspection& look) {
    std::string variables;
    for (const std::string& variable : look.config().env) {
        variables += variable + '\n';
    }
    for (const secrets::FoundSecret& secret : secrets::scan_text(variables)) {
        const std::string& variable = look.config().env.at(secret.line - 1);
        look.find({.message = "the variable " + variable.substr(0, variable.find('=')) + " holds " +
                              secret.kind,
                   .fix = "revoke it, and set the variable when the container runs",
                   .subject = secret.identity});
    }
    for (const image::HistoryStep& step : look.config().history) {
        for (const secrets::FoundSecret& secret : secrets::scan_text(step.created_by)) {
            look.find({.message = "the image's history holds " + secret.kind + ", in the step " +
                                  step.created_by.substr(0, 20) + "...",
                       .fix = build_fix,
                       .subject = secret.identity});
        }
    }
}

void inspect(Inspection& look) {
    inspect_files(look);
    inspect_config(look);
}

}  // namespace

const Policy secret{
    {.id = "secret",
     .level = Level::error,
     .distroless = Level::error,
     .title = "A private key, token or password in a layer, a variable or the history",
     .reason = "Whoever pulls the image reads it, also where a later layer deletes the file. Told "
               "are formats that their own make gives away; not keys with a passphrase, what "
               "packages install, tests and examples of installed software, and placeholders."},
    inspect};

}  // namespace slimimg::check::policies
