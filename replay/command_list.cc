/* SPDX-License-Identifier: GPL-2.0-only */
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/engine/strategies.h"
#include "core/engine/wait_var.h" /* before the macros of vocabulary.h */
#include "core/model/patches.h"
#include "core/oracle/oracle.h"
#include "replay/command.h"

namespace daxrace::replay {

namespace {

/* Rows of one table: a name, and what there is to say about it. */
using Row = std::vector<std::pair<std::string, std::string>>;

std::string syntax_of(scenario::ArgKind kind) {
  switch (kind) {
    case scenario::ArgKind::kFile:
    case scenario::ArgKind::kNewFile:
      return "FILE";
    case scenario::ArgKind::kRegion:
      return "REGION";
    case scenario::ArgKind::kNewRegion:
      return "[PROCESS.]REGION";
    case scenario::ArgKind::kAddr:
      return "REGION[+OFFSET][.CELL]";
    case scenario::ArgKind::kOffset:
      return "OFFSET";
    case scenario::ArgKind::kLength:
      return "LENGTH";
    case scenario::ArgKind::kSizeKey:
      return "size=LENGTH";
    case scenario::ArgKind::kProt:
      return "shared|private|sync rw|r";
    case scenario::ArgKind::kAccess:
      return "rw|r";
    case scenario::ArgKind::kProcess:
      return "PROCESS";
  }
  return "";
}

std::vector<Row> ops() {
  constexpr std::string_view where[] = {"setup", "task", "anywhere"};
  std::vector<Row> rows;
  for (const scenario::OpInfo& info : scenario::op_table()) {
    std::string usage(info.name);
    for (scenario::ArgKind kind : info.args) usage += " " + syntax_of(kind);
    rows.push_back({{"usage", usage},
                    {"where", std::string(where[static_cast<size_t>(info.where)])},
                    {"summary", std::string(info.summary)}});
  }
  return rows;
}

std::vector<Row> oracles() {
  std::vector<Row> rows;
  for (const auto& info : oracle::oracle_table())
    rows.push_back({{"name", std::string(info.name)}, {"summary", std::string(info.summary)}});
  return rows;
}

std::vector<Row> verdict_rows() {
  std::vector<Row> rows;
  for (const auto& info : oracle::verdict_table()) {
    rows.push_back({{"verdict", std::string(info.verdict)},
                    {"oracle", std::string(info.oracle)},
                    {"meaning", std::string(info.meaning)}});
  }
  return rows;
}

std::vector<Row> strategies() {
  std::vector<Row> rows;
  for (const auto& info : engine::strategy_table()) {
    rows.push_back({{"name", std::string(info.name)},
                    {"summary", std::string(info.summary)},
                    {"guarantee", std::string(info.guarantee)}});
  }
  return rows;
}

std::vector<Row> patches() {
  std::vector<Row> rows;
  for (const auto& info : kernel::patch_table()) {
    rows.push_back({{"id", std::string(info.id)},
                    {"kind", std::string(kernel::name_of(info.kind))},
                    {"version", std::string(info.version)},
                    {"subject", std::string(info.subject)}});
  }
  return rows;
}

struct Table {
  const char* name;
  std::vector<Row> (*rows)();
};

constexpr Table kTables[] = {{"ops", ops},
                             {"oracles", oracles},
                             {"strategies", strategies},
                             {"patches", patches},
                             {"verdicts", verdict_rows}};

void print_rows(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(row.size());
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].second.size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i].second;
      if (i + 1 < row.size()) line.append(widths[i] - row[i].second.size() + 2, ' ');
    }
    std::cout << line << "\n";
  }
}

}  // namespace

void add_list(Command app, const char* text, int* exit_code) {
  struct Options {
    std::string what;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  Command command = app.add_command("list", text);
  std::vector<std::string> names;
  for (const Table& table : kTables) names.push_back(table.name);
  command.add_option("WHAT", options->what, "ops, oracles, strategies, patches or verdicts")
      .required()
      .one_of(names);
  command.add_flag("--json", options->json, "for machines");
  command.callback([options, exit_code] {
    for (const Table& table : kTables) {
      if (options->what != table.name) continue;
      std::vector<Row> rows = table.rows();
      if (!options->json) {
        print_rows(rows);
        continue;
      }
      nlohmann::json json = nlohmann::json::array();
      for (const Row& row : rows) {
        nlohmann::json entry;
        for (const auto& [key, value] : row) entry[key] = value;
        json.push_back(entry);
      }
      print_json(json);
    }
    *exit_code = kNoFinding;
  });
}

}  // namespace daxrace::replay
