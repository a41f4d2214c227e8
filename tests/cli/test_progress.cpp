#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "slimimg/base/columns.hpp"

#include "cli/live_progress.hpp"

using slimimg::width_of;
using slimimg::cli::ProgressState;
using std::chrono::milliseconds;

namespace {

const ProgressState::Time start{};

bool has(const std::string& line, const std::string& part) {
    return line.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a layer is told with the bytes, the rate and the layers of the whole image") {
    ProgressState state;
    state.expect(3, 4'000'000);
    state.begin("hash", "layer 2 of app.tar", 3'000'000, start);
    state.advance(2'000'000);
    const std::string line = state.line(79, start + milliseconds(1000));
    CHECK(line.starts_with("reading layer 2 of app.tar "));
    CHECK(has(line, "2.0 MB of   4.0 MB"));
    CHECK(has(line, "2.0 MB/s"));
    CHECK(line.ends_with("0/3 layers"));
    state.end("hash", "layer 2 of app.tar");
    state.begin("inflate", "layer 1 of app.tar", 1'000'000, start);
    CHECK(state.line(79, start).ends_with("1/3 layers"));
}

TEST_CASE("of the image's location its name is told") {
    for (const std::string location : {"/srv/my images/app.tar", "../app.tar", "app.tar"}) {
        ProgressState state;
        state.begin("scan", "layer 2 of " + location, 0, start);
        CHECK(state.line(79, start) == "listing layer 2 of app.tar");
    }
}

TEST_CASE("no rate is told of the first moment") {
    ProgressState state;
    state.expect(1, 4'000'000);
    state.begin("hash", "layer 1", 4'000'000, start);
    state.advance(1'000'000);
    CHECK_FALSE(has(state.line(79, start + milliseconds(499)), "/s"));
    CHECK(has(state.line(79, start + milliseconds(500)), "2.0 MB/s"));
}

TEST_CASE("of several layers the one with most to do is named") {
    ProgressState state;
    state.expect(2, 9'000'000);
    state.begin("hash", "layer 1", 8'000'000, start);
    state.begin("hash", "layer 2", 1'000'000, start);
    state.begin("scan", "layer 2", 0, start);
    CHECK(has(state.line(79, start), "layer 1"));
}

TEST_CASE("bytes count for the step that their thread began last") {
    ProgressState state;
    state.begin("write", "the new layer", 5'000'000, start);
    std::thread([&] { state.advance(1'000'000); }).join();
    CHECK_FALSE(has(state.line(79, start), "MB of"));
    state.advance(2'000'000);
    CHECK(has(state.line(79, start + milliseconds(2000)), "2.0 MB of   5.0 MB    1.0 MB/s"));
}

TEST_CASE("what the cache knew is done at once, what it did not know is counted once") {
    ProgressState state;
    state.expect(1, 6'000'000);
    state.begin("recall", "layer 1", 6'000'000, start);
    state.end("recall", "layer 1");
    state.begin("merge", "the layers", 0, start);
    CHECK(state.line(79, start) == "merging the layers");
    state.end("merge", "the layers");
    state.begin("hash", "layer 1", 6'000'000, start);
    CHECK(state.line(79, start).ends_with("0/1 layer"));
    state.advance(3'000'000);
    CHECK(has(state.line(79, start), "3.0 MB of   6.0 MB"));
}

TEST_CASE("a layer that is read again counts once") {
    ProgressState state;
    state.expect(2, 8'000'000);
    state.begin("recall", "layer 1", 6'000'000, start);
    state.end("recall", "layer 1");
    for (int round = 0; round < 2; ++round) {
        state.begin("hash", "layer 2", 2'000'000, start);
        state.advance(2'000'000);
        CHECK(has(state.line(79, start), round == 0 ? "2.0 MB of   2.0 MB" : "2.0 MB of   8.0 MB"));
        state.end("hash", "layer 2");
        state.begin("hash", "layer 1", 6'000'000, start);
        CHECK(has(state.line(79, start), "1/2 layers"));
        state.end("hash", "layer 1");
    }
}

TEST_CASE("no more is done than there is") {
    ProgressState state;
    state.begin("write", "the new layer", 1'000'000, start);
    state.advance(1'100'000);  // a tar has headers too
    CHECK(has(state.line(79, start), "1.0 MB of   1.0 MB"));
}

TEST_CASE("the line fits terminals of every width") {
    ProgressState state;
    state.expect(120, 4'000'000'000);
    state.begin("hash", "layer 100 of /a/long/\x1b[31mpath/" + std::string(200, 'p') + "/ä.tar",
                3'000'000'000, start);
    state.advance(2'000'000'000);
    for (std::size_t width = 0; width < 300; ++width) {
        const std::string line = state.line(width, start + milliseconds(900));
        CHECK(width_of(line) <= width);
        CHECK(line.find('\x1b') == std::string::npos);
    }
    CHECK(has(state.line(60, start), "2.0 GB of   4.0 GB"));
    CHECK(state.line(40, start).starts_with("reading "));
}

TEST_CASE("nothing is told when nothing goes on") {
    ProgressState state;
    CHECK(state.is_idle());
    CHECK(state.line(79, start).empty());
    state.begin("closure", "", 0, start);
    CHECK(state.line(79, start) == "following the evidence");
    state.end("closure", "");
    CHECK(state.is_idle());
    state.end("closure", "");
    state.advance(1);
    CHECK(state.is_idle());
}
