// The client against a server that follows a script.
#include <gtest/gtest.h>

#include "fake_server.h"
#include "flare/sdk/client.h"

namespace flare::sdk {
namespace {

using namespace std::chrono_literals;

ConnectOptions to(const FakeServer& server) {
  ConnectOptions options;
  options.url = server.url();
  return options;
}

wire::Frame push_saying(const std::string& text) {
  wire::Frame frame;
  frame.mutable_deliver()->mutable_message()->mutable_content()->set_text(text);
  return frame;
}

wire::Frame accepted(uint64_t request_id, const std::string& message_id) {
  wire::Frame frame;
  frame.set_request_id(request_id);
  frame.mutable_accepted()->set_message_id(message_id);
  return frame;
}

std::string text_of(const Result<std::optional<wire::Frame>>& push) {
  if (!push || !*push) return "(none)";
  return (*push)->deliver().message().content().text();
}

TEST(ClientTest, SendsAndReadsTheAnswer) {
  wire::Frame seen;
  FakeServer server([&](kit::RawSocket& socket) {
    seen = receive(socket);
    reply(socket, accepted(seen.request_id(), "id"));
    say_goodbye(socket);
  });
  Result<Client> client = Client::connect(to(server));
  ASSERT_TRUE(client) << describe(client.error());

  const Result<SendReceipt> receipt = client->send_text(Target::user("bob"), "hello");

  ASSERT_TRUE(receipt) << describe(receipt.error());
  EXPECT_EQ(receipt->message_id, "id");
  EXPECT_EQ(receipt->seq, 0u);
  EXPECT_EQ(seen.send().to_user_id(), "bob");
  EXPECT_EQ(seen.send().client_message_id(), receipt->client_message_id);
  EXPECT_NE(seen.request_id(), 0u);
  client->close();
}

TEST(ClientTest, PushesWaitInOrderWhileARequestIsAnswered) {
  FakeServer server([](kit::RawSocket& socket) {
    const wire::Frame frame = receive(socket);
    reply(socket, push_saying("one"));
    reply(socket, push_saying("two"));
    reply(socket, accepted(frame.request_id(), "id"));
    say_goodbye(socket);
  });
  Result<Client> client = Client::connect(to(server));
  ASSERT_TRUE(client);

  ASSERT_TRUE(client->send_text(Target::user("bob"), "hello"));

  EXPECT_EQ(text_of(client->next_push(1s)), "one");
  EXPECT_EQ(text_of(client->next_push(1s)), "two");
  EXPECT_EQ(text_of(client->next_push(10ms)), "(none)");
  client->close();
}

TEST(ClientTest, AnswersFindTheirRequestsInAnyOrder) {
  FakeServer server([](kit::RawSocket& socket) {
    const wire::Frame first = receive(socket);
    const wire::Frame second = receive(socket);
    reply(socket, accepted(second.request_id(), "second"));
    reply(socket, accepted(first.request_id(), "first"));
    say_goodbye(socket);
  });
  Result<Client> client = Client::connect(to(server));
  ASSERT_TRUE(client);
  wire::Frame frame;
  frame.mutable_send();

  const Result<uint64_t> first = client->start(frame);
  const Result<uint64_t> second = client->start(frame);
  ASSERT_TRUE(first && second);

  EXPECT_EQ(client->finish(*first)->accepted().message_id(), "first");
  EXPECT_EQ(client->finish(*second)->accepted().message_id(), "second");
  client->close();
}

TEST(ClientTest, AnErrorFrameIsARefusalAndTheConnectionGoesOn) {
  FakeServer server([](kit::RawSocket& socket) {
    const wire::Frame frame = receive(socket);
    wire::Frame answer;
    answer.set_request_id(frame.request_id());
    answer.mutable_error()->set_code(4290);
    answer.mutable_error()->set_message("sends_per_second");
    answer.mutable_error()->set_retry(true);
    answer.mutable_error()->set_retry_after_ms(70);
    reply(socket, answer);
    reply(socket, accepted(receive(socket).request_id(), "id"));
    say_goodbye(socket);
  });
  Result<Client> client = Client::connect(to(server));
  ASSERT_TRUE(client);

  const Result<SendReceipt> refused = client->send_text(Target::user("bob"), "hello");
  const Result<SendReceipt> again = client->send_text(Target::user("bob"), "hello");

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().failure, Failure::Refused);
  EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted);
  EXPECT_TRUE(refused.error().retry);
  EXPECT_EQ(refused.error().retry_after, 70ms);
  EXPECT_EQ(describe(refused.error()), "RESOURCE_EXHAUSTED: sends_per_second");
  EXPECT_TRUE(again);
  client->close();
}

TEST(ClientTest, ALateAnswerIsDropped) {
  FakeServer server([](kit::RawSocket& socket) {
    const wire::Frame late = receive(socket);
    const wire::Frame next = receive(socket);
    reply(socket, accepted(late.request_id(), "late"));
    reply(socket, accepted(next.request_id(), "next"));
    say_goodbye(socket);
  });
  Result<Client> client = Client::connect(to(server));
  ASSERT_TRUE(client);
  wire::Frame frame;
  frame.mutable_send();

  const Result<wire::Frame> late = client->request(frame, 30ms);
  const Result<wire::Frame> next = client->request(frame);

  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().failure, Failure::TimedOut);
  ASSERT_TRUE(next) << describe(next.error());
  EXPECT_EQ(next->accepted().message_id(), "next");
  client->close();
}

TEST(ClientTest, TellsWhyTheServerClosedAfterTheLastPush) {
  FakeServer server([](kit::RawSocket& socket) {
    reply(socket, push_saying("last"));
    socket.write_frame(
        {.opcode = kit::Opcode::Close, .payload = std::string("\x03\xf0") + "no hello"}, false);
    say_goodbye(socket);
  });
  Result<Client> client = Client::connect(to(server));
  ASSERT_TRUE(client);

  EXPECT_EQ(text_of(client->next_push(1s)), "last");
  const auto after = client->next_push(1s);

  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().failure, Failure::Closed);
  EXPECT_EQ(describe(after.error()), "connection closed: code 1008 no hello");
  EXPECT_TRUE(client->closed());
  EXPECT_FALSE(client->send_text(Target::user("bob"), "hello"));
}

TEST(ClientTest, HeartbeatsWhileItWaits) {
  wire::Frame beat;
  FakeServer server([&](kit::RawSocket& socket) {
    wire::Frame welcome;
    welcome.set_request_id(receive(socket).request_id());
    welcome.mutable_welcome()->set_heartbeat_ms(40);
    reply(socket, welcome);
    beat = receive(socket);
    reply(socket, push_saying("done"));
    say_goodbye(socket);
  });
  Result<Client> client = Client::connect(to(server));
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->login("token"));

  EXPECT_EQ(text_of(client->next_push(5s)), "done");

  EXPECT_TRUE(beat.has_ping());
  client->close();
}

TEST(ClientTest, WakeEndsTheWait) {
  FakeServer server([](kit::RawSocket& socket) { say_goodbye(socket); });
  Result<Client> client = Client::connect(to(server));
  ASSERT_TRUE(client);
  std::jthread other([&] { client->wake(); });

  const auto start = std::chrono::steady_clock::now();
  const auto push = client->next_push(10s);

  ASSERT_TRUE(push);
  EXPECT_FALSE(push->has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  other.join();
  client->close();
}

TEST(ClientTest, SpeaksJsonAndIgnoresWhatItDoesNotKnow) {
  std::string sent;
  FakeServer server([&](kit::RawSocket& socket) {
    sent = socket.read_frame().value_or(kit::RawFrame{}).payload;
    socket.write_frame({.opcode = kit::Opcode::Text,
                        .payload = R"({"requestId":"1","welcome":{"userId":"ann"},"new":1})"},
                       false);
    say_goodbye(socket);
  });
  ConnectOptions options = to(server);
  options.encoding = Encoding::Json;
  Result<Client> client = Client::connect(options);
  ASSERT_TRUE(client) << describe(client.error());

  const Result<wire::Welcome> welcome = client->login("secret");

  ASSERT_TRUE(welcome) << describe(welcome.error());
  EXPECT_EQ(welcome->user_id(), "ann");
  EXPECT_NE(sent.find("\"token\":\"secret\""), std::string::npos) << sent;
  client->close();
}

TEST(ClientTest, NobodyListensIsCannotConnect) {
  ConnectOptions options;
  options.url = "ws://127.0.0.1:1/ws";

  const Result<Client> client = Client::connect(options);

  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().failure, Failure::CannotConnect);
}

TEST(ClientTest, ARefusedUpgradeNamesTheStatus) {
  FakeServer server([](kit::RawSocket&) {},
                    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");

  const Result<Client> client = Client::connect(to(server));

  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().failure, Failure::CannotConnect);
  EXPECT_NE(client.error().message.find("HTTP 503"), std::string::npos) << client.error().message;
}

TEST(ClientTest, ASilentServerIsATimeout) {
  FakeServer server([](kit::RawSocket& socket) { say_goodbye(socket); }, " ");
  ConnectOptions options = to(server);
  options.connect_timeout = 50ms;

  const Result<Client> client = Client::connect(options);

  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().failure, Failure::TimedOut);
}

}  // namespace
}  // namespace flare::sdk
