#include "flare/service/access_gateway/gateway_fixture.h"

namespace flare::access_gateway {
namespace {

using namespace std::chrono_literals;

struct RequestsTest : GatewayFixture {};

TEST_F(RequestsTest, ASendIsAnsweredWithItsReceipt) {
  Client& ann = log_in("ann");

  say(ann, send_to("bob", 7));

  const Frame answer = ann.last();
  EXPECT_EQ(answer.request_id(), 7u);
  EXPECT_EQ(answer.persisted().conversation_id(), "single:ann:bob");
  EXPECT_EQ(answer.persisted().seq(), 1u);
  ASSERT_EQ(orchestrator.sends.size(), 1u);
  EXPECT_EQ(orchestrator.sends[0].sender.text, "ann");
  EXPECT_EQ(orchestrator.sends[0].origin.gateway, "g1");
  EXPECT_EQ(orchestrator.sends[0].origin.session, ann.handle);
  EXPECT_EQ(model::content_text(orchestrator.sends[0].content), "hello");
}

TEST_F(RequestsTest, ASendWhoseSeqIsNotKnownIsAnsweredAccepted) {
  orchestrator.knows_seq = false;
  Client& ann = log_in("ann");

  say(ann, send_to("bob"));

  EXPECT_TRUE(ann.last().has_accepted());
  EXPECT_EQ(ann.last().accepted().message_id().size(), 16u);
}

TEST_F(RequestsTest, ASendNeedsExactlyOneTarget) {
  Client& ann = log_in("ann");
  Frame both = send_to("bob");
  both.mutable_send()->set_conversation_id("group:room");

  for (const Frame& frame : {both, send_to(""), send_to("no name")}) {
    say(ann, frame);
    EXPECT_EQ(ann.last().error().name(), "INVALID_ARGUMENT");
  }

  EXPECT_TRUE(orchestrator.sends.empty());
  EXPECT_EQ(metrics.in_flight.value(), 0);
}

TEST_F(RequestsTest, AnErrorNamesItsCodeAndWhetherARetryHelps) {
  orchestrator.failure = Error{ErrorCode::ResourceExhausted, "the log is full", 250};
  Client& ann = log_in("ann");

  say(ann, send_to("bob", 9));

  EXPECT_EQ(ann.last().request_id(), 9u);
  EXPECT_EQ(ann.last().error().code(), client_code(ErrorCode::ResourceExhausted));
  EXPECT_EQ(ann.last().error().name(), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(ann.last().error().message(), "the log is full");
  EXPECT_TRUE(ann.last().error().retry());
  EXPECT_EQ(ann.last().error().retry_after_ms(), 250u);
}

TEST_F(RequestsTest, ARequestWithoutAnIdIsRefused) {
  Client& ann = log_in("ann");

  say(ann, send_to("bob", 0));

  EXPECT_EQ(ann.last().error().message(), "request_id must not be 0");
}

TEST_F(RequestsTest, APingIsAnsweredAtOnce) {
  Client& ann = log_in("ann");

  say(ann, ping(5));

  EXPECT_EQ(ann.last().request_id(), 5u);
  EXPECT_EQ(ann.last().pong().server_time_ms(), clock.wall_ms());
}

TEST_F(RequestsTest, AnUnknownBodyIsIgnored) {
  Client& ann = log_in("ann");
  const size_t before = ann.connection.written.size();

  say(ann, std::string("\x08\x05\xba\x3e\x01x"));  // request_id 5, a body of a later version

  EXPECT_EQ(ann.connection.written.size(), before);
  EXPECT_FALSE(ann.connection.close_code);
}

TEST_F(RequestsTest, AFrameOnlyServersSendIsRefused) {
  Client& ann = log_in("ann");
  Frame frame;
  frame.set_request_id(3);
  frame.mutable_deliver();

  say(ann, frame);

  EXPECT_EQ(ann.last().error().name(), "INVALID_ARGUMENT");
}

TEST_F(RequestsTest, AnAnswerForAConnectionThatHasGoneFindsNobody) {
  Client& ann = log_in("ann");
  orchestrator.gate.shut();
  say(ann, send_to("bob"));
  leave(ann);
  Client& bob = log_in("bob");  // takes the place in the table
  const size_t before = bob.connection.written.size();

  orchestrator.gate.open();
  settle(loop);

  EXPECT_EQ(bob.connection.written.size(), before);
  EXPECT_EQ(metrics.in_flight.value(), 0);
}

TEST_F(RequestsTest, LogoutIsAnsweredAndThenCloses) {
  Client& ann = log_in("ann");
  Frame frame;
  frame.set_request_id(4);
  frame.mutable_logout();

  say(ann, frame);

  EXPECT_TRUE(ann.last().has_done());
  EXPECT_EQ(ann.connection.close_code, api::CloseCode::Normal);
}

TEST_F(RequestsTest, AGroupIsCreatedForItsCreator) {
  Client& ann = log_in("ann");
  Frame frame;
  frame.set_request_id(3);
  frame.mutable_create_conversation()->set_client_operation_id("c1");
  frame.mutable_create_conversation()->set_title("team");
  frame.mutable_create_conversation()->add_member_ids("bob");

  say(ann, frame);

  EXPECT_TRUE(ann.last().conversation_changed().conversation_id().starts_with("group:"));
  EXPECT_EQ(ann.last().conversation_changed().seq(), 1u);
  ASSERT_EQ(orchestrator.operations.size(), 1u);
  EXPECT_EQ(orchestrator.operations[0].actor.text, "ann");
  const auto& created = std::get<model::ConversationCreated>(orchestrator.operations[0].operation);
  EXPECT_EQ(created.type, model::ConversationType::Group);
  EXPECT_EQ(created.title, "team");
}

TEST_F(RequestsTest, ReadingIsAnsweredFromTheReaderForTheUserWhoAsks) {
  reader.page.messages = {Bytes::copy("\x0a\x01g\xa0\x01\x05")};  // a message with seq 5
  reader.page.more = true;
  Client& ann = log_in("ann");
  Frame frame;
  frame.set_request_id(3);
  frame.mutable_history()->set_conversation_id("group:room");
  frame.mutable_history()->set_from_seq(5);

  say(ann, frame);

  ASSERT_EQ(ann.last().history_page().messages_size(), 1);
  EXPECT_EQ(ann.last().history_page().messages(0).seq(), 5u);
  EXPECT_TRUE(ann.last().history_page().more());
  EXPECT_EQ(reader.histories.at(0).user.text, "ann");
  EXPECT_EQ(reader.histories.at(0).from_seq, 5u);
}

TEST_F(RequestsTest, AMessageIdIsSixteenBytes) {
  Client& ann = log_in("ann");
  Frame frame;
  frame.set_request_id(3);
  frame.mutable_get_message()->set_message_id("short");

  say(ann, frame);

  EXPECT_EQ(ann.last().error().message(), "message_id must be 16 bytes");
}

TEST_F(RequestsTest, PresenceIsAskedForALimitedNumberOfUsers) {
  log_in("bob");
  Client& ann = log_in("ann");
  Frame frame;
  frame.set_request_id(3);
  frame.mutable_query_presence()->add_user_ids("bob");
  say(ann, frame);
  ASSERT_EQ(ann.last().presence_result().users_size(), 1);
  EXPECT_TRUE(ann.last().presence_result().users(0).online());

  for (uint32_t i = 0; i < config.presence_users_max; ++i) {
    frame.mutable_query_presence()->add_user_ids("x");
  }
  say(ann, frame);

  EXPECT_EQ(ann.last().error().name(), "INVALID_ARGUMENT");
}

struct LimitsTest : GatewayFixture {
  static Config small() {
    Config config;
    config.sends_per_second = 10;
    config.sends_burst = 3;
    config.requests_in_flight_max = 4;
    return config;
  }
  LimitsTest() : GatewayFixture(small()) {}

  static size_t errors(const Client& client) {
    size_t count = 0;
    for (const Frame& frame : client.frames()) count += frame.has_error();
    return count;
  }
};

TEST_F(LimitsTest, SendsAboveTheBurstAreToldWhenToTryAgain) {
  Client& ann = log_in("ann");
  for (uint64_t i = 1; i <= 3; ++i) say(ann, send_to("bob", i));
  EXPECT_EQ(errors(ann), 0u);

  say(ann, send_to("bob", 4));

  EXPECT_EQ(ann.last().error().name(), "RESOURCE_EXHAUSTED");
  const uint32_t wait_ms = ann.last().error().retry_after_ms();
  EXPECT_GE(wait_ms, 100u);
  EXPECT_LE(wait_ms, 102u);
  clock.advance(std::chrono::milliseconds(wait_ms));
  say(ann, send_to("bob", 5));
  EXPECT_TRUE(ann.last().has_persisted());
}

TEST_F(LimitsTest, APauseEarnsABurstAndNoMore) {
  Client& ann = log_in("ann");
  clock.advance(1h);

  for (uint64_t i = 1; i <= 5; ++i) say(ann, send_to("bob", i));

  EXPECT_EQ(errors(ann), 2u);
}

TEST_F(LimitsTest, ReadingIsNotCountedAsSending) {
  Client& ann = log_in("ann");
  Frame frame;
  frame.set_request_id(1);
  frame.mutable_sync();

  for (int i = 0; i < 20; ++i) say(ann, frame);

  EXPECT_EQ(errors(ann), 0u);
}

TEST_F(LimitsTest, OnlySoManyRequestsAreInFlight) {
  Client& ann = log_in("ann");
  orchestrator.gate.shut();
  Frame read;
  read.mutable_read()->set_conversation_id("single:ann:bob");
  read.mutable_read()->set_seq(1);
  for (uint64_t i = 1; i <= 4; ++i) {
    clock.advance(1s);
    read.set_request_id(i);
    say(ann, read);
  }
  EXPECT_EQ(errors(ann), 0u);

  say(ann, send_to("bob", 5));
  EXPECT_EQ(ann.last().request_id(), 5u);
  EXPECT_NE(ann.last().error().message().find("requests_in_flight_max"), std::string::npos);

  orchestrator.gate.open();
  settle(loop);
  say(ann, send_to("bob", 6));
  EXPECT_TRUE(ann.last().has_persisted());
}

struct JsonTest : GatewayFixture {};

TEST_F(JsonTest, AClientThatSpeaksJsonIsAnsweredInJson) {
  Client& ann = log_in("ann", "phone", api::FrameFormat::Json);

  say(ann, std::string(R"({"requestId":"7","send":{"toUserId":"bob","clientMessageId":"1",)"
                       R"("content":{"text":"hello"}}})"));

  EXPECT_TRUE(ann.connection.written.back().starts_with(R"({"requestId":"7","persisted":{)"));
  EXPECT_EQ(model::content_text(orchestrator.sends.at(0).content), "hello");
}

TEST_F(JsonTest, UnknownFieldsAreIgnored) {
  Client& ann = log_in("ann", "phone", api::FrameFormat::Json);

  say(ann, std::string(R"({"requestId":"7","ping":{"later":1},"alsoLater":{}})"));

  EXPECT_TRUE(ann.last().has_pong());
}

TEST_F(JsonTest, WhatIsNoJsonCloses) {
  Client& ann = log_in("ann", "phone", api::FrameFormat::Json);

  say(ann, std::string("{\"ping\":"));

  EXPECT_EQ(ann.connection.close_code, api::CloseCode::Malformed);
}

}  // namespace
}  // namespace flare::access_gateway
