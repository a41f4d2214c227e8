#pragma once

#include <thread>

#include "slimimg/base/file.hpp"

namespace slimimg::cli {

/// While this lives, the process is ended in order: by SIGINT, SIGTERM and SIGHUP with a line on
/// standard error and without temporary files, and so too where a mapped file can't be read (its
/// disk failed, or it was cut short by somebody). To be made once, before other threads are.
class Interruption {
  public:
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

  private:
    void watch() const;

    FileDescriptor signals_;
    FileDescriptor events_;
    std::thread watcher_;
};

/// Standard input, output and error that are closed are opened as files that can't be used, so
/// that no other file takes their numbers and is written to in their place.
void fill_standard_descriptors();

/// Writing to a closed pipe or past a limit of file size is an error like others. True where a
/// closed pipe would have ended the process: whoever started us did not ask otherwise.
bool ignore_write_signals();

/// As a closed pipe ends a process that has no say in it: without a word. Returns only in the first
/// process of a container, with the exit code to end with.
int end_by_closed_pipe();

}  // namespace slimimg::cli
