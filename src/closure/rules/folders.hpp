#pragma once

#include <string_view>

#include "slimimg/closure/closure.hpp"

/// Judgement about folders: which one a program means when it names it.
namespace slimimg::closure {

/// Documentation, manuals, translations, headers, static libraries, package-manager state and
/// caches: what nothing reads when the program runs.
bool is_ballast(const Evidence& evidence, rootfs::NodeId node);

/// A folder that many programs share (/etc, /usr/lib, /usr/share, …): naming it says nothing of
/// what is in it.
bool is_shared_folder(const Evidence& evidence, rootfs::NodeId folder);

/// True for what serves the machine that containers run on: a driver of graphics or video hardware,
/// or the folder of such (a container has the device only where its user lends it, and most have
/// none); the library with which init loads SELinux's policy.
bool is_for_the_host(std::string_view path);

/// Keeps a folder with what is in it and in the folders that it links to; ballast and what
/// `unwanted` (may be null) says yes to are left out.
void keep_folder(Evidence& evidence, rootfs::NodeId folder, const Reason& reason,
                 bool (*unwanted)(const rootfs::Node&) = nullptr);

/// Keeps what a name means: a file, or a folder with what is in it (see keep_folder), or of a
/// shared folder just the folder itself.
void keep_named(Evidence& evidence, const rootfs::Resolution& found, const Reason& reason,
                bool (*unwanted)(const rootfs::Node&) = nullptr);
/// The same of a path; a relative one starts at `from`.
void keep_named(Evidence& evidence, std::string_view path, const Reason& reason,
                std::string_view from = "/", bool (*unwanted)(const rootfs::Node&) = nullptr);

/// The same where the image's own command line or scripts name it: a folder is meant as a whole
/// then, however many packages have something in it (Maven's /usr/share/maven-repo).
void keep_asked_for(Evidence& evidence, std::string_view path, const Reason& reason,
                    std::string_view from = "/");

}  // namespace slimimg::closure
