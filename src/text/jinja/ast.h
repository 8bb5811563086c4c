// The parsed template. Names hold the place of their variable, filled in by scopes.cpp after parsing.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "text/jinja/lexer.h"
#include "text/jinja/value.h"

namespace hone::jinja {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;
using ExprList = std::vector<ExprPtr>;

// ---- Expressions

/// A variable: `slot` of the frame `hops` scopes out.
struct Name {
  std::string name;
  int hops = -1;
  int slot = -1;
};
struct Literal {
  Value value;
};
struct SequenceLiteral {
  ExprList items;
  bool tuple = false;
};
struct DictLiteral {
  std::vector<std::pair<ExprPtr, ExprPtr>> items;
};
enum class UnaryOp { negate, plus, logical_not };
struct Unary {
  UnaryOp op;
  ExprPtr operand;
};
enum class BinaryOp { add, subtract, multiply, divide, floor_divide, modulo, power };
struct Binary {
  BinaryOp op;
  ExprPtr left, right;
};
struct Logical {
  bool is_and;
  ExprPtr left, right;
};
enum class CompareOp { eq, ne, lt, le, gt, ge, in, not_in };
struct Compare {  // a < b <= c
  ExprPtr first;
  std::vector<std::pair<CompareOp, ExprPtr>> rest;
};
struct Concat {  // a ~ b ~ c
  ExprList parts;
};
struct Conditional {
  ExprPtr test, yes, no;  // `no` may be null: undefined
};
struct Attribute {
  ExprPtr object;
  std::string name;
};
struct Item {
  ExprPtr object, index;
};
struct Slice {
  ExprPtr object, start, stop, step;  // all but the object may be null
};
struct CallArgs {
  ExprList positional;
  std::vector<std::pair<std::string, ExprPtr>> named;
  ExprPtr star, star_star;  // *args, **kwargs; may be null
};
struct Call {
  ExprPtr callee;
  CallArgs args;
};
struct Filter {
  ExprPtr input;  // null: the contents of the block that the filter belongs to
  std::string name;
  CallArgs args;
};
struct Test {
  ExprPtr input;
  std::string name;
  CallArgs args;
};

struct Expr {
  Position at;
  int depth = 1;  // of the tree below, bounded by the parser
  std::variant<Name, Literal, SequenceLiteral, DictLiteral, Unary, Binary, Logical, Compare, Concat, Conditional,
               Attribute, Item, Slice, Call, Filter, Test>
      node;
};

// ---- Statements

struct Statement;
using Body = std::vector<Statement>;

/// How a variable of a scope gets its value when the scope is entered.
enum class LoadAction { parameter, resolve, alias, undefined };
struct Load {
  std::string name;
  LoadAction action;
  int hops = 0, slot = 0;  // of the outer variable, for alias
};
/// The variables of one scope, by slot.
struct Scope {
  std::vector<Load> loads;
};

/// What `set` and `for` assign to: a name, an attribute of a namespace, or several targets.
struct Target {
  Position at;
  Name name;
  std::string attribute;  // of the namespace `name`; empty for a plain name
  std::vector<Target> parts;
};

struct Data {
  std::string text;
};
struct Print {
  ExprPtr value;
};
struct If {
  std::vector<std::pair<ExprPtr, Body>> branches;
  Body otherwise;
};
struct For {
  Target target;
  ExprPtr iterable, test;  // test may be null
  bool recursive = false;
  Body body, otherwise;
  Scope body_scope, test_scope, else_scope;
  Target test_target;  // the target again, as a variable of test_scope
  int loop_slot = -1;  // of `loop` in body_scope
};
struct Set {
  Target target;
  ExprPtr value;
};
struct SetBlock {
  Target target;
  ExprPtr filter;  // may be null
  Body body;
  Scope scope;
};
/// What macro and call blocks share. Parameters are slots 0.. of the scope, then those of the names used below.
struct Callable {
  std::string name;  // empty for a call block
  std::vector<std::string> parameters;
  ExprList defaults;  // of the last parameters
  Body body;
  Scope scope;
  int caller_slot = -1, kwargs_slot = -1, varargs_slot = -1;  // -1: the body does not use it
};
struct Macro {
  Name target;
  std::shared_ptr<Callable> macro;
};
struct CallBlock {
  ExprPtr call;
  std::shared_ptr<Callable> caller;
};
struct FilterBlock {
  ExprPtr filter;
  Body body;
  Scope scope;
};
struct With {
  std::vector<std::pair<Target, ExprPtr>> assignments;
  Body body;
  Scope scope;
};
struct Generation {  // {% generation %}: what the assistant wrote
  Body body;
  Scope scope;
};
struct Break {};
struct Continue {};

struct Statement {
  Position at;
  std::variant<Data, Print, If, For, Set, SetBlock, Macro, CallBlock, FilterBlock, With, Generation, Break, Continue>
      node;
};

struct Program {
  Body body;
  Scope scope;
  bool marks_generation = false;
};

}  // namespace hone::jinja
