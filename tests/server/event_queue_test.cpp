#include "server/event_queue.h"

#include <gmock/gmock.h>

namespace stampd::server {
namespace {

using testing::ElementsAre;

v1::GenerateEvent ProgressAt(int step) {
  v1::GenerateEvent event;
  event.mutable_progress()->set_step(step);
  return event;
}

v1::GenerateEvent PreviewOf(int index, int step) {
  v1::GenerateEvent event;
  event.mutable_preview()->set_step(step);
  event.mutable_preview()->mutable_image()->set_index(index);
  return event;
}

v1::GenerateEvent ImageOf(int index) {
  v1::GenerateEvent event;
  event.mutable_image()->set_index(index);
  return event;
}

std::vector<std::uint64_t> Sequences(EventQueue& queue) {
  std::vector<std::uint64_t> sequences;
  while (const auto event = queue.Pop()) sequences.push_back(event->sequence());
  return sequences;
}

TEST(EventQueueTest, KeepsTheOrder) {
  EventQueue queue;
  queue.Push(ImageOf(0));
  queue.Push(ProgressAt(1));
  queue.Push(ImageOf(1));
  EXPECT_THAT(Sequences(queue), ElementsAre(0, 1, 2));
  EXPECT_FALSE(queue.Pop());
}

TEST(EventQueueTest, OnlyTheNewestProgressWaits) {
  EventQueue queue;
  for (int step = 1; step <= 5; ++step) queue.Push(ProgressAt(step));
  const auto event = queue.Pop();
  EXPECT_EQ(event->progress().step(), 5);
  EXPECT_EQ(event->sequence(), 4u);  // the gap tells what was missed
  EXPECT_FALSE(queue.Pop());
}

TEST(EventQueueTest, OnlyTheNewestPreviewOfEachPictureWaits) {
  EventQueue queue;
  queue.Push(PreviewOf(0, 1));
  queue.Push(PreviewOf(1, 1));
  queue.Push(PreviewOf(0, 2));
  EXPECT_THAT(Sequences(queue), ElementsAre(1, 2));
}

TEST(EventQueueTest, ImagesAreNeverDropped) {
  EventQueue queue;
  for (int i = 0; i < 10; ++i) {
    queue.Push(ImageOf(i % 2));
    queue.Push(ProgressAt(i));
  }
  EXPECT_EQ(Sequences(queue).size(), 11u);
}

}  // namespace
}  // namespace stampd::server
