#include "flare/service/message_orchestrator/orchestrator_fixture.h"

namespace flare::message_orchestrator {
namespace {

using model::ConversationCreated;
using model::ConversationRenamed;
using model::MembersAdded;
using model::MembersRemoved;

constexpr char kRoom[] = "group:room";

// In the room: ann owns, adam administrates, bob is a member, rita reads.
struct OperateTest : OrchestratorFixture {
  static Config small() {
    Config config;
    config.members_max = 6;
    config.members_per_operation_max = 3;
    config.title_bytes_max = 10;
    return config;
  }
  OperateTest() : OrchestratorFixture(small()) {
    open(kRoom, {{"ann", model::MemberRole::Owner},
                 {"adam", model::MemberRole::Admin},
                 {"bob", model::MemberRole::Member},
                 {"rita", model::MemberRole::Reader}});
  }
  static std::vector<UserId> users(const std::vector<std::string>& names) {
    std::vector<UserId> all;
    for (const std::string& name : names) all.push_back({name});
    return all;
  }
};

TEST_F(OperateTest, TheReceiptComesWithTheSeq) {
  const Result<api::OperateReceipt> receipt = operate("ann", kRoom, ConversationRenamed{"new"});

  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->conversation.text, kRoom);
  EXPECT_EQ(receipt->seq, 1u);
  EXPECT_EQ(message(0).message_id, receipt->id.view());
  EXPECT_FALSE(event(0).told_seq);
}

TEST_F(OperateTest, ARetriedCreationIsTheSameConversation) {
  const ConversationCreated created{.title = "team", .members = users({"bob", "ann", "bob"})};
  const auto first = operate("ann", "", created, "c1");
  const auto again = operate("ann", "", created, "c1");
  const auto other = operate("ann", "", created, "c2");

  EXPECT_TRUE(first->conversation.text.starts_with("group:"));
  EXPECT_EQ(first->conversation, again->conversation);
  EXPECT_EQ(first->id, again->id);
  EXPECT_NE(first->conversation, other->conversation);
  const auto operation = model::operation_in(message(0).content);
  EXPECT_EQ(std::get<ConversationCreated>(*operation).members, users({"ann", "bob"}));
}

struct Right {
  std::string actor;
  bool may_add;
  bool may_remove_others;
  bool may_leave;
  bool may_rename;
};

TEST_F(OperateTest, WhoMayDoWhat) {
  const std::vector<Right> rights = {
      {"ann", true, true, true, true},     {"adam", true, true, true, true},
      {"bob", false, false, true, false},  {"rita", false, false, true, false},
      {"eve", false, false, false, false},
  };
  int id = 0;
  for (const Right& right : rights) {
    SCOPED_TRACE(right.actor);
    const auto may = [&](model::Operation operation) {
      const auto done = operate(right.actor, kRoom, std::move(operation), std::to_string(++id));
      if (!done) EXPECT_EQ(done.error().code, ErrorCode::PermissionDenied);
      return done.has_value();
    };
    EXPECT_EQ(may(MembersAdded{users({"zoe"})}), right.may_add);
    EXPECT_EQ(may(MembersRemoved{users({"ann", "bob"})}), right.may_remove_others);
    EXPECT_EQ(may(MembersRemoved{users({right.actor})}), right.may_leave);
    EXPECT_EQ(may(ConversationRenamed{"new"}), right.may_rename);
  }
}

TEST_F(OperateTest, ASingleChatIsNotOperatedOn) {
  EXPECT_TRUE(refused(operate("ann", "single:ann:bob", MembersAdded{users({"eve"})}),
                      ErrorCode::InvalidArgument, "single chat"));
  EXPECT_TRUE(
      refused(operate("ann", "", ConversationCreated{.type = model::ConversationType::Single}),
              ErrorCode::InvalidArgument, "type"));
}

TEST_F(OperateTest, AnUnknownConversationIsNotFound) {
  EXPECT_TRUE(refused(operate("ann", "group:none", ConversationRenamed{"x"}), ErrorCode::NotFound,
                      "group:none"));
}

TEST_F(OperateTest, AConversationMayBecomeAsLargeAsTheLimit) {
  EXPECT_TRUE(operate("ann", kRoom, MembersAdded{users({"a", "b"})}));
}

TEST_F(OperateTest, TooManyMembersAreRefusedWithTheLimit) {
  EXPECT_TRUE(refused(operate("ann", kRoom, MembersAdded{users({"a", "b", "c"})}),
                      ErrorCode::ResourceExhausted, "6 members (members_max)"));
  EXPECT_TRUE(
      refused(operate("ann", "", ConversationCreated{.members = users({"a", "b", "c", "d"})}),
              ErrorCode::InvalidArgument, "member_ids has more than 3"));
  EXPECT_TRUE(refused(operate("ann", kRoom, MembersRemoved{users({"a", "b", "c", "d"})}),
                      ErrorCode::InvalidArgument, "members_per_operation_max"));
}

TEST_F(OperateTest, FieldsAreNamedWhenTheyAreWrong) {
  EXPECT_TRUE(refused(operate("ann", kRoom, ConversationRenamed{"longer than ten"}),
                      ErrorCode::InvalidArgument, "10 bytes (title_bytes_max)"));
  EXPECT_TRUE(
      refused(operate("ann", kRoom, MembersAdded{}), ErrorCode::InvalidArgument, "user_ids"));
  EXPECT_TRUE(refused(operate("ann", kRoom, MembersAdded{users({"no name"})}),
                      ErrorCode::InvalidArgument, "user_ids"));
  EXPECT_TRUE(refused(operate("ann", "", ConversationCreated{.members = users({""})}),
                      ErrorCode::InvalidArgument, "member_ids"));
  EXPECT_TRUE(refused(operate("ann", kRoom, ConversationRenamed{"x"}, ""),
                      ErrorCode::InvalidArgument, "client_operation_id"));
}

struct ReadTest : OrchestratorFixture {};

TEST_F(ReadTest, AReadMarkIsLogged) {
  ASSERT_TRUE(read(kRoom, "bob", 7));

  const model::ReadMark mark = model::decode_read_mark(event(0).read).value();
  EXPECT_EQ(mark.conversation.text, kRoom);
  EXPECT_EQ(mark.user.text, "bob");
  EXPECT_EQ(mark.seq, 7u);
  EXPECT_EQ(mark.server_time_ms, clock.wall_ms());
}

TEST_F(ReadTest, OnlyMembersReadAndOnlyWhatCanBe) {
  EXPECT_TRUE(refused(read(kRoom, "eve", 1), ErrorCode::PermissionDenied, "not a member"));
  EXPECT_TRUE(refused(read("group:none", "ann", 1), ErrorCode::NotFound, "group:none"));
  EXPECT_TRUE(refused(read(kRoom, "bob", 0), ErrorCode::InvalidArgument, "seq"));
}

TEST_F(ReadTest, ARefusalByTheLogPassesThrough) {
  wal.failures.push_back({ErrorCode::ResourceExhausted, "the log is full"});

  EXPECT_TRUE(refused(read(kRoom, "bob", 1), ErrorCode::ResourceExhausted, "full"));
}

}  // namespace
}  // namespace flare::message_orchestrator
