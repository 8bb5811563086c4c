#include "base/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "hone/error.h"

namespace hone {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
 protected:
  Files() {
    std::string name = (fs::temp_directory_path() / "hone-files-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Files() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(Files, AreWrittenWholeOrNotAtAll) {
  write_file_atomic(folder_ / "a", "one");
  write_file_atomic(folder_ / "a", "two");
  EXPECT_EQ(read_file(folder_ / "a"), "two");
  const auto broken = [](FileWriter& file) {
    file.write("half");
    throw Error(ErrorKind::io, "disk full");
  };
  EXPECT_THROW(write_file_atomic(folder_ / "a", broken), Error);
  EXPECT_EQ(read_file(folder_ / "a"), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
  EXPECT_THROW(write_file_atomic(folder_ / "none" / "a", "x"), Error);
  EXPECT_THROW(write_file_atomic(folder_, "x"), Error);
}

TEST_F(Files, ALinkIsFollowed) {
  write_file_atomic(folder_ / "target", "old");
  fs::create_symlink(folder_ / "target", folder_ / "link");
  write_file_atomic(folder_ / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link"));
  EXPECT_EQ(read_file(folder_ / "target"), "new");
}

TEST_F(Files, APipeIsWrittenToAndNotReplaced) {
  const fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { write_file_atomic(pipe, "through"); });
  const int fd = ::open(pipe.c_str(), O_RDONLY);
  char bytes[16] = {};
  const ssize_t count = ::read(fd, bytes, sizeof bytes);
  writer.join();
  ::close(fd);
  EXPECT_EQ(std::string(bytes, static_cast<size_t>(count)), "through");
  EXPECT_TRUE(fs::is_fifo(pipe));
}

}  // namespace
}  // namespace hone
