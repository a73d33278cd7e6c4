// The hidden verb `reference`: what the tables of the code say, as JSON, for docs/generate.py.
#pragma once

namespace moldau::app {

/// Prints settings, served APIs, metrics and error codes on standard output. The same program always prints the same
/// bytes. Returns the exit code.
int print_reference();

}  // namespace moldau::app
