// A judge that finds nothing proves nothing: here it is shown what it has to find.
#include "sim/judge.h"

#include <gtest/gtest.h>

namespace flare::sim {
namespace {

constexpr char kChat[] = "single:ann:bob";

Found message(Sequence seq, const std::string& client_id) {
  return {.id = model::message_id({"acme"}, {kChat}, {"ann"}, client_id),
          .seq = seq,
          .sender = "ann",
          .client_message_id = client_id};
}

Promise told(Sequence seq, const std::string& client_id) {
  const Found found = message(seq, client_id);
  return {kChat, client_id, found.id, seq};
}

using Words = std::vector<std::string>;

TEST(Judge, FindsNothingWhereEverythingIsKept) {
  const Story story = {{kChat, {message(1, "ann/1"), message(2, "ann/2")}}};

  EXPECT_EQ(broken_promises(story, {told(1, "ann/1"), told(2, "ann/2")}), Words{});
  EXPECT_EQ(unannounced(story, story), Words{});
}

TEST(Judge, FindsWhatIsLost) {
  const Story story = {{kChat, {message(1, "ann/1")}}};

  EXPECT_EQ(broken_promises(story, {told(2, "ann/2")}), Words{"single:ann:bob ann/2: lost"});
}

TEST(Judge, FindsWhatIsDoubled) {
  const Story story = {{kChat, {message(1, "ann/1"), message(2, "ann/1")}}};

  EXPECT_EQ(broken_promises(story, {}), Words{"single:ann:bob 2 (ann/1): is there as 1 too"});
}

TEST(Judge, FindsWhatHasMoved) {
  const Story story = {{kChat, {message(1, "ann/1")}}};

  EXPECT_EQ(broken_promises(story, {told(3, "ann/1")}),
            Words{"single:ann:bob ann/1: is 1, was told 3"});
}

TEST(Judge, FindsAHole) {
  const Story story = {{kChat, {message(1, "ann/1"), message(3, "ann/2")}}};

  EXPECT_EQ(broken_promises(story, {}), Words{"single:ann:bob 3 (ann/2): expected seq 2"});
}

TEST(Judge, FindsWhoWasOvertaken) {
  const Story story = {{kChat, {message(1, "ann/2"), message(2, "ann/1")}}};

  EXPECT_EQ(broken_promises(story, {}), Words{"single:ann:bob 2 (ann/1): overtaken"});
}

TEST(Judge, FindsWhatWasNotAnnounced) {
  const Story story = {{kChat, {message(1, "ann/1"), message(2, "ann/2")}}};
  const Story announced = {{kChat, {message(3, "ann/2")}}};

  EXPECT_EQ(unannounced(story, announced), (Words{"single:ann:bob 1 (ann/1): never announced",
                                                  "single:ann:bob 2 (ann/2): announced as 3"}));
}

}  // namespace
}  // namespace flare::sim
