#pragma once

#include "slimimg/slim/base_style.hpp"

namespace slimimg::slim::bases {

extern const BaseStyle scratch;
extern const BaseStyle static_style;
extern const BaseStyle base_style;
extern const BaseStyle cc_style;

}  // namespace slimimg::slim::bases
