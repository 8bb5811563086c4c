#include "stage/local_chat.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include <xxhash.h>

#include "base/check.h"
#include "rollout/engine.h"
#include "stage/lazy_model.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

class LocalChat {
 public:
  LocalChat(const LocalChatOptions& options, const std::string& where)
      : options_(options), model_({options.model, options.dtype, options.chat_template}, where) {}

  std::string ask(const std::vector<Message>& messages, Clock::time_point until) {
    const auto request = std::make_shared<Request>(Request{.messages = messages, .until = until});
    std::unique_lock lock(mutex_);
    waiting_.push_back(request);
    while (!request->done) {
      if (!decoding_) {
        decode_waiting(lock);
      } else if (changed_.wait_until(lock, until) == std::cv_status::timeout && !request->done) {
        std::erase(waiting_, request);
        fail(ErrorKind::data, "the judge's model gave no reply in time");
      }
    }
    HONE_CHECK(request->error.empty(), ErrorKind::data, "{}", request->error);
    return request->reply;
  }

 private:
  struct Request {
    std::vector<Message> messages;
    Clock::time_point until;
    bool done = false;
    std::string reply, error;
  };
  using Batch = std::vector<std::shared_ptr<Request>>;

  /// Takes who waits and decodes for them, without the lock.
  void decode_waiting(std::unique_lock<std::mutex>& lock) {
    Batch batch;
    while (!waiting_.empty() && std::ssize(batch) < options_.max_concurrent) {
      batch.push_back(waiting_.front());
      waiting_.pop_front();
    }
    decoding_ = true;
    lock.unlock();
    std::string error;
    try {
      decode(batch);
    } catch (const std::exception& e) {
      error = e.what();
    }
    lock.lock();
    decoding_ = false;
    for (const auto& request : batch) {
      if (request->reply.empty() && request->error.empty()) request->error = error.empty() ? "an empty reply" : error;
      request->done = true;
    }
    changed_.notify_all();
  }

  void decode(const Batch& batch) {
    const auto& [policy, chat] = model_.get();
    std::vector<Prompt> prompts;
    Batch asked;
    for (const auto& request : batch) {
      Prompt prompt;
      prompt.text = chat.render_prompt(request->messages);
      prompt.ids = chat.encode_rendered(prompt.text);
      // Its draws follow from what it is asked.
      prompt.id = static_cast<int64_t>(XXH3_64bits(prompt.text.data(), prompt.text.size()) >> 1);
      const auto n = static_cast<int64_t>(prompt.ids.size()), limit = policy->config().max_positions;
      if (n >= limit) {
        request->error = fmt::format("the judge's prompt has {} tokens, its model's context {}", n, limit);
        continue;
      }
      prompts.push_back(std::move(prompt));
      asked.push_back(request);
    }
    if (asked.empty()) return;
    const auto last = (*std::max_element(asked.begin(), asked.end(), [](const auto& a, const auto& b) {
                        return a->until < b->until;
                      }))->until;
    GenerateHooks hooks;
    hooks.progress = [&](int64_t, int64_t, int64_t) {
      if (Clock::now() > last) fail(ErrorKind::data, "the judge's model gave no reply in time");
    };
    SamplingConfig sampling;
    sampling.temperature = options_.temperature;
    sampling.max_completion_length = options_.max_tokens;
    Engine engine(*policy, {.max_running_sequences = options_.max_concurrent, .kv_memory_gb = options_.kv_memory_gb});
    const std::vector<Group> groups =
        engine.generate(std::move(prompts), 1, sampling, {static_cast<uint64_t>(options_.seed), 0}, hooks);
    for (size_t i = 0; i < asked.size(); ++i) asked[i]->reply = groups[i].samples.at(0).text;
  }

  const LocalChatOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Request>> waiting_;
  bool decoding_ = false;  // somebody does; only they touch what follows
  LazyModel model_;
};

}  // namespace

ChatFunction make_local_chat(const LocalChatOptions& options, const std::string& where) {
  HONE_CHECK(!options.model.empty(), ErrorKind::recipe,
             "{}: needs an endpoint (a model behind HTTP) or a model (a folder or .gguf file to run here)", where);
  const auto chat = std::make_shared<LocalChat>(options, where);
  return [chat](const std::vector<Message>& messages, Clock::time_point until) { return chat->ask(messages, until); };
}

}  // namespace hone
