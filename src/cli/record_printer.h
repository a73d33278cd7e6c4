// RecordPrinter: turns what was fetched into printed records, as --format says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/consume_plan.h"
#include "cli/record_format.h"
#include "client/fetcher.h"
#include "wire/batch.h"
#include "wire/batch_records.h"

namespace moldau::cli {

class Invocation;

struct PrintOptions {
  std::optional<RecordFormat> format;  // none: JSON
  bool pretty = true;
  bool meta_only = false;
  bool control_records = false;
  int64_t count_max = 0;  // 0: no end
};

/// What the flags of `topic consume` ask for.
Result<PrintOptions> print_options(const Invocation& invocation);

class RecordPrinter {
 public:
  explicit RecordPrinter(PrintOptions options) : options_(std::move(options)) {}

  /// Prints the records of `fetched` that lie in [from, until). False when enough were printed.
  Result<bool> take(const client::Fetched& fetched, const PlannedPartition& planned);
  /// Behind the last record that take() dealt with, printed or passed over, and that record's leader epoch.
  Offset done() const { return done_; }
  Epoch done_epoch() const { return done_epoch_; }
  /// Writes what is printed and still held back.
  void flush();

 private:
  bool take_record(const wire::RecordView& record, RecordText& text);
  std::optional<std::string> take_records(const wire::BatchView& batch, const PlannedPartition& planned,
                                          RecordText& text, bool& more);

  PrintOptions options_;
  std::string out_;
  wire::RecordIterator records_;
  std::vector<HeaderText> headers_;
  int64_t count_ = 0;
  Offset done_ = 0;
  Epoch done_epoch_ = no_epoch;
};

}  // namespace moldau::cli
