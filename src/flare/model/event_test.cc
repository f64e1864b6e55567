#include "flare/model/event.h"

#include <gtest/gtest.h>

#include "flare/log/v1/event.pb.h"

namespace flare::model {
namespace {

MessageDraft draft() {
  flare::model::v1::Content content;
  content.set_text("hello");
  return {.conversation = {"single:ann:bob"},
          .id = message_id({"t"}, {"single:ann:bob"}, {"ann"}, "1"),
          .sender = {"ann"},
          .client_message_id = "1",
          .server_time_ms = 1234,
          .content = content.SerializeAsString(),
          .metadata = {{"k", "v"}, {"empty", ""}}};
}

TEST(EventTest, AnEncodedMessageIsWhatTheSchemaSays) {
  std::string bytes = encode(draft());
  append_stored_fields(bytes, {.seq = 7, .ordinal = 6, .sender_ordinal = 3, .applied_time_ms = 9,
                               .log_partition = 2, .log_offset = 99});

  flare::model::v1::Message parsed;
  ASSERT_TRUE(parsed.ParseFromString(bytes));
  EXPECT_EQ(parsed.conversation_id(), "single:ann:bob");
  EXPECT_EQ(parsed.message_id(), draft().id.view());
  EXPECT_EQ(parsed.content().text(), "hello");
  EXPECT_EQ(parsed.metadata().at("k"), "v");
  EXPECT_EQ(parsed.seq(), 7u);
  EXPECT_EQ(parsed.log_offset(), 99u);
}

TEST(EventTest, ScanningFindsWhatWasEncoded) {
  const std::string message = encode(draft());
  const std::string event = encode_message_event(
      {"t"}, message, {.gateway = "g1", .session = 5, .orchestrator = 2, .told_seq = true}, "abc");

  Result<EventView> view = scan_event(event);

  ASSERT_TRUE(view);
  EXPECT_EQ(view->tenant, "t");
  EXPECT_EQ(view->message, message);
  EXPECT_EQ(view->origin_gateway, "g1");
  EXPECT_EQ(view->origin_session, 5u);
  EXPECT_EQ(view->orchestrator, 2u);
  EXPECT_TRUE(view->told_seq);
  flare::log::v1::Event parsed;
  ASSERT_TRUE(parsed.ParseFromString(event));
  EXPECT_EQ(parsed.origin().session_id(), 5u);
  EXPECT_EQ(parsed.trace_id(), "abc");
}

TEST(EventTest, AnEventGrowsOnItsWayAndStaysReadable) {
  const std::string message = encode(draft());
  const std::string event = encode_message_event({"t"}, message, {.gateway = "g1"}, "abc");

  const StoredEvent stored = store_event(event, {.seq = 7});
  std::string dispatch(stored.event.view());
  append_dispatch(dispatch, {"g1", "g2"}, {"bob"});

  Result<EventView> view = scan_event(dispatch);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->message, stored.message.view());
  EXPECT_EQ(scan_message(view->message)->seq, 7u);
  EXPECT_EQ(scan_message(view->message)->client_message_id, "1");
  EXPECT_EQ(view->seq, 7u);
  EXPECT_EQ(view->trace, "abc");
  EXPECT_EQ(view->gateways, (std::vector<std::string_view>{"g1", "g2"}));
  EXPECT_EQ(view->users, (std::vector<std::string_view>{"bob"}));
}

TEST(EventTest, OperationsGoBothWays) {
  const ConversationCreated created{.type = ConversationType::Channel, .title = "news",
                                    .members = {{"bob"}, {"cid"}}, .metadata = {{"a", "b"}},
                                    .business_type = "shop"};

  const std::string content = encode_content(created);

  EXPECT_EQ(content_kind(content), ContentKind::Operation);
  std::optional<Operation> operation = operation_in(content);
  ASSERT_TRUE(operation);
  const auto& back = std::get<ConversationCreated>(*operation);
  EXPECT_EQ(back.title, "news");
  EXPECT_EQ(back.members.size(), 2u);
  EXPECT_EQ(back.metadata.at("a"), "b");
  flare::model::v1::Content parsed;
  ASSERT_TRUE(parsed.ParseFromString(content));
  EXPECT_EQ(parsed.operation().conversation_created().member_ids(1), "cid");
}

TEST(EventTest, GarbageIsDataLossNotAView) {
  EXPECT_EQ(scan_event("\xff\xff").error().code, ErrorCode::DataLoss);
  EXPECT_EQ(scan_event("").error().code, ErrorCode::DataLoss);
  EXPECT_EQ(scan_message(std::string("\x0a\x7f", 2)).error().code, ErrorCode::DataLoss);
  EXPECT_EQ(content_kind("\x0a\xff"), ContentKind::None);
}

TEST(RowsTest, RowsGoBothWays) {
  Member member{.user = {"ann"}, .role = MemberRole::Admin, .join_seq = 3, .joined_ms = 4,
                .read_seq = 5, .read_ms = 6, .read_ordinal = 7, .read_sent_ordinal = 8,
                .sent_ordinal = 9, .last_sent_seq = 10};
  Result<Member> back = decode_member(encode(member));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->last_sent_seq, 10u);
  EXPECT_EQ(back->role, MemberRole::Admin);
  EXPECT_EQ(back->read_sent_ordinal, 8u);
}

TEST(UnreadTest, CountsOthersMessagesAfterTheCursor) {
  const Head head{.last_seq = 12, .ordinal = 10, .last_time_ms = 0};
  Member member;
  member.read_ordinal = 4;
  member.sent_ordinal = 5;
  member.read_sent_ordinal = 3;
  EXPECT_EQ(unread(head, member), 4u);  // six after the cursor, two of them one's own
}

}  // namespace
}  // namespace flare::model
