// A chat model behind an OpenAI-compatible HTTP endpoint.
#pragma once

#include <string>

#include "hone/options.h"
#include "reward/judge.h"

namespace hone {

struct HttpChatOptions {
  std::string endpoint;
  std::string model;
  std::string api_key_env;
  double temperature = 0;
  int64_t max_tokens = 1024;
  bool json_mode = false;
  double timeout_s = 20;
  int64_t retries = 3;
  double backoff_s = 0.5;
  int64_t max_concurrent = 8;

  template <class Self, class V>
  static void fields(Self& c, V& v) {
    v("endpoint", c.endpoint, "address of the API, as in http://localhost:8000/v1");
    v("model", c.model, "name of the model in the API");
    v("api_key_env", c.api_key_env, "environment variable that holds the key; none is sent without it");
    v("temperature", c.temperature, "sampling temperature of the judge", between(0, 10));
    v("max_tokens", c.max_tokens, "tokens of a reply", between(1, 1e6));
    v("json_mode", c.json_mode, "asks for response_format json_object, where the server knows it");
    v("timeout_s", c.timeout_s, "wall clock of one request, seconds", above(0).up_to(1e6));
    v("retries", c.retries, "requests after the first that failed", between(0, 100));
    v("backoff_s", c.backoff_s, "wait before the first retry, seconds; doubled each time", between(0, 1e6));
    v("max_concurrent", c.max_concurrent, "requests at a time", between(1, 1024));
  }
};

/// Error(recipe) for an address that is none, a missing model, and a variable that is not set. The key is read once and
/// occurs in no message. Redirects are not followed, so that it goes nowhere else.
ChatFunction make_http_chat(const HttpChatOptions& options, const std::string& where);

}  // namespace hone
