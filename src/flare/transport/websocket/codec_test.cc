#include "flare/transport/websocket/codec.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "flare/transport/websocket/raw_client.h"
#include "flare/transport/websocket/utf8.h"

namespace flare::websocket {
namespace {

constexpr size_t kLimit = 70'000;

// An event with its bytes, as text that failures can be read from: "message binary 5 hello".
std::string described(const Event& event) {
  switch (event.kind) {
    case EventKind::NeedMore:
      return "more";
    case EventKind::Message:
      return (event.text ? "text " : "binary ") + std::string(event.payload);
    case EventKind::Ping:
      return "ping " + std::string(event.payload);
    case EventKind::Pong:
      return "pong " + std::string(event.payload);
    case EventKind::Close:
      return "close " + std::to_string(event.code) + " " + std::string(event.payload);
    case EventKind::Broken:
      return "broken " + std::to_string(event.code) + " " + std::string(event.payload);
  }
  return "?";
}

// All events of `bytes`, given in pieces of `piece` bytes.
std::vector<std::string> events_of(std::string bytes, size_t piece, size_t limit = kLimit) {
  Decoder decoder;
  std::vector<std::string> events;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    // A copy of its own, so that a sanitizer sees a step beyond its end.
    std::string part = bytes.substr(at, piece);
    std::span<char> input = part;
    for (;;) {
      const Event event = decoder.next(input, limit);
      if (event.kind == EventKind::NeedMore) break;
      events.push_back(described(event));
      if (event.kind == EventKind::Broken) return events;
    }
    EXPECT_TRUE(input.empty());
  }
  return events;
}

std::vector<std::string> events_of(const std::string& bytes) {
  return events_of(bytes, bytes.size());
}

using Events = std::vector<std::string>;

TEST(CodecTest, MessagesOfAllLengthsComeOutAsTheyWentIn) {
  for (const size_t size :
       std::vector<size_t>{0, 1, 7, 8, 9, 125, 126, 127, 65'535, 65'536, 70'000}) {
    std::string payload(size, '\0');
    for (size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 7 + 3);

    EXPECT_EQ(events_of(client_frame(0x82, payload)), Events{"binary " + payload}) << size;
  }
}

TEST(CodecTest, FragmentsMakeOneMessageAndControlFramesStandBetween) {
  const std::string bytes = client_frame(0x01, "one ") + client_frame(0x89, "p") +
                            client_frame(0x00, "") + client_frame(0x8A, "q") +
                            client_frame(0x80, "two") + client_frame(0x82, "next");

  EXPECT_EQ(events_of(bytes), (Events{"ping p", "pong q", "text one two", "binary next"}));
}

TEST(CodecTest, PiecesOfAnySizeGiveTheSameEvents) {
  const std::string bytes = client_frame(0x82, std::string(200, 'a')) + client_frame(0x89, "ping") +
                            client_frame(0x01, "\xC3") + client_frame(0x80, "\xA4") +
                            client_frame(0x82, "") + client_frame(0x02, std::string(66'000, 'b')) +
                            client_frame(0x80, std::string(100, 'c')) +
                            client_frame(0x88,
                                         "\x03\xE9"
                                         "going");
  const Events whole = events_of(bytes);
  ASSERT_EQ(whole.size(), 6u);

  for (const size_t piece : {1uz, 2uz, 3uz, 5uz, 13uz, 14uz, 127uz, 4096uz}) {
    EXPECT_EQ(events_of(bytes, piece), whole) << piece;
  }
}

TEST(CodecTest, NothingIsHeldOnceAllIsWhole) {
  Decoder decoder;
  std::string bytes = client_frame(0x02, "a") + client_frame(0x80, "b") + client_frame(0x82, "c");
  for (char& byte : bytes) {
    std::span<char> input(&byte, 1);
    while (decoder.next(input, kLimit).kind != EventKind::NeedMore) {
    }
  }

  EXPECT_TRUE(decoder.idle());
}

TEST(CodecTest, MasksWorkAtAllLengthsAndAlignments) {
  std::mt19937 random(1);
  for (size_t offset = 0; offset < 16; ++offset) {
    for (size_t size = 0; size < 40; ++size) {
      std::string buffer(offset + size, '\0');
      std::string expected(size, '\0');
      std::string mask(4, '\0');
      for (char& byte : mask) byte = static_cast<char>(random());
      for (size_t i = 0; i < size; ++i) {
        buffer[offset + i] = static_cast<char>(random());
        expected[i] = static_cast<char>(buffer[offset + i] ^ mask[i % 4]);
      }

      apply_mask(std::span(buffer).subspan(offset), mask.data());

      EXPECT_EQ(buffer.substr(offset), expected) << offset << " " << size;
    }
  }
}

TEST(CodecTest, EveryBreachOfTheProtocolIsNamed) {
  const auto raw = [](std::string_view bytes) { return std::string(bytes); };
  using namespace std::string_view_literals;
  struct Row {
    std::string bytes;
    std::string expected;
  };
  const Row rows[] = {
      {raw("\x82\x01x"sv), "broken 1002 client frame is not masked"},
      {client_frame(0xC2, "x"), "broken 1002 reserved bits are set"},
      {client_frame(0xA2, "x"), "broken 1002 reserved bits are set"},
      {client_frame(0x92, "x"), "broken 1002 reserved bits are set"},
      {client_frame(0x83, "x"), "broken 1002 unknown opcode"},
      {client_frame(0x87, "x"), "broken 1002 unknown opcode"},
      {client_frame(0x8B, "x"), "broken 1002 unknown opcode"},
      {client_frame(0x8F, "x"), "broken 1002 unknown opcode"},
      {client_frame(0x09, "x"), "broken 1002 control frame is fragmented"},
      {client_frame(0x08, ""), "broken 1002 control frame is fragmented"},
      {client_frame(0x89, std::string(126, 'x')), "broken 1002 control frame is too long"},
      {client_frame(0x88, std::string(126, 'x')), "broken 1002 control frame is too long"},
      {raw("\x82\xFE\x00\x7Dmask"sv), "broken 1002 length is not in its shortest form"},
      {raw("\x82\xFF\x00\x00\x00\x00\x00\x00\xFF\xFFmask"sv),
       "broken 1002 length is not in its shortest form"},
      {raw("\x82\xFF\x80\x00\x00\x00\x00\x00\x00\x01mask"sv),
       "broken 1002 length has its highest bit set"},
      {client_frame(0x80, "x"), "broken 1002 continuation without a start"},
      {client_frame(0x00, "x"), "broken 1002 continuation without a start"},
      {client_frame(0x02, "x") + client_frame(0x82, "y"),
       "broken 1002 new message inside a fragmented one"},
      {client_frame(0x01, "x") + client_frame(0x01, "y"),
       "broken 1002 new message inside a fragmented one"},
      {client_frame(0x88, "x"), "broken 1002 close with half a code"},
      {client_frame(0x88, "\x03\xE8\xFF"), "broken 1007 close reason is not UTF-8"},
      {client_frame(0x81, "\xFF"), "broken 1007 text is not UTF-8"},
      {client_frame(0x81, "\xC3"), "broken 1007 text is not UTF-8"},
      {client_frame(0x01, "\xC3") + client_frame(0x80, "x"), "broken 1007 text is not UTF-8"},
  };
  for (const Row& row : rows) {
    for (const size_t piece : {row.bytes.size(), 1uz}) {
      EXPECT_EQ(events_of(row.bytes, piece), Events{row.expected})
          << testing::PrintToString(row.bytes);
    }
  }
}

TEST(CodecTest, CloseCodesAreThoseAClientMaySend) {
  const auto close_of = [](int code) {
    const std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    return events_of(client_frame(0x88, payload)).front();
  };
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                         3000, 3999, 4000, 4999}) {
    EXPECT_EQ(close_of(code), "close " + std::to_string(code) + " ");
  }
  for (const int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    EXPECT_EQ(close_of(code), "broken 1002 close with a reserved code") << code;
  }
  EXPECT_EQ(events_of(client_frame(0x88, "")), Events{"close 1005 "});
}

TEST(CodecTest, WhatIsTooBigIsRefusedByItsHead) {
  const std::string head = client_frame(0x82, std::string(300, 'x')).substr(0, 8);

  EXPECT_EQ(events_of(head, 8, 299), Events{"broken 1009 message is too big"});
  EXPECT_EQ(events_of(head, 8, 300), Events{});
  EXPECT_EQ(events_of(client_frame(0x02, "12345") + client_frame(0x00, "67890"), 999, 10),
            Events{});
  EXPECT_EQ(events_of(client_frame(0x02, "12345") + client_frame(0x00, "678901"), 999, 10),
            Events{"broken 1009 message is too big"});
  // Control frames have a limit of their own.
  EXPECT_EQ(events_of(client_frame(0x89, "12345"), 999, 1), Events{"ping 12345"});
}

TEST(CodecTest, ServerFramesHaveTheShortestHead) {
  for (const auto& [size, head] : std::vector<std::pair<size_t, std::string>>{
           {0, {'\x82', '\x00'}},
           {125, {'\x82', '\x7D'}},
           {126, {'\x82', '\x7E', '\x00', '\x7E'}},
           {65'535, {'\x82', '\x7E', '\xFF', '\xFF'}},
           {65'536, {'\x82', '\x7F', '\0', '\0', '\0', '\0', '\0', '\x01', '\0', '\0'}}}) {
    std::string out;

    append_frame(out, Opcode::Binary, std::string(size, 'x'));

    EXPECT_EQ(out, head + std::string(size, 'x'));
  }
}

TEST(CodecTest, ACloseReasonIsCutBetweenCharacters) {
  std::string out;
  std::string reason(122, 'x');

  append_close(out, 4000, reason + "\xC3\xA4");

  EXPECT_EQ(out.size(), 2 + 2 + 122u);
  out.clear();
  append_close(out, kNoCode, "ignored");
  EXPECT_EQ(out, std::string("\x88\x00", 2));
}

TEST(CodecTest, FramesAreFoundAroundAnOffset) {
  std::string frames;
  append_frame(frames, Opcode::Binary, "abc");                   // 0..5
  append_frame(frames, Opcode::Binary, std::string(200, 'x'));   // 5..209
  append_frame(frames, Opcode::Text, std::string(70'000, 'y'));  // 209..70219
  const auto around = [&](size_t offset) {
    const FrameBounds bounds = frame_around(frames, offset);
    return std::pair(bounds.begin, bounds.end);
  };

  EXPECT_EQ(around(0), std::pair(0uz, 0uz));
  EXPECT_EQ(around(1), std::pair(0uz, 5uz));
  EXPECT_EQ(around(5), std::pair(5uz, 5uz));
  EXPECT_EQ(around(6), std::pair(5uz, 209uz));
  EXPECT_EQ(around(70'218), std::pair(209uz, 70'219uz));
  EXPECT_EQ(around(70'219), std::pair(70'219uz, 70'219uz));
}

TEST(CodecTest, Utf8IsCheckedAsTheRfcSays) {
  for (const char* valid : {"", "ascii", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                            "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
                            "long ascii before \xF0\x9F\x98\x80 and after it"}) {
    EXPECT_TRUE(valid_utf8(valid)) << testing::PrintToString(valid);
  }
  for (const char* invalid :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xE1\x80", "\xED\xA0\x80",
        "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xFE", "\xFF", "long ascii before \xFF"}) {
    EXPECT_FALSE(valid_utf8(invalid)) << testing::PrintToString(invalid);
  }
}

}  // namespace
}  // namespace flare::websocket
