#include "stage/eval.h"

#include "stage/evaluate.h"

namespace hone {

StageEnd run_eval(const EvalStageConfig& config, const StageContext& context) {
  if (context.metrics) context.metrics->resume(context.name, -1);
  Evaluator(context, config.eval, config.sampling, config.rewards).run(0);
  return StageEnd::done;
}

}  // namespace hone
