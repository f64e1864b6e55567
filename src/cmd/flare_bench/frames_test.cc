// The hand-written frames against the generated classes: neither may know more than the other.
#include "cmd/flare_bench/frames.h"

#include <gtest/gtest.h>

#include "flare/client/v1/frame.pb.h"

namespace flare::bench {
namespace {

namespace pb = flare::client::v1;

pb::Frame parse(const std::string& bytes) {
  pb::Frame frame;
  EXPECT_TRUE(frame.ParseFromString(bytes));
  return frame;
}

TEST(FramesTest, SendIsWhatTheSchemaSays) {
  std::string out;

  encode_send(out, {.request_id = 70'000,
                    .conversation_id = "conversation",
                    .to_user_id = {},
                    .client_message_id = "client-1",
                    .text = std::string(300, 't'),
                    .ack_level = AckLevel::Persisted});

  const pb::Frame frame = parse(out);
  EXPECT_EQ(frame.request_id(), 70'000u);
  EXPECT_EQ(frame.send().conversation_id(), "conversation");
  EXPECT_EQ(frame.send().to_user_id(), "");
  EXPECT_EQ(frame.send().client_message_id(), "client-1");
  EXPECT_EQ(frame.send().content().text(), std::string(300, 't'));
  EXPECT_EQ(frame.send().ack_level(), pb::ACK_LEVEL_PERSISTED);
  EXPECT_EQ(frame.SerializeAsString(), out);
}

TEST(FramesTest, SendToAUserIsTheSameBytesAsGenerated) {
  std::string out;

  encode_send(out, {.request_id = 1,
                    .conversation_id = {},
                    .to_user_id = "bench-000001",
                    .client_message_id = "c",
                    .text = "hello"});

  const pb::Frame frame = parse(out);
  EXPECT_EQ(frame.send().to_user_id(), "bench-000001");
  EXPECT_EQ(frame.SerializeAsString(), out);
}

TEST(FramesTest, SetupRequestsAreWhatTheSchemaSays) {
  std::string out;

  encode_hello(out, 1, "token", "flare-bench");
  EXPECT_EQ(parse(out).hello().token(), "token");
  EXPECT_EQ(parse(out).hello().client(), "flare-bench");
  encode_deliver_ack(out, {"conversation", 300});
  EXPECT_EQ(parse(out).deliver_ack().positions(0).conversation_id(), "conversation");
  EXPECT_EQ(parse(out).deliver_ack().positions(0).seq(), 300u);
  encode_history(out, 2, "conversation", 17, 200);
  EXPECT_EQ(parse(out).history().from_seq(), 17u);
  EXPECT_EQ(parse(out).history().limit(), 200u);
  encode_create_group(out, 3, "operation", "title", {"ann", "bob"});
  EXPECT_EQ(parse(out).create_conversation().type(), flare::model::v1::CONVERSATION_TYPE_GROUP);
  EXPECT_EQ(parse(out).create_conversation().client_operation_id(), "operation");
  EXPECT_EQ(parse(out).create_conversation().member_ids(1), "bob");
  encode_add_members(out, 4, "operation", "conversation", {"ann", "bob"});
  EXPECT_EQ(parse(out).add_members().conversation_id(), "conversation");
  EXPECT_EQ(parse(out).add_members().user_ids(1), "bob");
  encode_frame(out, 5, Body::Ping, {});
  EXPECT_TRUE(parse(out).has_ping());
}

TEST(FramesTest, DeliverIsScanned) {
  pb::Frame frame;
  auto& message = *frame.mutable_deliver()->mutable_message();
  message.set_conversation_id("conversation");
  message.set_message_id(std::string(16, 'm'));
  message.set_sender_id("ann");
  message.set_client_message_id("client-1");
  message.set_server_time_ms(1'700'000'000'000);
  message.mutable_content()->set_text("hello");
  (*message.mutable_metadata())["k"] = "v";
  message.set_seq(300);
  message.set_log_offset(12345678);
  frame.mutable_deliver()->set_prev_seq(299);
  const std::string bytes = frame.SerializeAsString();

  const auto scanned = scan_frame(bytes);
  ASSERT_TRUE(scanned);
  ASSERT_EQ(scanned->kind, Body::Deliver);
  const auto deliver = scan_deliver(scanned->body);

  ASSERT_TRUE(deliver);
  EXPECT_EQ(deliver->conversation_id, "conversation");
  EXPECT_EQ(deliver->message_id, std::string(16, 'm'));
  EXPECT_EQ(deliver->sender_id, "ann");
  EXPECT_EQ(deliver->client_message_id, "client-1");
  EXPECT_EQ(deliver->text, "hello");
  EXPECT_EQ(deliver->seq, 300u);
}

TEST(FramesTest, AnswersAreScanned) {
  pb::Frame frame;
  frame.set_request_id(9);
  frame.mutable_persisted()->set_message_id("0123456789abcdef");
  frame.mutable_persisted()->set_conversation_id("conversation");
  frame.mutable_persisted()->set_seq(7);
  std::string bytes = frame.SerializeAsString();
  EXPECT_EQ(scan_frame(bytes)->request_id, 9u);
  EXPECT_EQ(scan_frame(bytes)->kind, Body::Persisted);
  EXPECT_EQ(scan_receipt(scan_frame(bytes)->body)->seq, 7u);
  EXPECT_EQ(scan_receipt(scan_frame(bytes)->body)->conversation_id, "conversation");

  frame.mutable_error()->set_code(4290);
  frame.mutable_error()->set_name("RESOURCE_EXHAUSTED");
  frame.mutable_error()->set_retry_after_ms(250);
  bytes = frame.SerializeAsString();
  EXPECT_EQ(scan_error(scan_frame(bytes)->body)->code, 4290);
  EXPECT_EQ(scan_error(scan_frame(bytes)->body)->name, "RESOURCE_EXHAUSTED");
  EXPECT_EQ(scan_error(scan_frame(bytes)->body)->retry_after_ms, 250u);

  frame.mutable_history_page()->add_messages()->set_seq(1);
  frame.mutable_history_page()->add_messages()->set_seq(2);
  frame.mutable_history_page()->set_more(true);
  bytes = frame.SerializeAsString();
  const auto page = scan_history_page(scan_frame(bytes)->body);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->messages.size(), 2u);
  EXPECT_EQ(page->messages[1].seq, 2u);
  EXPECT_TRUE(page->more);

  frame.mutable_welcome()->set_sends_per_second(500);
  bytes = frame.SerializeAsString();
  EXPECT_EQ(scan_sends_per_second(scan_frame(bytes)->body), 500u);
}

TEST(FramesTest, CutBytesAreRefused) {
  pb::Frame frame;
  frame.set_request_id(9);
  frame.mutable_accepted()->set_message_id("0123456789abcdef");
  const std::string bytes = frame.SerializeAsString();

  EXPECT_FALSE(scan_frame(std::string_view(bytes).substr(0, bytes.size() - 1)));
  EXPECT_FALSE(scan_frame("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"));
}

}  // namespace
}  // namespace flare::bench
