// One person, several devices: all of them tell the same story.
#include "e2e/story.h"

namespace flare::e2e {
namespace {

using TwoDevices = Story;

Device tablet() {
  Device device;
  device.id = "tablet";
  device.platform = "ios";
  return device;
}

TEST_F(TwoDevices, TheSendersOtherDeviceGetsTheMessage) {
  Client phone = users.login("ann");
  Client other = users.login("ann", tablet());

  const auto receipt = send_many(phone, Target::user("bob"), 1).front();

  const model::Message copy = message_saying(other, "message 1");
  EXPECT_EQ(copy.message_id(), receipt.message_id);
  EXPECT_EQ(copy.seq(), receipt.seq);
  EXPECT_EQ(copy.sender_id(), "ann");
}

TEST_F(TwoDevices, BothOfTheReceiversDevicesGetIt) {
  Client ann = users.login("ann");
  Client phone = users.login("bob");
  Client other = users.login("bob", tablet());

  must(ann.send_text(Target::user("bob"), "hello"));

  EXPECT_EQ(message_saying(phone, "hello").message_id(),
            message_saying(other, "hello").message_id());
}

TEST_F(TwoDevices, ReadOnOneIsReadOnTheOther) {
  Client ann = users.login("ann");
  Client phone = users.login("bob");
  Client other = users.login("bob", tablet());
  const auto receipt = send_many(ann, Target::user("bob"), 2).back();

  must(phone.read(receipt.conversation_id, receipt.seq));

  EXPECT_TRUE(wait_until([&] {
    const auto view = find_view(other, receipt.conversation_id);
    return view && view->unread() == 0 && view->read_seq() == receipt.seq;
  }));
}

TEST_F(TwoDevices, AMessageToOneselfReachesTheOtherDevice) {
  Client phone = users.login("ann");
  Client other = users.login("ann", tablet());

  must(phone.send_text(Target::user("ann"), "note to self"));

  EXPECT_EQ(message_saying(other, "note to self").conversation_id(), single_chat_id("ann", "ann"));
}

}  // namespace
}  // namespace flare::e2e
