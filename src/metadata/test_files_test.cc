// The files that the tests of this folder read (test/metadata/).
#include <fstream>
#include <sstream>

#include "metadata/test_kit.h"

namespace moldau::metadata::test {

std::string file_text(const std::string& name) {
  std::ifstream in(std::string(MOLDAU_SOURCE_DIR) + "/test/metadata/" + name);
  EXPECT_TRUE(in.good()) << name;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> file_lines(const std::string& name) {
  std::vector<std::string> lines;
  std::istringstream in(file_text(name));
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  }
  return lines;
}

std::vector<std::byte> file_bytes(const std::string& name) {
  std::vector<std::byte> bytes;
  for (const std::string& line : file_lines(name)) {
    for (size_t i = 0; i + 1 < line.size(); i += 2) {
      bytes.push_back(static_cast<std::byte>(std::stoi(line.substr(i, 2), nullptr, 16)));
    }
  }
  return bytes;
}

}  // namespace moldau::metadata::test
