#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stampd::tools {

/// Columns of text for people: a heading, and rows as they are added.
class Table {
 public:
  enum Side { kLeft, kRight };
  struct Column {
    std::string heading;
    Side side = kLeft;
  };

  explicit Table(std::vector<Column> columns);

  void Add(std::vector<std::string> row);  // as many cells as there are columns
  std::string Text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// 610856096 as 610,856,096.
std::string Grouped(std::uint64_t number);

/// 2.5 as 2.50 with two digits after the point; infinity as inf.
std::string Decimal(double value, int digits);

}  // namespace stampd::tools
