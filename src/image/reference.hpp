#pragma once

#include <string>
#include <string_view>

/// Image names as engines read them (the Docker reference grammar).
namespace slimimg::image {

/// With a tag: "app" is "app:latest"; a digest behind it is cut off.
std::string with_tag(std::string_view name);

/// In full, as containerd stores it: "app:1" is "docker.io/library/app:1".
std::string qualified(std::string_view name);

/// True where one who asks for `wanted` means the image named `name`: "app" is also
/// "docker.io/library/app:latest" and podman's "localhost/app:latest".
bool is_same_name(std::string_view name, std::string_view wanted);

}  // namespace slimimg::image
