// The JSON subprotocol tells the same story as protobuf, to the same people.
#include "e2e/story.h"
#include "kit/raw_socket.h"

namespace flare::e2e {
namespace {

using Json = Story;

Device json_device() {
  Device device;
  device.id = "console";
  device.platform = "web";
  device.encoding = sdk::Encoding::Json;
  return device;
}

TEST_F(Json, TalksWithProtobuf) {
  Client ann = users.login("ann", json_device());
  Client bob = users.login("bob");

  const auto receipt = send_many(ann, Target::user("bob"), 1).front();
  const model::Message heard = message_saying(bob, "message 1");
  must(bob.send_text(Target::user("ann"), "\"quoted\" \xf0\x9f\x99\x82"));
  const model::Message answer = message_saying(ann, "\"quoted\" \xf0\x9f\x99\x82");

  EXPECT_EQ(heard.message_id(), receipt.message_id);
  EXPECT_EQ(answer.seq(), 2u);
}

TEST_F(Json, EveryCallWorks) {
  Client ann = users.login("ann", json_device());
  const auto group =
      must(ann.create_group({.title = "g", .member_ids = {"bob"}, .client_operation_id = {}}));
  const std::string id = group.conversation_id();

  const auto receipt = send_many(ann, Target::conversation(id), 2).back();

  EXPECT_EQ(whole_history(ann, id).size(), 3u);
  EXPECT_EQ(must(ann.get_message(receipt.message_id)).seq(), receipt.seq);
  EXPECT_EQ(must(ann.members(id)).member_count(), 2u);
  EXPECT_EQ(whole_sync(ann).conversations_size(), 1);
  EXPECT_EQ(must(ann.conversations()).conversations_size(), 1);
  EXPECT_GE(must(ann.where(receipt.message_id)).hops_size(), 1);
  EXPECT_TRUE(allowed(ann.rename(id, "h")));
  EXPECT_TRUE(allowed(ann.add_members(id, std::vector<std::string>{"carol"})));
  EXPECT_TRUE(allowed(ann.remove_members(id, std::vector<std::string>{"carol"})));
  EXPECT_TRUE(allowed(ann.read(id, receipt.seq)));
  EXPECT_EQ(must(ann.presence(std::vector<std::string>{"ann"})).users(0).platforms(0), "web");
  EXPECT_TRUE(refused(ann.history("group:aaaaaaaaaaaaaaaaaaaaaaaaaa"), ErrorCode::NotFound));
}

// As a person would type it, with the schema's own field names too.
TEST_F(Json, ReadsWhatAPersonWrites) {
  RawSocket socket(flare.websocket());
  ASSERT_TRUE(socket.upgrade("flare.v1.json").starts_with("HTTP/1.1 101"));

  socket.write_frame(
      {.opcode = Opcode::Text,
       .payload = R"({"request_id": 1, "hello": {"token": ")" + users.token("ann") + R"("}})"});
  const auto welcome = socket.read_frame();
  socket.write_frame(
      {.opcode = Opcode::Text,
       .payload = R"({"requestId": "2", "ping": {}, "notYetInvented": [1, {"a": null}]})"});
  const auto pong = socket.read_frame();

  ASSERT_TRUE(welcome && pong);
  EXPECT_EQ(welcome->opcode, Opcode::Text);
  EXPECT_NE(welcome->payload.find("\"userId\":\"ann\""), std::string::npos) << welcome->payload;
  EXPECT_NE(pong->payload.find("\"requestId\":\"2\""), std::string::npos) << pong->payload;
  EXPECT_NE(pong->payload.find("\"pong\""), std::string::npos) << pong->payload;
}

}  // namespace
}  // namespace flare::e2e
