#include "hone/chat_template.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "text/jinja/interpreter.h"
#include "text/jinja/json_text.h"
#include "text/jinja/parser.h"

namespace hone {
namespace {

using Json = nlohmann::ordered_json;

std::tm local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm out{};
  localtime_r(&now, &out);
  return out;
}

// transformers gives a message's reasoning under every name that templates read it by.
Json with_reasoning_names(const Json& message) {
  for (const char* name : {"reasoning_content", "thinking", "reasoning"}) {
    const auto found = message.find(name);
    if (found == message.end() || found->is_null()) continue;
    const Json reasoning = *found;
    Json out = Json::object();
    out["thinking"] = reasoning;
    for (const auto& [key, value] : message.items()) out[key] = value;
    out["reasoning_content"] = reasoning;
    return out;
  }
  return message;
}

jinja::Value messages_value(const Json& messages) {
  HONE_CHECK(messages.is_array(), ErrorKind::data, "messages: expected a list of objects, got {}",
             messages.type_name());
  std::vector<jinja::Value> out;
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string path = fmt::format("messages[{}]", i);
    HONE_CHECK(messages[i].is_object(), ErrorKind::data, "{}: expected an object with role and content, got {}", path,
               messages[i].type_name());
    out.push_back(jinja::from_json(with_reasoning_names(messages[i]), path));
  }
  return jinja::Value::list(std::move(out));
}

void check_list_of_objects(const Json& list, const char* name) {
  if (list.is_null()) return;
  const bool ok = list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& x) { return x.is_object(); });
  HONE_CHECK(ok, ErrorKind::data, "{}: expected a list of objects, or null", name);
}

}  // namespace

struct ChatTemplate::Program {
  std::string source;
  std::map<std::string, std::string> special_tokens;
  jinja::Program program;

  jinja::Rendered run(const Json& messages, const RenderOptions& options) const;
};

ChatTemplate::ChatTemplate(std::string source, std::map<std::string, std::string> special_tokens) {
  for (const auto& [name, token] : special_tokens) {
    HONE_CHECK(is_valid_utf8(name) && is_valid_utf8(token), ErrorKind::format,
               "chat template: special token {} is not UTF-8", quote_for_message(name, 40));
  }
  auto program = std::make_shared<Program>();
  program->program = jinja::parse(source);
  program->source = std::move(source);
  program->special_tokens = std::move(special_tokens);
  program_ = std::move(program);
}

ChatTemplate ChatTemplate::chatml() {
  return ChatTemplate(
      "{%- for message in messages %}"
      "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
      "{%- endfor %}"
      "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}");
}

jinja::Rendered ChatTemplate::Program::run(const Json& messages, const RenderOptions& options) const {
  return with_context("chat template", [&] {
    check_list_of_objects(options.tools, "tools");
    check_list_of_objects(options.documents, "documents");
    HONE_CHECK(options.variables.is_object(), ErrorKind::data, "variables: expected an object, got {}",
               options.variables.type_name());
    jinja::Variables variables;
    for (const auto& [name, token] : special_tokens) variables[name] = jinja::Value::text(token);
    for (const auto& [name, value] : options.variables.items()) variables[name] = jinja::from_json(value, name);
    variables["messages"] = messages_value(messages);
    variables["tools"] = jinja::from_json(options.tools, "tools");
    variables["documents"] = jinja::from_json(options.documents, "documents");
    variables["add_generation_prompt"] = jinja::Value(options.add_generation_prompt);
    const std::tm now = options.now ? *options.now : local_time();
    return jinja::Interpreter(program, std::move(variables), options.limits, now).render();
  });
}

std::string ChatTemplate::render(const Json& messages, const RenderOptions& options) const {
  return program_->run(messages, options).text;
}

std::string ChatTemplate::render(std::span<const Message> messages, const RenderOptions& options) const {
  return render(to_json(messages), options);
}

RenderedChat ChatTemplate::render_marked(const Json& messages, const RenderOptions& options) const {
  jinja::Rendered rendered = program_->run(messages, options);
  HONE_CHECK(
      !rendered.unplaced, ErrorKind::data,
      "chat template: a {{% generation %}} block inside a macro or a captured block: where its text ends up is not "
      "known; move it to where the text is written");
  return {std::move(rendered.text), std::move(rendered.assistant)};
}

bool ChatTemplate::marks_generation() const { return program_->program.marks_generation; }
const std::string& ChatTemplate::source() const { return program_->source; }

Json to_json(std::span<const Message> messages) {
  Json out = Json::array();
  for (const Message& message : messages) {
    Json one = Json::object();
    one["role"] = message.role;
    one["content"] = message.content;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace hone
