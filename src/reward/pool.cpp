// RewardPool. What a scorer touches is owned by its Job and by State, both shared: a scorer that never returns keeps
// them alive and nothing else. Samples belong to the caller and are written by wait() alone.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "hone/reward.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

struct Part {
  std::string name;
  double weight = 1.0;
  std::vector<std::string> sources;  // empty: all
  RewardFunction score;

  bool applies_to(const std::string& source) const {
    return sources.empty() || std::find(sources.begin(), sources.end(), source) != sources.end();
  }
};

struct Result {
  double reward = 0;
  bool scored = true;
  std::map<std::string, float> parts;
  std::string why;

  void explain(const std::string& name, const std::string& text) {
    if (!text.empty()) why += (why.empty() ? "" : "; ") + name + ": " + text;
  }
};

struct Job {
  // Copies of the input.
  std::string prompt, completion, source;
  std::shared_ptr<const nlohmann::json> fields;
  Finish finish = Finish::stop;
  int64_t num_tokens = 0;

  Sample* sample = nullptr;  // for wait() only

  // Guarded by State::mutex.
  Result result;
  const Part* running = nullptr;  // the part whose scorer runs now
  Clock::time_point started;      // when that call began
  bool abandoned = false;         // its call ran too long; whatever it still returns is dropped
};

struct Worker {
  std::thread thread;
  std::shared_ptr<Job> job;  // being scored
};

/// One scorer call that cannot throw.
Verdict call(const Part& part, const Job& job, bool& threw) {
  static const nlohmann::json no_fields = nlohmann::json::object();
  try {
    Verdict verdict = part.score({.prompt = job.prompt,
                                  .completion = job.completion,
                                  .fields = job.fields ? *job.fields : no_fields,
                                  .finish = job.finish,
                                  .num_tokens = job.num_tokens});
    bool finite = std::isfinite(verdict.reward);
    for (const auto& [name, value] : verdict.parts) finite &= std::isfinite(value);
    return finite || verdict.verdict == VerdictKind::unscorable ? verdict : unscorable("the reward is not finite");
  } catch (const std::exception& e) {
    threw = true;
    return unscorable("scorer failed: " + quote_for_message(e.what(), 200));
  } catch (...) {
    threw = true;
    return unscorable("scorer failed with an exception that says nothing");
  }
}

void add_verdict(Result& result, const Part& part, Verdict verdict) {
  result.explain(part.name, verdict.why);
  if (verdict.verdict == VerdictKind::unscorable) {
    result.scored = false;
    return;
  }
  result.parts[part.name] = verdict.reward;
  for (const auto& [name, value] : verdict.parts) result.parts[part.name + "/" + name] = value;
  result.reward += part.weight * static_cast<double>(verdict.reward);
}

std::vector<Part> make_parts(const std::vector<RewardConfig>& rewards, const RewardTable& table) {
  HONE_CHECK(!rewards.empty(), ErrorKind::recipe, "rewards: expected at least one reward, got none");
  std::vector<Part> parts;
  std::set<std::string> names;
  for (const RewardConfig& config : rewards) {
    Part part{config.name.empty() ? config.type : config.name, config.weight, config.sources,
              table.make(config.type, config.options)};
    HONE_CHECK(std::isfinite(part.weight), ErrorKind::recipe, "rewards: weight of '{}' must be finite, got {}",
               part.name, part.weight);
    HONE_CHECK(names.insert(part.name).second, ErrorKind::recipe,
               "rewards: two rewards are called '{}'; give one another name", part.name);
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

struct RewardPool::State : std::enable_shared_from_this<RewardPool::State> {
  std::vector<Part> parts;
  Clock::duration timeout;
  double timeout_s;

  std::mutex mutex;
  std::condition_variable work, done;
  std::deque<std::shared_ptr<Job>> queue;
  std::vector<std::shared_ptr<Job>> submitted;   // since the last wait(), in order
  std::vector<std::unique_ptr<Worker>> workers;  // without those left behind
  int64_t pending = 0;                           // submitted and not finished
  int hanging = 0;                               // calls left behind that still run
  bool stopping = false;
  RewardStats stats;

  void start_worker();
  void run(Worker& worker, std::unique_lock<std::mutex>& lock);
  bool score(const std::shared_ptr<Job>& job, std::unique_lock<std::mutex>& lock);
  int give_up_overdue(Clock::time_point now);
  Clock::time_point next_deadline(Clock::time_point now) const;
  void shut_down();
};

void RewardPool::State::start_worker() {
  Worker& worker = *workers.emplace_back(std::make_unique<Worker>());
  try {
    worker.thread = std::thread([self = shared_from_this(), &worker] {
      std::unique_lock lock(self->mutex);
      self->run(worker, lock);
    });
  } catch (const std::system_error& e) {
    workers.pop_back();
    fail(ErrorKind::internal, "cannot start a reward worker: {}; ask for fewer workers", e.what());
  }
}

/// Takes jobs until the pool stops or one of this worker's calls is given up; `worker` is gone after that.
void RewardPool::State::run(Worker& worker, std::unique_lock<std::mutex>& lock) {
  while (true) {
    work.wait(lock, [&] { return stopping || !queue.empty(); });
    if (stopping) return;
    const std::shared_ptr<Job> job = queue.front();
    queue.pop_front();
    worker.job = job;
    if (!score(job, lock)) {
      --hanging;
      return;
    }
    worker.job = nullptr;
    --pending;
    done.notify_all();
  }
}

/// Runs every part that applies; the mutex is free during a call. False if the job was given up meanwhile.
bool RewardPool::State::score(const std::shared_ptr<Job>& job, std::unique_lock<std::mutex>& lock) {
  bool applies = false;
  for (const Part& part : parts) {
    if (!part.applies_to(job->source)) continue;
    applies = true;
    job->running = &part;
    job->started = Clock::now();
    bool threw = false;
    lock.unlock();
    Verdict verdict = call(part, *job, threw);
    lock.lock();
    if (job->abandoned) return false;
    job->running = nullptr;
    stats.scorer_seconds += std::chrono::duration<double>(Clock::now() - job->started).count();
    stats.exceptions += threw;
    add_verdict(job->result, part, std::move(verdict));
  }
  if (!applies) {
    job->result.scored = false;
    job->result.why = "no reward applies to source " + quote_for_message(job->source, 60);
  }
  return true;
}

/// Marks every job whose call is past the timeout and lets its thread go; returns how many. The caller replaces them.
int RewardPool::State::give_up_overdue(Clock::time_point now) {
  int count = 0;
  std::erase_if(workers, [&](const std::unique_ptr<Worker>& worker) {
    Job* job = worker->job.get();
    if (!job || !job->running || now - job->started < timeout) return false;
    job->abandoned = true;
    job->result.scored = false;
    job->result.explain(job->running->name, fmt::format("timed out after {} s", timeout_s));
    worker->thread.detach();
    stats.scorer_seconds += timeout_s;
    ++stats.timeouts, ++hanging, ++count, --pending;
    return true;
  });
  return count;
}

/// When the first running call times out; one timeout from now if none runs yet.
Clock::time_point RewardPool::State::next_deadline(Clock::time_point now) const {
  Clock::time_point first = now + timeout;
  for (const auto& worker : workers) {
    if (worker->job && worker->job->running) first = std::min(first, worker->job->started + timeout);
  }
  return first;
}

/// Drops what is queued, gives calls that run the rest of their time, and ends every thread but those left behind.
void RewardPool::State::shut_down() {
  std::vector<std::unique_ptr<Worker>> rest;
  {
    std::unique_lock lock(mutex);
    stopping = true;
    pending -= std::ssize(queue);
    queue.clear();
    work.notify_all();
    while (pending > 0) {
      done.wait_until(lock, next_deadline(Clock::now()));
      give_up_overdue(Clock::now());
    }
    rest = std::move(workers);
  }
  for (const auto& worker : rest) worker->thread.join();
}

RewardPool::RewardPool(const std::vector<RewardConfig>& rewards, const RewardTable& table, int workers,
                       double timeout_s) {
  HONE_CHECK(workers >= 1 && workers <= 1024, ErrorKind::recipe, "reward workers must be in [1, 1024], got {}",
             workers);
  HONE_CHECK(timeout_s > 0 && timeout_s <= 1e6, ErrorKind::recipe,
             "reward timeout must be above 0 and at most 1e6 seconds, got {}", timeout_s);
  state_ = std::make_shared<State>();
  state_->parts = make_parts(rewards, table);
  state_->timeout_s = timeout_s;
  state_->timeout = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeout_s));
  try {
    const std::lock_guard lock(state_->mutex);
    for (int i = 0; i < workers; ++i) state_->start_worker();
  } catch (...) {
    state_->shut_down();
    throw;
  }
}

RewardPool::~RewardPool() { state_->shut_down(); }

void RewardPool::submit(const Prompt& prompt, Sample& sample) {
  auto job = std::make_shared<Job>();
  job->prompt = prompt.text;
  job->source = prompt.source;
  job->fields = prompt.fields;
  job->completion = sample.text;
  job->finish = sample.finish;
  job->num_tokens = std::ssize(sample.ids);
  job->sample = &sample;
  const std::lock_guard lock(state_->mutex);
  for (int i = state_->give_up_overdue(Clock::now()); i > 0; --i) state_->start_worker();
  state_->queue.push_back(job);
  state_->submitted.push_back(std::move(job));
  ++state_->pending;
  state_->work.notify_one();
}

void RewardPool::wait() {
  const auto start = Clock::now();
  std::unique_lock lock(state_->mutex);
  while (state_->pending > 0) {
    state_->done.wait_until(lock, state_->next_deadline(Clock::now()));
    for (int i = state_->give_up_overdue(Clock::now()); i > 0; --i) state_->start_worker();
    HONE_CHECK(state_->hanging <= kMaxHanging, ErrorKind::internal,
               "{} scorer calls ran past the timeout of {} s and never returned; repair the reward or raise "
               "reward_timeout_s",
               state_->hanging, state_->timeout_s);
  }
  for (const auto& job : state_->submitted) {
    Sample& sample = *job->sample;
    Result& result = job->result;
    const auto reward = static_cast<float>(result.reward);
    if (result.scored && !std::isfinite(reward)) {
      result.scored = false;
      result.explain("sum", "the weighted reward is not finite");
    }
    sample.scored = result.scored;
    sample.reward = result.scored ? reward : 0.f;
    sample.parts = std::move(result.parts);
    sample.why = std::move(result.why);
    ++state_->stats.samples;
    state_->stats.unscorable += !sample.scored;
  }
  state_->submitted.clear();
  state_->stats.wait_seconds += std::chrono::duration<double>(Clock::now() - start).count();
}

RewardStats RewardPool::take_stats() {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->stats, {});
}

}  // namespace hone
