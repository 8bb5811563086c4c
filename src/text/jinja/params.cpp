#include "text/jinja/params.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace hone::jinja {
namespace {

std::string_view shown(std::string_view name) { return name.starts_with('/') ? name.substr(1) : name; }

}  // namespace

Params::Params(std::string_view function, Args args, std::initializer_list<std::string_view> names, size_t required)
    : function_(function), names_(names), values_(names.size()) {
  HONE_CHECK(args.positional.size() <= names.size(), ErrorKind::data, "{} takes at most {} arguments, got {}", function,
             names.size(), args.positional.size());
  std::move(args.positional.begin(), args.positional.end(), values_.begin());
  for (auto& [name, value] : args.named) {
    const auto place = std::find(names_.begin(), names_.end(), name);
    HONE_CHECK(place != names_.end(), ErrorKind::data, "{} takes no argument named {}", function,
               quote_for_message(name, 40));
    auto& slot = values_[static_cast<size_t>(place - names_.begin())];
    HONE_CHECK(!slot, ErrorKind::data, "{} got two values for argument '{}'", function, name);
    slot = std::move(value);
  }
  for (size_t i = 0; i < required; ++i) {
    HONE_CHECK(values_[i], ErrorKind::data, "{} is missing argument {} ('{}')", function, i + 1, shown(names_[i]));
  }
}

const Value& Params::operator[](size_t i) const {
  static const Value none{None{}};
  return values_[i] ? *values_[i] : none;
}

int64_t Params::integer(size_t i, int64_t otherwise) const {
  if (!has(i)) return otherwise;
  const auto value = as_integer((*this)[i]);
  HONE_CHECK(value, ErrorKind::data, "{}: '{}' must be an int, got {}", function_, shown(names_[i]),
             type_name((*this)[i]));
  return *value;
}

bool Params::flag(size_t i, bool otherwise) const { return has(i) ? truth((*this)[i]) : otherwise; }

const std::string& Params::text(size_t i) const {
  HONE_CHECK((*this)[i].is_text(), ErrorKind::data, "{}: '{}' must be a str, got {}", function_, shown(names_[i]),
             type_name((*this)[i]));
  return (*this)[i].text();
}

}  // namespace hone::jinja
