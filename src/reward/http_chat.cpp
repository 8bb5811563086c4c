#include "reward/http_chat.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>

#include <httplib.h>
#include <pthread.h>
#include <signal.h>

#include "base/check.h"
#include "base/jsonl.h"
#include "base/text.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr size_t kMaxBody = 4 << 20;  // bytes of a response

/// Writing to a connection that the server has closed raises SIGPIPE, which would end the program. Blocks it on this
/// thread for a scope and swallows one that came meanwhile.
class BlockSigpipe {
 public:
  BlockSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~BlockSigpipe() {
    const timespec at_once = {0, 0};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  BlockSigpipe(const BlockSigpipe&) = delete;
  BlockSigpipe& operator=(const BlockSigpipe&) = delete;

 private:
  sigset_t pipe_, before_;
  bool was_pending_;
};

/// Cuts the connection at a point in time: a server that sends a byte now and then runs into no read timeout.
class Watchdog {
 public:
  Watchdog(httplib::Client& client, Clock::time_point until)
      : thread_([&client, until](std::stop_token stop) {
          std::mutex mutex;
          std::condition_variable_any wake;
          std::unique_lock lock(mutex);
          wake.wait_until(lock, stop, until, [] { return false; });
          while (!stop.stop_requested()) {  // again: the connection may not have been open yet
            client.stop();
            wake.wait_for(lock, stop, std::chrono::milliseconds(50), [] { return false; });
          }
        }) {}

 private:
  std::jthread thread_;
};

struct Address {
  std::string server;  // scheme://host:port
  std::string path;
};

Address read_address(const std::string& endpoint, const std::string& where) {
  const bool known_scheme = endpoint.starts_with("http://") || endpoint.starts_with("https://");
  const size_t host = endpoint.find("://") + 3;
  const size_t slash = known_scheme ? std::min(endpoint.find('/', host), endpoint.size()) : 0;
  const bool usable = known_scheme && slash > host && endpoint.find_first_of(" \t\r\n?#") == std::string::npos;
  HONE_CHECK(usable, ErrorKind::recipe, "{}: endpoint: expected an address like http://localhost:8000/v1, got {}",
             where, quote_for_message(endpoint));
  HONE_CHECK(endpoint.find('@') == std::string::npos, ErrorKind::recipe,
             "{}: endpoint: no user or password belongs into an address; name the key's variable in api_key_env",
             where);
  Address address{endpoint.substr(0, slash), endpoint.substr(slash)};
  while (address.path.ends_with('/')) address.path.pop_back();
  constexpr std::string_view kMethod = "/chat/completions";
  if (!address.path.ends_with(kMethod)) address.path += kMethod;
  return address;
}

std::string read_key(const std::string& variable, const std::string& where) {
  if (variable.empty()) return "";
  const char* value = std::getenv(variable.c_str());
  const std::string key(trim(value ? value : ""));
  HONE_CHECK(!key.empty(), ErrorKind::recipe, "{}: api_key_env: environment variable {} is not set", where,
             quote_for_message(variable));
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7F; });
  HONE_CHECK(printable, ErrorKind::recipe, "{}: api_key_env: variable {} holds no key (blanks or control characters)",
             where, quote_for_message(variable));
  return key;
}

/// What came of one request.
struct Attempt {
  std::optional<std::string> reply;
  std::string why;                     // where there is no reply
  bool retry = false;                  // it may go better next time
  std::optional<Seconds> retry_after;  // what the server asked for
};

Attempt failed(std::string why, bool retry) { return {std::nullopt, std::move(why), retry, std::nullopt}; }

class HttpChat {
 public:
  HttpChat(const HttpChatOptions& options, const std::string& where)
      : options_(options),
        address_(read_address(options.endpoint, where)),
        key_(read_key(options.api_key_env, where)),
        slots_(options.max_concurrent) {
    HONE_CHECK(!options.model.empty(), ErrorKind::recipe, "{}: option model is required", where);
  }

  std::string ask(const std::vector<Message>& messages, Clock::time_point until) {
    HONE_CHECK(slots_.try_acquire_until(until), ErrorKind::io,
               "the judge is busy: no free request before the deadline");
    const std::unique_ptr<HttpChat, void (*)(HttpChat*)> slot(this, [](HttpChat* chat) { chat->slots_.release(); });
    const std::string body = request_body(messages);
    Seconds backoff(options_.backoff_s);
    for (int64_t tries = 1;; ++tries, backoff *= 2) {
      Attempt attempt = request(body, until);
      if (attempt.reply) return *attempt.reply;
      const Seconds pause = attempt.retry_after.value_or(backoff);
      const bool give_up = !attempt.retry || tries > options_.retries || Seconds(until - Clock::now()) <= pause;
      HONE_CHECK(!give_up, ErrorKind::io, "the judge did not answer: {} (request {})", attempt.why, tries);
      std::this_thread::sleep_for(pause);
    }
  }

 private:
  std::string request_body(const std::vector<Message>& messages) const {
    nlohmann::json body = {{"model", options_.model},
                           {"temperature", options_.temperature},
                           {"max_tokens", options_.max_tokens},
                           {"messages", nlohmann::json::array()}};
    for (const Message& m : messages) body["messages"].push_back({{"role", m.role}, {"content", m.content}});
    if (options_.json_mode) body["response_format"] = {{"type", "json_object"}};
    return dump_json(body);
  }

  Attempt request(const std::string& body, Clock::time_point until) const {
    const auto now = Clock::now();
    const Clock::time_point end =
        std::min(until, now + std::chrono::duration_cast<Clock::duration>(Seconds(options_.timeout_s)));
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(end - now);
    if (left.count() <= 0) return failed("no time is left", false);

    const BlockSigpipe no_sigpipe;
    httplib::Client client(address_.server);
    if (!client.is_valid()) return failed("the address cannot be used", false);
    client.set_connection_timeout(left);
    client.set_read_timeout(left);
    client.set_write_timeout(left);
    client.set_follow_location(false);

    std::string answer;
    bool too_long = false;
    httplib::Request request;
    request.method = "POST";
    request.path = address_.path;
    request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
    if (!key_.empty()) request.headers.emplace("Authorization", "Bearer " + key_);
    request.body = body;
    request.content_receiver = [&](const char* data, size_t size, uint64_t, uint64_t) {
      too_long = answer.size() + size > kMaxBody;
      if (!too_long) answer.append(data, size);
      return !too_long && Clock::now() < end;
    };
    const httplib::Result result = [&] {
      const Watchdog watchdog(client, end);
      return client.send(request);
    }();
    if (too_long) return failed(fmt::format("the response has more than {} bytes", kMaxBody), false);
    if (Clock::now() >= end) return failed(fmt::format("no answer within {:.3g} s", Seconds(end - now).count()), true);
    if (!result) return failed(httplib::to_string(result.error()) + " error", true);
    return read_response(*result, redacted(std::move(answer)));
  }

  static Attempt read_response(const httplib::Response& response, const std::string& body) {
    if (response.status != 200) {
      const int status = response.status;
      Attempt attempt = failed(fmt::format("HTTP status {}: {}", status, quote_for_message(body, 100)),
                               status == 408 || status == 429 || status >= 500);
      const std::string after = response.get_header_value("Retry-After");
      const bool seconds =
          !after.empty() && after.size() < 7 && after.find_first_not_of("0123456789") == std::string::npos;
      if (seconds) attempt.retry_after = Seconds(std::stod(after));
      return attempt;
    }
    try {
      const nlohmann::json reply = parse_json(body, "response");
      const nlohmann::json& choices = reply.is_object() && reply.contains("choices") ? reply["choices"] : reply;
      const nlohmann::json message = choices.is_array() && !choices.empty() && choices[0].is_object()
                                         ? choices[0].value("message", nlohmann::json())
                                         : nlohmann::json();
      if (message.is_object() && message.contains("content") && message["content"].is_string())
        return {message["content"].get<std::string>(), "", false, std::nullopt};
      return failed("the response holds no message: " + quote_for_message(body, 100), true);
    } catch (const Error& e) {
      return failed(e.what(), true);
    }
  }

  /// Text without the key, whoever put it there.
  std::string redacted(std::string text) const {
    if (key_.size() < 8) return text;  // a placeholder like EMPTY
    for (size_t at = text.find(key_); at != std::string::npos; at = text.find(key_, at))
      text.replace(at, key_.size(), "[key]");
    return text;
  }

  const HttpChatOptions options_;
  const Address address_;
  const std::string key_;
  std::counting_semaphore<> slots_;
};

}  // namespace

ChatFunction make_http_chat(const HttpChatOptions& options, const std::string& where) {
  const auto chat = std::make_shared<HttpChat>(options, where);
  return [chat](const std::vector<Message>& messages, Clock::time_point until) { return chat->ask(messages, until); };
}

}  // namespace hone
