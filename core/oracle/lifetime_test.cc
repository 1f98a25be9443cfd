/* SPDX-License-Identifier: GPL-2.0-only */
/* use-after-free of the device's memory and of inodes: when it is said, and when not. */
#include "core/model/inode.h"
#include "core/model/pgmap.h"
#include "core/oracle/events_for_test.h"

namespace daxrace::oracle {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LifetimeTest : public EventTest {
 protected:
  LifetimeTest() { unbind_ = true; }

  void touch(engine::TaskId task, uint64_t block) {
    emit({.kind = Kind::touched, .task = task, .block = block});
  }
  /* What memunmap_pages() leaves behind. */
  void remove(engine::TaskId task) {
    tick();
    machine_->pgmap->mapped.store_here(0, engine::Order::kRelaxed);
    machine_->pgmap->removed_by = task;
    machine_->pgmap->removed_at = execution_.steps() - 1;
  }
};

TEST_F(LifetimeTest, MemoryThatIsThereMayBeTouched) {
  EXPECT_THAT(play([&] {
                touch(A, 1);
                touch(B, 3);
                remove(B);
              }),
              IsEmpty());
}

TEST_F(LifetimeTest, MemoryThatIsGoneMayNot) {
  EXPECT_THAT(play([&] {
                remove(B);
                touch(A, 3);
              }),
              ElementsAre("use-after-free"));
  EXPECT_THAT(sentence(),
              AllOf(HasSubstr("A touched page 3 of the device"), HasSubstr("B had removed its memory map")));
}

class InodeLifetimeTest : public EventTest {
 protected:
  InodeLifetimeTest() { open_files_ = kOpen; }

  /* What evict() leaves behind. */
  void free(engine::TaskId task) {
    tick();
    inode()->i_hashed.write(false);
    inode()->put = {task, execution_.steps() - 1};
  }

 private:
  static constexpr uint8_t kOpen[] = {1, 0, 0, 0};
};

TEST_F(InodeLifetimeTest, InodeThatIsThereMayBeUsed) {
  EXPECT_THAT(play([&] {
                store(A, 1);
                truncate(A, 2);
                free(B);
                invoke(A, Op::load);
                ret(A, -EBADF);
              }),
              IsEmpty());
}

TEST_F(InodeLifetimeTest, InodeThatIsGoneMayNot) {
  EXPECT_THAT(play([&] {
                free(B);
                store(A, 1);
              }),
              ElementsAre("use-after-free"));
  EXPECT_THAT(sentence(), AllOf(HasSubstr("A op 0 used the inode of page 1 of f"),
                                HasSubstr("B was the last to put it")));
}

}  // namespace
}  // namespace daxrace::oracle
