// Keeps c10d's retries and C++ stack traces off stderr while a group lives: hone's errors say the same in one line.
#pragma once

#include <cstdlib>

#include <c10/util/Logging.h>

namespace hone {

/// TORCH_CPP_LOG_LEVEL brings them back.
class QuietTorch {
 public:
  QuietTorch() : saved_(FLAGS_caffe2_log_level) {
    if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = c10::GLOG_FATAL;
  }
  ~QuietTorch() { FLAGS_caffe2_log_level = saved_; }
  QuietTorch(const QuietTorch&) = delete;
  QuietTorch& operator=(const QuietTorch&) = delete;

 private:
  int saved_;
};

}  // namespace hone
