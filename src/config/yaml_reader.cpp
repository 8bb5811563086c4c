// yaml-cpp's events -> Node. Events rather than YAML::Node: they keep duplicate keys, tell quoted text from bare text,
// and leave the expansion of aliases, where "billion laughs" grow, to the budget here.
#include <map>
#include <sstream>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "base/check.h"
#include "base/text.h"
#include "config/document.h"

namespace hone::config {
namespace {

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, const SourcePosition& start, Problems& problems)
      : text_(text), start_(start), problems_(problems) {
    root_.position = start;
    line_starts_.push_back(0);
    for (size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') line_starts_.push_back(i + 1);
  }

  Node take_root() { return std::move(root_); }

  /// yaml-cpp counts bytes from 0.
  SourcePosition place(const YAML::Mark& mark) const {
    if (start_.line == 0 || mark.is_null()) return start_;
    const size_t line = std::min(static_cast<size_t>(mark.line), line_starts_.size() - 1);
    const std::string_view before = text_.substr(line_starts_[line]).substr(0, static_cast<size_t>(mark.column));
    return {start_.source, start_.line + static_cast<int>(line), 1 + count_characters(before)};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw SyntaxError{place(mark), "a second document begins; a recipe is one document"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(scalar(mark, "", Style::plain), anchor); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    if (value.find('\0') != std::string::npos || !is_valid_utf8(value))
      throw SyntaxError{place(mark), "text with a NUL or an invalid character"};
    add(scalar(mark, value, tag == "!" ? Style::quoted : Style::plain), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw SyntaxError{place(mark), "an alias inside the value that it stands for"};
    spend(place(mark), found->second.size());
    if (open_.size() + found->second.depth() > Limits::kDepth) refuse_depth(mark);
    attach(Node(found->second));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(Node::Kind::list, mark, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override {
    for (const Entry& merged : open_.back().merges) merge(merged, open_.back().node);
    end();
  }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    bool has_key = false;  // of a map: the next value belongs to `key`
    std::string key;
    bool is_merge = false;  // the key is a bare <<
    SourcePosition key_position;
    std::vector<Entry> merges;
  };

  Node scalar(const YAML::Mark& mark, const std::string& text, Style style) {
    spend(place(mark), 1);
    Node node;
    node.style = style;
    node.text = text;
    node.position = place(mark);
    return node;
  }

  /// Pays for nodes that are made or copied.
  void spend(const SourcePosition& position, size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > Limits::kNodes)
      throw SyntaxError{
          position, fmt::format("more than {} values, aliases expanded; no recipe needs that many", Limits::kNodes)};
  }

  [[noreturn]] void refuse_depth(const YAML::Mark& mark) {
    throw SyntaxError{place(mark), fmt::format("values nested more than {} deep", Limits::kDepth)};
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.size() > 1)
      throw SyntaxError{place(mark),
                        "the tag " + quote_for_message(tag) + "; recipes have no tags, options have types"};
  }

  void begin(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_tag(mark, tag);
    spend(place(mark), 1);
    if (open_.size() >= Limits::kDepth) refuse_depth(mark);
    if (!open_.empty() && open_.back().node.kind == Node::Kind::map && !open_.back().has_key)
      throw SyntaxError{place(mark), "a map or a list as a key; is a bracket not closed?"};
    Open open{.node = {}, .anchor = anchor};
    open.node.kind = kind;
    open.node.position = place(mark);
    open_.push_back(std::move(open));
  }

  void end() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      spend(node.position, node.size());
      anchors_[anchor] = node;
    }
    attach(std::move(node));
  }

  void attach(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Node::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      if (node.kind != Node::Kind::scalar)
        throw SyntaxError{node.position, "a map or a list as a key; is a bracket not closed?"};
      if (parent.node.entries.size() >= Limits::kKeys)
        throw SyntaxError{node.position, fmt::format("more than {} keys in a map", Limits::kKeys)};
      if (node.is_null()) throw SyntaxError{node.position, "a key that is empty or null"};
      parent.has_key = true;
      parent.is_merge = node.text == "<<" && node.style == Style::plain;
      parent.key = node.text;
      parent.key_position = node.position;
    } else {
      parent.has_key = false;
      // yaml-cpp puts a value that was left out at whatever comes next.
      if (node.is_null() && node.position.line != parent.key_position.line) node.position = parent.key_position;
      Entry entry{parent.key, parent.key_position, std::move(node)};
      if (parent.is_merge)
        parent.merges.push_back(std::move(entry));
      else if (parent.node.find(parent.key))
        problems_.add(parent.key_position, "the key " + quote_for_message(parent.key) + " is given twice");
      else
        parent.node.entries.push_back(std::move(entry));
    }
  }

  /// `<<: *defaults` adds the entries of `defaults` that the map itself does not have.
  void merge(const Entry& merged, Node& map) {
    const bool is_list = merged.value.kind == Node::Kind::list;
    const std::vector<Node> sources = is_list ? merged.value.items : std::vector<Node>{merged.value};
    for (const Node& source : sources) {
      if (source.kind != Node::Kind::map)
        problems_.add(merged.position, "'<<' merges a map or a list of maps, got " + source.describe());
      for (const Entry& entry : source.entries)
        if (map.entries.size() < Limits::kKeys && !map.find(entry.key)) map.entries.push_back(entry);
    }
  }

  const std::string_view text_;
  const SourcePosition start_;
  Problems& problems_;
  std::vector<size_t> line_starts_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  size_t nodes_ = 0;
  int documents_ = 0;
};

}  // namespace

Node read_yaml(std::string_view text, const SourcePosition& start, Problems& problems) {
  TreeBuilder builder(text, start, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& e) {
    throw SyntaxError{builder.place(e.mark), "not YAML: " + e.msg};
  }
  return builder.take_root();
}

}  // namespace hone::config
