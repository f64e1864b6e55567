// What no honest client says. The rule: a refusal names its reason, malformed bytes close, and
// nobody else notices.
#include "e2e/story.h"
#include "kit/raw_socket.h"

namespace flare::e2e {
namespace {

class BadInput : public Story {
 protected:
  using Story::Story;

  RawSocket upgraded(const std::string& subprotocol = "flare.v1.proto") {
    RawSocket socket(flare.websocket());
    const std::string answer = socket.upgrade(subprotocol);
    if (!answer.starts_with("HTTP/1.1 101")) throw std::runtime_error("no upgrade: " + answer);
    return socket;
  }

  static RawFrame binary(const wire::Frame& frame) {
    return {.opcode = Opcode::Binary, .payload = frame.SerializeAsString()};
  }

  // The next frame of the protocol, control frames left out; an empty one when none came.
  static wire::Frame read(RawSocket& socket) {
    wire::Frame frame;
    while (const auto raw = socket.read_frame()) {
      if (raw->opcode != Opcode::Binary) continue;
      frame.ParseFromString(raw->payload);
      break;
    }
    return frame;
  }

  RawSocket logged_in(const std::string& user) {
    RawSocket socket = upgraded();
    wire::Frame hello;
    hello.set_request_id(1);
    hello.mutable_hello()->set_token(users.token(user));
    socket.write_frame(binary(hello));
    if (!read(socket).has_welcome()) throw std::runtime_error("not welcome");
    return socket;
  }

  static wire::Frame ping(uint64_t request_id) {
    wire::Frame frame;
    frame.set_request_id(request_id);
    frame.mutable_ping();
    return frame;
  }

  static testing::AssertionResult closes_with_a_reason(RawSocket& socket) {
    const auto goodbye = socket.read_to_end();
    if (!socket.closed()) return testing::AssertionFailure() << "still open";
    if (!goodbye) return testing::AssertionFailure() << "closed without a Close frame";
    if (goodbye->payload.size() <= 2)
      return testing::AssertionFailure() << "closed without a reason";
    return testing::AssertionSuccess();
  }

  static wire::Frame message_to_bob(const std::string& client_message_id, const std::string& text) {
    wire::Frame frame;
    frame.mutable_send()->set_to_user_id("bob");
    frame.mutable_send()->set_client_message_id(client_message_id);
    frame.mutable_send()->mutable_content()->set_text(text);
    return frame;
  }
};

TEST_F(BadInput, BytesThatAreNoFrameClose) {
  RawSocket socket = logged_in("ann");

  socket.write_frame({.opcode = Opcode::Binary, .payload = "\xff\xff\xff\xff not a frame"});

  EXPECT_TRUE(closes_with_a_reason(socket));
}

TEST_F(BadInput, BytesThatAreNoFrameCloseBeforeHelloToo) {
  RawSocket socket = upgraded();

  socket.write_frame({.opcode = Opcode::Binary, .payload = "\xff\xff\xff\xff not a frame"});

  EXPECT_TRUE(closes_with_a_reason(socket));
}

TEST_F(BadInput, TextThatIsNoJsonCloses) {
  RawSocket socket = upgraded("flare.v1.json");

  socket.write_frame({.opcode = Opcode::Text, .payload = "{\"hello\": "});

  EXPECT_TRUE(closes_with_a_reason(socket));
}

TEST_F(BadInput, AnUnmaskedFrameCloses) {
  RawSocket socket = upgraded();

  socket.write_frame(binary(ping(1)), false);

  EXPECT_TRUE(closes_with_a_reason(socket));
}

TEST_F(BadInput, TheFirstFrameMustBeHello) {
  RawSocket socket = upgraded();

  socket.write_frame(binary(ping(1)));

  std::string pong;
  std::optional<RawFrame> goodbye;
  while (auto raw = socket.read_frame()) {
    wire::Frame frame;
    if (raw->opcode == Opcode::Binary && frame.ParseFromString(raw->payload) && frame.has_pong()) {
      pong = "answered";
    }
    if (raw->opcode == Opcode::Close) goodbye = raw;
  }
  EXPECT_EQ(pong, "");
  EXPECT_TRUE(goodbye);
  EXPECT_TRUE(socket.closed());
}

TEST_F(BadInput, BodiesAndFieldsOfTheFutureAreIgnored) {
  RawSocket socket = logged_in("ann");
  // request_id 7, and field 999 with two bytes.
  socket.write_frame({.opcode = Opcode::Binary, .payload = std::string("\x08\x07\xba\x3e\x02hi")});
  // A Ping with a field 15 it does not have, request_id 8.
  socket.write_frame(
      {.opcode = Opcode::Binary, .payload = std::string("\x08\x08\x22\x02\x78\x01", 6)});

  wire::Frame answer = read(socket);
  if (answer.request_id() == 7) answer = read(socket);  // an error about the first one is fine

  EXPECT_EQ(answer.request_id(), 8u);
  EXPECT_TRUE(answer.has_pong());
}

TEST_F(BadInput, AFrameInPiecesIsOneFrame) {
  RawSocket socket = logged_in("ann");
  const std::string bytes = ping(5).SerializeAsString();

  socket.write_frame({.opcode = Opcode::Binary, .payload = bytes.substr(0, 1), .final = false});
  socket.write_frame({.opcode = Opcode::Ping, .payload = "between"});
  socket.write_frame({.opcode = Opcode::Continuation, .payload = bytes.substr(1)});

  const auto first = socket.read_frame();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->opcode, Opcode::Pong);
  EXPECT_EQ(first->payload, "between");
  EXPECT_TRUE(read(socket).has_pong());
}

TEST_F(BadInput, AnOversizedFrameCloses) {
  Client ann = users.connect();
  const wire::Welcome welcome = must(ann.login(users.token("ann")));
  ASSERT_GT(welcome.frame_bytes_max(), 0u);

  (void)ann.request(message_to_bob("m1", std::string(welcome.frame_bytes_max() + 1, 'x')), 5s);

  EXPECT_TRUE(ends(ann));
}

TEST_F(BadInput, OversizedContentIsRefusedAndTheConnectionGoesOn) {
  Client ann = users.connect();
  const wire::Welcome welcome = must(ann.login(users.token("ann")));
  ASSERT_GT(welcome.content_bytes_max(), 0u);
  ASSERT_GT(welcome.frame_bytes_max(), welcome.content_bytes_max());

  EXPECT_TRUE(
      refused(ann.request(message_to_bob("m1", std::string(welcome.content_bytes_max() + 1, 'x'))),
              ErrorCode::InvalidArgument));
  EXPECT_TRUE(allowed(ann.request(message_to_bob("m2", "small"))));
}

TEST_F(BadInput, WhatIsNotThereIsNotFound) {
  Client ann = users.login("ann");

  EXPECT_TRUE(refused(ann.history("group:aaaaaaaaaaaaaaaaaaaaaaaaaa"), ErrorCode::NotFound));
  EXPECT_TRUE(refused(ann.send_text(Target::conversation("group:aaaaaaaaaaaaaaaaaaaaaaaaaa"), "x"),
                      ErrorCode::NotFound));
  EXPECT_TRUE(refused(ann.members("group:aaaaaaaaaaaaaaaaaaaaaaaaaa"), ErrorCode::NotFound));
  EXPECT_TRUE(refused(ann.get_message(std::string(16, '\1')), ErrorCode::NotFound));
  EXPECT_TRUE(refused(ann.where(std::string(16, '\1')), ErrorCode::NotFound));
}

TEST_F(BadInput, ForeignConversationsAreDenied) {
  Client ann = users.login("ann");
  Client eve = users.login("eve");
  send_many(ann, Target::user("bob"), 1);

  const std::string chat = single_chat_id("ann", "bob");
  EXPECT_TRUE(refused(eve.history(chat), ErrorCode::PermissionDenied));
  EXPECT_TRUE(
      refused(eve.send_text(Target::conversation(chat), "hi"), ErrorCode::PermissionDenied));
  EXPECT_TRUE(refused(eve.read(chat, 1), ErrorCode::PermissionDenied));
}

TEST_F(BadInput, SendsThatMakeNoSense) {
  Client ann = users.login("ann");
  const auto with = [&](auto change) {
    wire::Frame frame = message_to_bob("m1", "hello");
    change(*frame.mutable_send());
    return ann.request(frame);
  };

  EXPECT_TRUE(refused(with([](wire::Send& s) { s.clear_content(); }), ErrorCode::InvalidArgument));
  EXPECT_TRUE(refused(with([](wire::Send& s) { s.mutable_content()->set_text(""); }),
                      ErrorCode::InvalidArgument));
  EXPECT_TRUE(refused(with([](wire::Send& s) { s.clear_client_message_id(); }),
                      ErrorCode::InvalidArgument));
  EXPECT_TRUE(refused(with([](wire::Send& s) { s.set_client_message_id(std::string(65, 'x')); }),
                      ErrorCode::InvalidArgument));
  EXPECT_TRUE(
      refused(with([](wire::Send& s) { s.clear_to_user_id(); }), ErrorCode::InvalidArgument));
  EXPECT_TRUE(
      refused(with([](wire::Send& s) { s.set_conversation_id(single_chat_id("ann", "bob")); }),
              ErrorCode::InvalidArgument));
  EXPECT_TRUE(refused(with([](wire::Send& s) { s.set_to_user_id("bob:eve"); }),
                      ErrorCode::InvalidArgument));
  EXPECT_TRUE(refused(
      with([](wire::Send& s) {
        s.mutable_content()->mutable_operation()->mutable_members_added()->add_user_ids("x");
      }),
      ErrorCode::InvalidArgument));
  EXPECT_TRUE(allowed(with([](wire::Send&) {})));
}

TEST_F(BadInput, RefusalsSayWhatAndWhetherToRetry) {
  Client ann = users.login("ann");
  wire::Frame frame = message_to_bob("", "hello");

  const auto answer = ann.request(frame);

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::InvalidArgument);
  EXPECT_NE(answer.error().message.find("client_message_id"), std::string::npos)
      << answer.error().message;
  EXPECT_FALSE(answer.error().retry);
}

TEST_F(BadInput, OneBadClientDisturbsNobody) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  for (int i = 0; i < 20; ++i) {
    RawSocket socket(flare.websocket());
    socket.write(std::string(1'000, static_cast<char>(i)));
  }

  must(ann.send_text(Target::user("bob"), "all fine"));

  EXPECT_EQ(message_saying(bob, "all fine").sender_id(), "ann");
}

class ShortHandshake : public BadInput {
 protected:
  ShortHandshake() : BadInput({{config::kHandshakeTimeout, "500ms"}}) {}
};

TEST_F(ShortHandshake, ClosesWhoSaysNothingAfterTheUpgrade) {
  RawSocket socket = upgraded();
  const auto start = std::chrono::steady_clock::now();

  socket.read_to_end(5s);

  EXPECT_TRUE(socket.closed());
  EXPECT_GE(std::chrono::steady_clock::now() - start, 300ms);
}

TEST_F(ShortHandshake, ClosesWhoDoesNotEvenUpgrade) {
  RawSocket socket(flare.websocket());

  while (!socket.closed() && socket.read_some(5s)) {
  }

  EXPECT_TRUE(socket.closed());
}

TEST_F(ShortHandshake, LeavesWhoIsWelcomeAlone) {
  Client ann = users.login("ann");

  EXPECT_FALSE(find_push(ann, [](const wire::Frame&) { return true; }, 1'200ms));

  EXPECT_FALSE(ann.closed());
}

}  // namespace
}  // namespace flare::e2e
