#include "config/aliases.h"

#include <vector>

namespace hone::config {

std::span<const Alias> aliases() {
  // Only names whose value means the same: verl's ppo_mini_batch_size, for one, counts prompts where num_mini_batches
  // counts batches, so it is no alias.
  static const std::vector<Alias> kAliases = {
      {"lr", "learning_rate", "verl, OpenRLHF, AReaL"},
      {"clip_grad", "max_grad_norm", "verl"},
      {"lr_warmup_steps", "warmup_steps", "verl"},
      {"lr_warmup_steps_ratio", "warmup_ratio", "verl"},
      {"group_size", "num_generations", "various"},
      {"n_samples", "num_generations", "AReaL"},
      {"n_samples_per_prompt", "num_generations", "OpenRLHF, slime"},
      {"train_batch_size", "num_prompts_per_step", "verl"},
      {"rollout_batch_size", "num_prompts_per_step", "OpenRLHF, slime"},
      {"ppo_epochs", "num_iterations", "verl"},
      {"max_response_length", "max_completion_length", "verl"},
      {"max_new_tokens", "max_completion_length", "transformers, AReaL"},
      {"clip_ratio", "epsilon", "verl"},
      {"clip_ratio_low", "epsilon", "verl"},
      {"clip_ratio_high", "epsilon_high", "verl"},
      {"clip_ratio_c", "delta", "verl"},
      {"kl_loss_coef", "beta", "verl"},
      {"entropy_coeff", "entropy_coef", "verl"},
      {"total_epochs", "num_train_epochs", "verl"},
      {"save_freq", "save_steps", "verl"},
      {"max_actor_ckpt_to_keep", "save_total_limit", "verl"},
      {"test_freq", "eval_steps", "verl"},
      {"truncation_mode", "truncation", "TRL"},
      {"ppo_max_token_len_per_gpu", "max_tokens_per_micro_batch", "verl"},
      {"max_tokens_per_gpu", "max_tokens_per_micro_batch", "slime, OpenRLHF"},
      {"max_num_seqs", "max_running_sequences", "verl, vLLM"},
  };
  return kAliases;
}

std::string canonical_name(std::string_view name) {
  for (const Alias& alias : aliases())
    if (alias.other == name) return alias.canonical;
  return std::string(name);
}

}  // namespace hone::config
