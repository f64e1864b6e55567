// The index of groups follows what the operations that pass say.
#include "flare/service/access_gateway/gateway_fixture.h"

namespace flare::access_gateway {
namespace {

constexpr char kRoom[] = "group:room";
using Sequences = std::vector<Sequence>;

struct GroupsTest : GatewayFixture {
  static Push message(Sequence seq) { return {.conversation = kRoom, .seq = seq}; }
  static Push created(Sequence seq, const std::vector<std::string>& names) {
    model::ConversationCreated operation;
    operation.members = users(names);
    return {.conversation = kRoom, .seq = seq, .operation = operation};
  }
  static Push added(Sequence seq, const std::vector<std::string>& names) {
    return {.conversation = kRoom, .seq = seq, .operation = model::MembersAdded{users(names)}};
  }
  static Push removed(Sequence seq, const std::vector<std::string>& names) {
    return {.conversation = kRoom, .seq = seq, .operation = model::MembersRemoved{users(names)}};
  }
  static std::vector<UserId> users(const std::vector<std::string>& names) {
    std::vector<UserId> all;
    for (const std::string& name : names) all.push_back({name});
    return all;
  }
};

TEST_F(GroupsTest, MembersAreKnownFromTheLogin) {
  reader.groups["ann"] = {{"group:other"}, {kRoom}};
  const Client& ann = log_in("ann");
  const Client& bob = log_in("bob");

  const api::DeliverReport report = deliver({message(1)});

  EXPECT_EQ(report.frames, 1u);
  EXPECT_EQ(ann.delivered(), Sequences{1});
  EXPECT_TRUE(bob.delivered().empty());
}

TEST_F(GroupsTest, ACreationReachesItsMembersAndItsCreator) {
  const Client& ann = log_in("ann");
  const Client& zoe = log_in("zoe");  // sends it

  deliver({created(1, {"ann"}), message(2)});

  EXPECT_EQ(ann.delivered(), (Sequences{1, 2}));
  EXPECT_EQ(zoe.delivered(), (Sequences{1, 2}));
}

TEST_F(GroupsTest, WhoIsAddedGetsTheAdditionAndWhatFollows) {
  const Client& phone = log_in("ann", "phone");
  const Client& tablet = log_in("ann", "tablet");

  deliver({message(1), added(2, {"ann"}), message(3)});

  EXPECT_EQ(phone.delivered(), (Sequences{2, 3}));
  EXPECT_EQ(tablet.delivered(), (Sequences{2, 3}));
}

TEST_F(GroupsTest, WhoIsRemovedGetsTheRemovalAndNothingMore) {
  reader.groups["ann"] = {{kRoom}};
  reader.groups["bob"] = {{kRoom}};
  const Client& ann = log_in("ann");
  const Client& bob = log_in("bob");

  deliver({message(1), removed(2, {"ann"}), message(3)});

  EXPECT_EQ(ann.delivered(), (Sequences{1, 2}));
  EXPECT_EQ(bob.delivered(), (Sequences{1, 2, 3}));
}

TEST_F(GroupsTest, ADeliveryRepeatedDoesNotDoubleAMember) {
  const Client& ann = log_in("ann");

  deliver({added(1, {"ann"}), added(1, {"ann"}), message(2)});

  EXPECT_EQ(ann.delivered(), (Sequences{1, 1, 2}));
}

// The groups were read before the change, and arrive after it.
TEST_F(GroupsTest, ARemovalWhileLoggingInIsNotForgotten) {
  reader.groups["ann"] = {{kRoom}, {"group:other"}};
  reader.groups_gate.shut();
  Client& ann = connect();
  say(ann, hello("acme/ann/phone"));

  deliver({removed(5, {"ann"})});
  reader.groups_gate.open();
  settle(loop);
  deliver({message(6), {.conversation = "group:other", .seq = 1}});

  EXPECT_EQ(ann.delivered(), Sequences{1});
}

TEST_F(GroupsTest, AnAdditionWhileLoggingInIsNotForgotten) {
  reader.groups_gate.shut();
  Client& ann = connect();
  say(ann, hello("acme/ann/phone"));

  deliver({added(5, {"ann"})});
  reader.groups_gate.open();
  settle(loop);
  deliver({message(6)});

  EXPECT_EQ(ann.delivered(), Sequences{6});
}

TEST_F(GroupsTest, RemovedAndAddedWhileLoggingInIsAMember) {
  reader.groups["ann"] = {{kRoom}};
  reader.groups_gate.shut();
  Client& ann = connect();
  say(ann, hello("acme/ann/phone"));

  deliver({removed(5, {"ann"}), added(6, {"ann"})});
  reader.groups_gate.open();
  settle(loop);
  deliver({message(7)});

  EXPECT_EQ(ann.delivered(), Sequences{7});
}

// Between the groups' arrival and the welcome a removal has nobody to be remembered for.
TEST_F(GroupsTest, ARemovalWhileRegisteringIsNotForgotten) {
  reader.groups["ann"] = {{kRoom}};
  online.login_gate.shut();
  Client& ann = connect();
  say(ann, hello("acme/ann/phone"));

  deliver({removed(5, {"ann"})});
  online.login_gate.open();
  settle(loop);
  deliver({message(6)});

  EXPECT_TRUE(ann.last().has_welcome());
}

TEST_F(GroupsTest, WhoLeftTheGatewayIsNotDeliveredTo) {
  reader.groups["ann"] = {{kRoom}};
  Client& ann = log_in("ann");
  const Client& tablet = log_in("ann", "tablet");
  leave(ann);

  EXPECT_EQ(deliver({message(1)}).frames, 1u);
  EXPECT_EQ(tablet.delivered(), Sequences{1});
}

TEST_F(GroupsTest, GroupsOfTwoTenantsAreTwoGroups) {
  reader.groups["ann"] = {{kRoom}};
  log_in("ann");
  Push elsewhere = message(1);
  elsewhere.tenant = "other";

  EXPECT_EQ(deliver({elsewhere}).frames, 0u);
}

}  // namespace
}  // namespace flare::access_gateway
