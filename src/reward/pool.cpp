// RewardPool. What a scorer touches is owned by its Task and by State, both shared: a scorer that never returns keeps
// them alive and nothing else. Samples belong to the caller and are written by wait() alone.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
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
  RewardConfig config;
  std::string name;
  RewardFunction score;  // exactly one of the two is set
  GroupRewardFunction score_group;
};

struct Result {
  double reward = 0;
  bool scored = true;
  std::map<std::string, float> parts;
  std::string why;

  std::vector<PartVerdict> verdicts;  // of the parts so far

  void explain(const std::string& name, std::string_view text) {
    if (text.empty()) return;
    why += (why.empty() ? "" : "; ") + name + ": ";
    const size_t kept = std::min(text.size(), RewardPool::kMaxWhy);
    why += text.substr(0, kept);
    if (kept < text.size()) why += "...";
  }
};

/// One completion on its way to a reward.
struct Job {
  // Copies of the input.
  std::string prompt, completion, source;
  std::shared_ptr<const nlohmann::json> fields;
  Finish finish = Finish::stop;
  int64_t num_tokens = 0, step = -1;
  std::vector<const Part*> parts;  // those that apply

  const Prompt* group = nullptr;  // identity only
  Sample* sample = nullptr;       // for wait() only

  Result result;  // guarded by State::mutex

  ScoreInput input() const {
    static const nlohmann::json no_fields = nlohmann::json::object();
    return {.prompt = prompt,
            .completion = completion,
            .fields = fields ? *fields : no_fields,
            .finish = finish,
            .num_tokens = num_tokens,
            .step = step,
            .earlier = result.verdicts};
  }
};

/// What a worker does in one go: the parts of one job, or the group parts of all jobs of a group.
struct Task {
  std::vector<std::shared_ptr<Job>> jobs;
  bool group = false;

  // Guarded by State::mutex.
  const Part* running = nullptr;  // the part whose scorer runs now
  Clock::time_point started;      // when that call began
  bool abandoned = false;         // its call ran too long; whatever it still returns is dropped
};

struct Worker {
  std::thread thread;
  std::shared_ptr<Task> task;  // being scored
};

/// A verdict that can be added up: finite, and small enough to keep.
Verdict checked(Verdict verdict) {
  bool finite = std::isfinite(verdict.reward);
  for (const auto& [name, value] : verdict.parts) finite &= std::isfinite(value);
  if (verdict.verdict != VerdictKind::unscorable && !finite) return unscorable("the reward is not finite");
  while (verdict.parts.size() > RewardPool::kMaxParts) verdict.parts.erase(std::prev(verdict.parts.end()));
  return verdict;
}

/// One scorer call that cannot throw: one verdict for each job.
std::vector<Verdict> call(const Part& part, std::span<const std::shared_ptr<Job>> jobs, bool& threw) {
  std::string why = "scorer failed with an exception that says nothing";
  try {
    std::vector<Verdict> verdicts;
    if (part.score) {
      for (const auto& job : jobs) verdicts.push_back(part.score(job->input()));
    } else {
      std::vector<ScoreInput> inputs;
      for (const auto& job : jobs) inputs.push_back(job->input());
      verdicts = part.score_group(inputs);
      HONE_CHECK(verdicts.size() == inputs.size(), ErrorKind::internal, "{} verdicts for {} completions",
                 verdicts.size(), inputs.size());
    }
    for (Verdict& verdict : verdicts) verdict = checked(std::move(verdict));
    return verdicts;
  } catch (const std::exception& e) {
    why = "scorer failed: " + quote_for_message(e.what(), 200);
  } catch (...) {
  }
  threw = true;
  return std::vector<Verdict>(jobs.size(), unscorable(why));
}

/// The part's factor at a step of training that it does not rest at: growing over ramp_steps, then 1.
double ramp(const RewardConfig& config, int64_t step) {
  const int64_t done = step - config.from_step + 1;
  if (step < 0 || done > config.ramp_steps) return 1.0;
  return static_cast<double>(done) / static_cast<double>(config.ramp_steps + 1);
}

void add_verdict(Result& result, const Part& part, int64_t step, Verdict verdict) {
  result.explain(part.name, verdict.why);
  result.verdicts.push_back({part.name, verdict.verdict, !is_style_reward(part.config.type)});
  if (verdict.verdict == VerdictKind::unscorable) {
    result.scored = false;
    return;
  }
  result.parts[part.name] = verdict.reward;
  for (const auto& [name, value] : verdict.parts) result.parts[part.name + "/" + name] = value;
  const double added = part.config.weight * ramp(part.config, step) * static_cast<double>(verdict.reward);
  const double cap = part.config.cap.value_or(std::numeric_limits<double>::infinity());
  result.reward += std::clamp(added, -cap, cap);
}

std::vector<Part> make_parts(const std::vector<RewardConfig>& rewards, const RewardTable& table) {
  HONE_CHECK(!rewards.empty(), ErrorKind::recipe, "rewards: expected at least one reward, got none");
  std::vector<Part> parts;
  std::set<std::string> names;
  for (const RewardConfig& config : rewards) {
    Part part{config, config.name.empty() ? config.type : config.name, {}, {}};
    if (table.is_group(config.type)) {
      part.score_group = table.make_group(config.type, config.options);
    } else {
      part.score = table.make(config.type, config.options);
    }
    HONE_CHECK(std::isfinite(config.weight), ErrorKind::recipe, "rewards: weight of '{}' must be finite, got {}",
               part.name, config.weight);
    HONE_CHECK(!config.cap || *config.cap > 0, ErrorKind::recipe, "rewards: cap of '{}' must be above 0, got {}",
               part.name, *config.cap);
    HONE_CHECK(names.insert(part.name).second, ErrorKind::recipe,
               "rewards: two rewards are called '{}'; give one another name", part.name);
    parts.push_back(std::move(part));
  }
  // Style rules may ask whether the answer is right, so they come after the parts that say so.
  std::stable_partition(parts.begin(), parts.end(), [](const Part& p) { return !is_style_reward(p.config.type); });
  return parts;
}

/// The record's own choice of parts: its field `reward`, a name or a list of names. Nothing if it makes none.
std::optional<std::vector<std::string>> chosen_by_record(const nlohmann::json* fields) {
  const auto is_text = [](const nlohmann::json& value) { return value.is_string(); };
  if (!fields || !fields->is_object()) return std::nullopt;
  const auto found = fields->find("reward");
  if (found == fields->end()) return std::nullopt;
  if (is_text(*found)) return std::vector{found->get<std::string>()};
  const bool names = found->is_array() && !found->empty() && std::all_of(found->begin(), found->end(), is_text);
  return names ? std::optional(found->get<std::vector<std::string>>()) : std::nullopt;
}

/// The parts that apply to a job, in order. None, with the reason written into its result, if it cannot be scored.
std::vector<const Part*> applying_parts(const std::vector<Part>& parts, Job& job) {
  const auto holds = [](const std::vector<std::string>& list, const std::string& x) {
    return std::find(list.begin(), list.end(), x) != list.end();
  };
  const auto refuse = [&](std::string why) {
    job.result.scored = false;
    job.result.why = std::move(why);
    return std::vector<const Part*>{};
  };
  if (job.completion.size() > RewardPool::kMaxCompletion) {
    return refuse(fmt::format("the completion has {} bytes, more than the {} that are scored", job.completion.size(),
                              RewardPool::kMaxCompletion));
  }
  const auto chosen = chosen_by_record(job.fields.get());
  for (const std::string& name : chosen.value_or(std::vector<std::string>{})) {
    const bool known = std::any_of(parts.begin(), parts.end(), [&](const Part& part) { return part.name == name; });
    if (!known) return refuse("the record asks for reward " + quote_for_message(name, 60) + ", which the recipe lacks");
  }
  std::vector<const Part*> applying;
  for (const Part& part : parts) {
    const RewardConfig& config = part.config;
    const bool wanted =
        chosen ? holds(*chosen, part.name) : config.sources.empty() || holds(config.sources, job.source);
    const bool rests =
        job.step >= 0 && (job.step < config.from_step || job.step >= config.until_step.value_or(INT64_MAX));
    if (wanted && !rests) applying.push_back(&part);
  }
  if (applying.empty()) return refuse("no reward applies to source " + quote_for_message(job.source, 60));
  return applying;
}

}  // namespace

struct RewardPool::State : std::enable_shared_from_this<RewardPool::State> {
  std::vector<Part> parts;
  Clock::duration timeout;
  double timeout_s;

  std::mutex mutex;
  std::condition_variable work, done;
  std::deque<std::shared_ptr<Task>> queue;
  std::vector<std::shared_ptr<Job>> submitted;   // since the last wait(), in order
  std::vector<std::unique_ptr<Worker>> workers;  // without those left behind
  int64_t pending = 0;                           // tasks queued and not finished
  int hanging = 0;                               // calls left behind that still run
  int64_t step = -1;
  bool stopping = false;
  RewardStats stats;

  void start_worker();
  void run(Worker& worker, std::unique_lock<std::mutex>& lock);
  void queue_task(std::vector<std::shared_ptr<Job>> jobs, bool group);
  void queue_groups();
  bool score(const std::shared_ptr<Task>& task, std::unique_lock<std::mutex>& lock);
  bool score_part(Task& task, const Part& part, std::unique_lock<std::mutex>& lock);
  void finish_tasks(std::unique_lock<std::mutex>& lock);
  void report(Job& job);
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

/// Takes tasks until the pool stops or one of this worker's calls is given up; `worker` is gone after that.
void RewardPool::State::run(Worker& worker, std::unique_lock<std::mutex>& lock) {
  while (true) {
    work.wait(lock, [&] { return stopping || !queue.empty(); });
    if (stopping) return;
    const std::shared_ptr<Task> task = queue.front();
    queue.pop_front();
    worker.task = task;
    if (!score(task, lock)) {
      --hanging;
      return;
    }
    worker.task = nullptr;
    --pending;
    done.notify_all();
  }
}

void RewardPool::State::queue_task(std::vector<std::shared_ptr<Job>> jobs, bool group) {
  queue.push_back(std::make_shared<Task>(Task{std::move(jobs), group}));
  ++pending;
  work.notify_one();
}

/// One task for each group that has group parts, over those of its samples that have been scored so far.
void RewardPool::State::queue_groups() {
  std::map<const Prompt*, size_t> places;
  std::vector<std::vector<std::shared_ptr<Job>>> groups;  // in order of submission
  for (const auto& job : submitted) {
    const bool has_group_part = std::any_of(job->parts.begin(), job->parts.end(),
                                            [](const Part* part) { return part->score_group != nullptr; });
    if (!has_group_part || !job->result.scored) continue;
    const auto [place, is_new] = places.emplace(job->group, groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(job);
  }
  for (auto& group : groups) queue_task(std::move(group), /*group=*/true);
}

/// Runs every part of the task. False if it was given up meanwhile.
bool RewardPool::State::score(const std::shared_ptr<Task>& task, std::unique_lock<std::mutex>& lock) {
  const std::vector<const Part*>& parts = task->jobs.front()->parts;  // a group has one prompt, so the same parts
  for (const Part* part : parts) {
    if ((part->score_group != nullptr) == task->group && !score_part(*task, *part, lock)) return false;
  }
  return true;
}

/// One call; the mutex is free meanwhile. False if it was given up.
bool RewardPool::State::score_part(Task& task, const Part& part, std::unique_lock<std::mutex>& lock) {
  task.running = &part;
  task.started = Clock::now();
  bool threw = false;
  lock.unlock();
  std::vector<Verdict> verdicts = call(part, task.jobs, threw);
  lock.lock();
  if (task.abandoned) return false;
  task.running = nullptr;
  stats.scorer_seconds += std::chrono::duration<double>(Clock::now() - task.started).count();
  stats.exceptions += threw;
  for (size_t i = 0; i < verdicts.size(); ++i) {
    add_verdict(task.jobs[i]->result, part, task.jobs[i]->step, std::move(verdicts[i]));
  }
  return true;
}

/// Marks every task whose call is past the timeout and lets its thread go; returns how many. The caller replaces them.
int RewardPool::State::give_up_overdue(Clock::time_point now) {
  int count = 0;
  std::erase_if(workers, [&](const std::unique_ptr<Worker>& worker) {
    Task* task = worker->task.get();
    if (!task || !task->running || now - task->started < timeout) return false;
    task->abandoned = true;
    for (const auto& job : task->jobs) {
      job->result.scored = false;
      job->result.explain(task->running->name, fmt::format("timed out after {} s", timeout_s));
    }
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
    if (worker->task && worker->task->running) first = std::min(first, worker->task->started + timeout);
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

void RewardPool::set_step(int64_t step) { state_->step = step; }

void RewardPool::submit(const Prompt& prompt, Sample& sample) {
  auto job = std::make_shared<Job>();
  job->prompt = prompt.text;
  job->source = prompt.source;
  job->fields = prompt.fields;
  job->completion = sample.text;
  job->finish = sample.finish;
  job->num_tokens = std::ssize(sample.ids);
  job->step = state_->step;
  job->group = &prompt;
  job->sample = &sample;
  job->parts = applying_parts(state_->parts, *job);
  const std::lock_guard lock(state_->mutex);
  for (int i = state_->give_up_overdue(Clock::now()); i > 0; --i) state_->start_worker();
  state_->submitted.push_back(job);
  if (!job->parts.empty()) state_->queue_task({std::move(job)}, /*group=*/false);
}

/// Waits until no task is left.
void RewardPool::State::finish_tasks(std::unique_lock<std::mutex>& lock) {
  while (pending > 0) {
    done.wait_until(lock, next_deadline(Clock::now()));
    for (int i = give_up_overdue(Clock::now()); i > 0; --i) start_worker();
    HONE_CHECK(hanging <= kMaxHanging, ErrorKind::internal,
               "{} scorer calls ran past the timeout of {} s and never returned; repair the reward or raise "
               "reward_timeout_s",
               hanging, timeout_s);
  }
}

/// Writes a job's result into its sample.
void RewardPool::State::report(Job& job) {
  Sample& sample = *job.sample;
  Result& result = job.result;
  const auto reward = static_cast<float>(result.reward);
  if (result.scored && !std::isfinite(reward)) {
    result.scored = false;
    result.explain("sum", "the weighted reward is not finite");
  }
  sample.scored = result.scored;
  sample.reward = result.scored ? reward : 0.f;
  sample.parts = std::move(result.parts);
  sample.why = std::move(result.why);
  ++stats.samples;
  stats.unscorable += !sample.scored;
}

void RewardPool::wait() {
  const auto start = Clock::now();
  std::unique_lock lock(state_->mutex);
  state_->finish_tasks(lock);
  state_->queue_groups();
  state_->finish_tasks(lock);
  for (const auto& job : state_->submitted) state_->report(*job);
  state_->submitted.clear();
  state_->stats.wait_seconds += std::chrono::duration<double>(Clock::now() - start).count();
}

RewardStats RewardPool::take_stats() {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->stats, {});
}

}  // namespace hone
