/* SPDX-License-Identifier: GPL-2.0-only */
/* dma-after-free and block-after-free: when they are said, and when not. */
#include "core/model/gup.h"
#include "core/oracle/events_for_test.h"

namespace daxrace::oracle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class OwnershipTest : public EventTest {
 protected:
  void touch(Kind kind, uint64_t block, uint64_t cell) {
    emit({.kind = kind, .task = A, .inode = inode(), .cell = cell, .value = 0, .block = block});
  }
  /* Page 1 of f, by A. */
  kernel::model_pin pin() {
    kernel::model_pin pin{};
    pin.page = kernel::pfn_to_page(1);
    pin.host = inode();
    pin.pgoff = 1;
    pin.generation = pin.page->generation.peek();
    pin.task = A;
    pin.step = 3;
    return pin;
  }
  void use(Kind kind, const kernel::model_pin& pin) {
    emit({.kind = kind, .task = C, .inode = pin.host, .cell = pin.pgoff, .value = 0, .pin = &pin});
  }
  void free_page(uint64_t page) {
    tick();
    tick();
    inode()->i_block[page].write(0);
    kernel::model_block_freed(static_cast<uint32_t>(page));
  }
};

TEST_F(OwnershipTest, BlockOfThePageIsRight) {
  EXPECT_THAT(play([&] {
                for (Kind kind : {Kind::load, Kind::read_cell}) touch(kind, 1, 1);
                touch(Kind::load, kernel::MODEL_NO_BLOCK, 1);
              }),
              IsEmpty());
}

TEST_F(OwnershipTest, BlockOfAnotherPageIsNot) {
  for (Kind kind : {Kind::load, Kind::store, Kind::read_cell, Kind::write_cell}) {
    auto verdicts = play([&] { touch(kind, 2, 1); });
    EXPECT_THAT(verdicts, testing::Contains("block-after-free"));
  }
}

TEST_F(OwnershipTest, FreedBlockHasNobody) {
  EXPECT_THAT(play([&] {
                free_page(1);
                touch(Kind::load, 1, 1);
              }),
              ElementsAre("block-after-free"));
  EXPECT_THAT(sentence(), HasSubstr("read block 1"));
  EXPECT_THAT(sentence(), HasSubstr("had freed it"));
}

TEST_F(OwnershipTest, DeviceMayUseWhatItsPinIsOf) {
  EXPECT_THAT(play([&] {
                kernel::model_pin p = pin();
                free_page(2);
                for (Kind kind : {Kind::dma_read, Kind::pin_read}) use(kind, p);
              }),
              IsEmpty());
}

TEST_F(OwnershipTest, DeviceAfterTheBlockWasFreed) {
  EXPECT_THAT(play([&] {
                kernel::model_pin p = pin();
                free_page(1);
                use(Kind::dma_write, p);
              }),
              ElementsAre("dma-after-free"));
  EXPECT_THAT(sentence(), HasSubstr("C wrote to block 1"));
  EXPECT_THAT(sentence(), HasSubstr("as page 1 of f, which A op 0 had pinned (step 3), but"));
}

TEST_F(OwnershipTest, SamePageAgainIsAnotherBlock) {
  EXPECT_THAT(play([&] {
                kernel::model_pin p = pin();
                free_page(1);
                inode()->i_block[1].write(2);
                use(Kind::dma_read, p);
              }),
              ElementsAre("dma-after-free"));
  EXPECT_THAT(sentence(), HasSubstr("it is page 1 of f now"));
}

TEST_F(OwnershipTest, CpuThatHasAPinIsNoDevice) {
  EXPECT_THAT(play([&] {
                kernel::model_pin p = pin();
                free_page(1);
                use(Kind::pin_read, p);
              }),
              ElementsAre("block-after-free"));
}

}  // namespace
}  // namespace daxrace::oracle
