import type { Message, OutgoingMessage } from "flare-im-client";
import { expect, test } from "vitest";
import { toRows, type MessageRow, type RowsInput } from "../src/rows";

const noon = new Date(2024, 4, 15, 12, 0).getTime();
const minute = 60_000;

function message(seq: number, senderId: string, minutes: number): Message {
  return {
    conversationId: "c",
    messageId: String(seq),
    senderId,
    clientMessageId: `id ${seq}`,
    timeMs: noon + minutes * minute,
    content: { kind: "text", text: `text ${seq}` },
    metadata: {},
    seq,
  };
}

function rows(change: Partial<RowsInput>) {
  return toRows({
    me: "alice",
    nowMs: noon,
    messages: [],
    outgoing: [],
    statusOf: () => "accepted",
    unreadAfterSeq: undefined,
    hasOlder: false,
    ...change,
  });
}

test("each day starts with its name", () => {
  const messages = [message(1, "bob", -24 * 60), message(2, "bob", 0), message(3, "bob", 1)];

  const kinds = rows({ messages }).map((row) => (row.kind === "day" ? row.label : row.kind));

  expect(kinds).toEqual(["Yesterday", "message", "Today", "message", "message"]);
});

test("messages of one sender in one go are one run", () => {
  const messages = [
    message(1, "bob", 0),
    message(2, "bob", 1),
    message(3, "alice", 2),
    message(4, "alice", 30),
  ];

  const runs = rows({ messages }).filter((row): row is MessageRow => row.kind === "message");

  expect(runs.map(({ opens, closes }) => [opens, closes])).toEqual([
    [true, false],
    [false, true],
    [true, true],
    [true, true],
  ]);
});

test("the unread mark stands before the first message of others that was not read", () => {
  const messages = [
    message(1, "bob", 0),
    message(2, "alice", 1),
    message(3, "bob", 2),
    message(4, "bob", 3),
  ];

  const kinds = rows({ messages, unreadAfterSeq: 1 }).map((row) => row.kind);

  expect(kinds).toEqual(["day", "message", "message", "unread", "message", "message"]);
});

test("there is no unread mark above messages that may not be the first unread ones", () => {
  const messages = [message(50, "bob", 0), message(51, "bob", 1)];

  expect(
    rows({ messages, unreadAfterSeq: 0, hasOlder: true }).some((row) => row.kind === "unread"),
  ).toBe(false);
  expect(
    rows({ messages, unreadAfterSeq: 0, hasOlder: false }).some((row) => row.kind === "unread"),
  ).toBe(true);
});

test("a message keeps its key when it gets its place", () => {
  const outgoing: OutgoingMessage = {
    conversationId: "c",
    toUserId: "",
    clientMessageId: "id 7",
    timeMs: noon,
    content: { kind: "text", text: "text 7" },
    metadata: {},
    state: "sending",
  };

  const before = rows({ outgoing: [outgoing] }).at(-1);
  const after = rows({ messages: [message(7, "alice", 0)] }).at(-1);

  expect(before).toMatchObject({ status: "sending", seq: 0 });
  expect(after).toMatchObject({ status: "accepted", seq: 7 });
  expect(after?.key).toBe(before?.key);
});
