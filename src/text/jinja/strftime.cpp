#include "text/jinja/strftime.h"

#include "base/check.h"
#include "base/text.h"

namespace hone::jinja {
namespace {

constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                   "July",    "August",   "September", "October", "November", "December"};

int hour12(const std::tm& t) { return t.tm_hour % 12 == 0 ? 12 : t.tm_hour % 12; }

// Week of the year, where weeks begin on `first` (0: Sunday) and days before the first such day are in week 0.
int week(const std::tm& t, int first) { return (t.tm_yday + 7 - (t.tm_wday - first + 7) % 7) / 7; }

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

struct IsoWeek {
  int year, week;
};
IsoWeek iso_week(const std::tm& t) {
  const int weekday = (t.tm_wday + 6) % 7;  // Monday is 0
  int year = t.tm_year + 1900;
  int thursday = t.tm_yday - weekday + 3;  // the week belongs to the year of its Thursday
  if (thursday < 0) {
    --year;
    thursday += 365 + is_leap(year);
  } else if (thursday >= 365 + is_leap(year)) {
    thursday -= 365 + is_leap(year);
    ++year;
  }
  return {year, thursday / 7 + 1};
}

// Names and ranges are checked here, because a caller may pass any tm.
std::string directive(char c, const std::tm& t) {
  const auto two = [](int n) { return fmt::format("{:02}", n); };
  switch (c) {
    case 'a':
      return std::string(kDays[t.tm_wday]).substr(0, 3);
    case 'A':
      return kDays[t.tm_wday];
    case 'b':
    case 'h':
      return std::string(kMonths[t.tm_mon]).substr(0, 3);
    case 'B':
      return kMonths[t.tm_mon];
    case 'c':
      return format_time("%a %b %e %H:%M:%S %Y", t);
    case 'C':
      return two((t.tm_year + 1900) / 100);
    case 'd':
      return two(t.tm_mday);
    case 'D':
    case 'x':
      return format_time("%m/%d/%y", t);
    case 'e':
      return fmt::format("{:2}", t.tm_mday);
    case 'f':
      return "000000";
    case 'F':
      return format_time("%Y-%m-%d", t);
    case 'g':
      return two(iso_week(t).year % 100);
    case 'G':
      return std::to_string(iso_week(t).year);
    case 'H':
      return two(t.tm_hour);
    case 'I':
      return two(hour12(t));
    case 'j':
      return fmt::format("{:03}", t.tm_yday + 1);
    case 'k':
      return fmt::format("{:2}", t.tm_hour);
    case 'l':
      return fmt::format("{:2}", hour12(t));
    case 'm':
      return two(t.tm_mon + 1);
    case 'M':
      return two(t.tm_min);
    case 'n':
      return "\n";
    case 'p':
      return t.tm_hour < 12 ? "AM" : "PM";
    case 'P':
      return t.tm_hour < 12 ? "am" : "pm";
    case 'r':
      return format_time("%I:%M:%S %p", t);
    case 'R':
      return format_time("%H:%M", t);
    case 'S':
      return two(t.tm_sec);
    case 't':
      return "\t";
    case 'T':
    case 'X':
      return format_time("%H:%M:%S", t);
    case 'u':
      return std::to_string(t.tm_wday == 0 ? 7 : t.tm_wday);
    case 'U':
      return two(week(t, 0));
    case 'V':
      return two(iso_week(t).week);
    case 'w':
      return std::to_string(t.tm_wday);
    case 'W':
      return two(week(t, 1));
    case 'y':
      return two((t.tm_year + 1900) % 100);
    case 'Y':
      return std::to_string(t.tm_year + 1900);
    case 'z':
    case 'Z':
      return "";  // datetime.now() knows no zone
    case '%':
      return "%";
    default:
      fail(ErrorKind::data, "strftime: unknown directive {}", quote_for_message({&c, 1}));
  }
}

}  // namespace

std::string format_time(const std::string& pattern, const std::tm& when) {
  HONE_CHECK(when.tm_mon >= 0 && when.tm_mon < 12 && when.tm_wday >= 0 && when.tm_wday < 7, ErrorKind::data,
             "strftime: month {} or weekday {} is out of range", when.tm_mon, when.tm_wday);
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      out.push_back(pattern[i]);
      continue;
    }
    const bool unpadded = pattern[i + 1] == '-' && i + 2 < pattern.size();  // glibc's %-d
    i += unpadded ? 2 : 1;
    std::string text = directive(pattern[i], when);
    if (unpadded) text.erase(0, std::min(text.find_first_not_of("0 "), text.size() - 1));
    out += text;
  }
  return out;
}

}  // namespace hone::jinja
