#include <doctest/doctest.h>

#include "checked.hpp"

using namespace slimimg;
using test::Checked;
using Texts = std::vector<std::string>;

namespace {

// Made for this test; whole tokens never stand in one piece, so that scanners of the source pass.
const std::string github = std::string("ghp_") + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17";
const std::string pem_body = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n";
const std::string pem =
    "-----BEGIN "
    "PRIVATE KEY-----\n" +
    pem_body + "-----END PRIVATE KEY-----\n";

Checked holding(const std::string& path, const std::string& content) {
    return Checked({test::tar({test::file(path, content)})}, "{}");
}

bool finds(const std::string& content, const std::string& path = "app/settings") {
    return holding(path, content).finds("secret");
}

}  // namespace

TEST_CASE("a private key is told with its file and line") {
    const Checked checked = holding("app/key.pem", "# key\n" + pem);
    const check::Finding& finding = checked.one("secret");
    CHECK(finding.message == "/app/key.pem, line 2, holds a private key");
    CHECK(finding.level == check::Level::error);
    CHECK(finding.line == 2);
    // Written into JSON, as Google's service accounts have it.
    CHECK(finds(R"({"private_key": "-----BEGIN )"
                "PRIVATE KEY-----\\n" +
                pem_body.substr(0, pem_body.size() - 1) + R"(\n-----END PRIVATE KEY-----\n"})"));
}

TEST_CASE("what is no whole key, or has a passphrase, is none") {
    CHECK_FALSE(finds("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n"));
    CHECK_FALSE(finds("-----BEGIN PRIVATE KEY-----\n" + pem_body.substr(8) +
                      "-----END PRIVATE KEY-----\n"));
    CHECK_FALSE(finds("-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + pem_body +
                      "-----END ENCRYPTED PRIVATE KEY-----\n"));
    CHECK_FALSE(finds("-----BEGIN PUBLIC KEY-----\n" + pem_body + "-----END PUBLIC KEY-----\n"));
    CHECK_FALSE(finds("if line == \"-----BEGIN PRIVATE KEY-----\":\n"));
}

TEST_CASE("tokens of services are told, the same with a wrong sum or a placeholder are not") {
    CHECK(finds("token = " + github + "\n"));
    CHECK_FALSE(finds("token = " + github.substr(0, 39) + "8\n"));
    CHECK_FALSE(finds("x" + github));
    CHECK(finds(std::string("AKIA") +
                "Q7MZ4KXN2WLP5RTB\nsecret=" + "q9Zt/Lw2+VxKc7RmNf4YhJ8sPd1Gb6TuEo3WaXiC\n"));
    CHECK_FALSE(finds(std::string("AKIA") + "Q7MZ4KXN2WLP5RTB\n"));
    CHECK_FALSE(finds("AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"));
    CHECK(finds(std::string("glpat-") + "Zx81kQm_72WvRb-3LtYp"));
    CHECK_FALSE(finds("glpat-xxxxxxxxxxxxxxxxxxxx"));
    CHECK(finds(std::string("xoxb-") + "273849501827-593817204958-Kq8ZrT2mWv7LxPb4NcYd9HsG"));
    CHECK_FALSE(finds("xoxb-your-token-goes-here-and-is-long-enough"));
    CHECK(finds(std::string("sk_live_") + "9vKq2ZrTmW7LxPb4NcYd8HsG"));
    CHECK_FALSE(finds(std::string("sk_test_") + "9vKq2ZrTmW7LxPb4NcYd8HsG"));
    CHECK(finds(std::string("npm_") + "k3ZrT8mWv7LxPb4NcYd9HsGq2JfR5tUe1AoX"));
    CHECK_FALSE(finds("npm_config_registry_of_the_whole_company_x"));
}

TEST_CASE("files that are known by name") {
    CHECK(finds("machine a.b login me password s3cr3tish\n", "root/.netrc"));
    CHECK_FALSE(finds("machine a.b login me password $PASSWORD\n", "root/.netrc"));
    CHECK_FALSE(finds("machine a.b login me password s3cr3tish\n", "root/notes"));
    // "me:hunter22", and without a password.
    CHECK(finds(R"({"auths": {"r": {"auth": "bWU6aHVudGVyMjI="}}})", "root/.docker/config.json"));
    CHECK_FALSE(finds(R"({"auths": {"r": {}}})", "root/.docker/config.json"));
    CHECK(finds("//r/:_authToken=9vKq2ZrTmW7L\n", "app/.npmrc"));
    CHECK_FALSE(finds("//r/:_authToken=${NPM_TOKEN}\n", "app/.npmrc"));
    CHECK(finds("https://me:hunter22@git.example.org\n", "root/.git-credentials"));
}

TEST_CASE("a secret stays told where a later layer deletes or replaces its file") {
    const std::string base = test::tar({test::file("app/key.pem", pem)});
    const Checked deleted({base, test::tar({test::file("app/.wh.key.pem", "")})}, "{}");
    CHECK(deleted.one("secret").message ==
          "/app/key.pem, line 1, holds a private key; layer 1 deletes the file, and it stays "
          "readable in layer 0");
    CHECK(deleted.one("secret").layer == 0);
    const Checked replaced({base, test::tar({test::file("app/key.pem", "none")})}, "{}");
    CHECK(replaced.one("secret").message.find("layer 1 replaces") != std::string::npos);
}

TEST_CASE("what packages bring, tests and examples of software, and binaries are left out") {
    CHECK_FALSE(finds(pem, "usr/lib/python3/dist-packages/x/tests/key.pem"));
    CHECK_FALSE(finds(pem, "app/node_modules/x/test/key.pem"));
    CHECK_FALSE(finds(pem, "app/testdata/key.pem"));
    CHECK(finds(pem, "app/node_modules/x/key.pem"));
    CHECK_FALSE(finds(std::string(8, '\0') + pem));
    const std::string packaged = test::tar(
        {test::file("var/lib/dpkg/status",
                    "Package: p\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n"),
         test::file("var/lib/dpkg/info/p.list", "/opt/p/key.pem\n"),
         test::file("opt/p/key.pem", pem)});
    CHECK_FALSE(Checked({packaged}, "{}").finds("secret"));
    // Also where the package goes again later: it was the package's then.
    CHECK_FALSE(Checked({packaged, test::tar({test::file("opt/p/.wh.key.pem", "")})}, "{}")
                    .finds("secret"));
}

TEST_CASE("variables and the history are looked into") {
    const std::string tree = test::tar({test::file("a", "b")});
    CHECK(Checked({tree}, R"({"Env": ["PATH=/bin", "TOKEN=)" + github + R"("]})").of("secret") ==
          Texts{"the variable TOKEN holds a GitHub token"});
    CHECK_FALSE(Checked({tree}, R"({"Env": ["TOKEN=changeme"]})").finds("secret"));
}

TEST_CASE("keys that an installation makes are a policy of their own") {
    const Checked checked = holding("etc/ssh/ssh_host_ed25519_key", pem);
    CHECK_FALSE(checked.finds("secret"));
    CHECK(checked.one("generated-key").level == check::Level::warning);
    CHECK_FALSE(holding("etc/ssh/ssh_config", "x").finds("generated-key"));
}

TEST_CASE("hostile texts come to an end: each takes hours where letters are run over twice") {
    const auto repeated = [](const std::string& text) {
        std::string all;
        while (all.size() < 2'000'000) {
            all += text;
        }
        return all;
    };
    for (const char* const text :
         {"glpat-", "AKIA", "dckr_pat_", "xoxb-", "T3BlbkFJ", "sk-", "/AKIAQ7MZ4KXN2WLP5RTB",
          "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "SG.", "AccountKey="}) {
        CAPTURE(text);
        CHECK_FALSE(finds(repeated(text)));
    }
}

TEST_CASE("of very many secrets the first are told, each with its line") {
    std::string text;
    for (int i = 0; i < 40'000; ++i) {
        text += "\n_auth=" + github;
    }
    const Checked checked = holding("app/.npmrc", text);
    CHECK(checked.one("secret").line == 2);
}

TEST_CASE("a token that is the value of a known file is told once") {
    CHECK(holding("app/.npmrc", "//a/:_authToken=" + github + "\n").of("secret").size() == 1);
    const Checked more = holding("app/.npmrc", "//a/:_authToken=" + github +
                                                   "\n//c/:_authToken=9vKq2ZrTmW7L\n"
                                                   "//d/:_authToken=9vKq2ZrTmW7L\n");
    CHECK(more.of("secret").size() == 2);
}

TEST_CASE("secrets in many files that many layers change") {
    std::vector<std::string> layers;
    constexpr int count = 300;
    for (int layer = 0; layer < count; ++layer) {
        std::vector<test::Member> members;
        for (int i = 0; i < 20; ++i) {
            members.push_back(test::file("app/" + std::to_string(i) + "/token", github));
        }
        if (layer > 0) {
            members.push_back(test::file("app/.wh." + std::to_string(layer % 20), ""));
        }
        layers.push_back(test::tar(members));
    }
    CHECK(Checked(layers, "{}").finds("secret"));
}
