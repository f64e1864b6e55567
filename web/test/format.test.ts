import type { Conversation, Message, Operation } from "flare-im-client";
import { describe, expect, test } from "vitest";
import {
  dayLabel,
  initials,
  linkParts,
  operationText,
  previewText,
  shortTime,
  titleOf,
} from "../src/format";

const noon = new Date(2024, 4, 15, 12, 0).getTime();
const day = 86_400_000;

function message(change: Partial<Message>): Message {
  return {
    conversationId: "c",
    messageId: "00",
    senderId: "bob",
    clientMessageId: "",
    timeMs: noon,
    content: { kind: "text", text: "hi" },
    metadata: {},
    seq: 1,
    ...change,
  };
}

function operation(senderId: string, change: Operation): Message {
  return message({ senderId, content: { kind: "operation", operation: change } });
}

function conversation(change: Partial<Conversation>): Conversation {
  return {
    conversationId: "c",
    type: "single",
    title: "",
    lastSeq: 1,
    lastTimeMs: noon,
    unread: 0,
    readSeq: 0,
    joinSeq: 1,
    memberCount: 2,
    peerId: "bob",
    metadata: {},
    businessType: "",
    role: "member",
    left: false,
    ...change,
  };
}

describe("Days and times", () => {
  test("near days have names, far ones dates", () => {
    expect(dayLabel(noon, noon)).toBe("Today");
    expect(dayLabel(noon - day, noon)).toBe("Yesterday");
    expect(dayLabel(noon - 3 * day, noon)).toBe("Sunday");
    expect(dayLabel(noon - 30 * day, noon)).toMatch(/15|April/);
    expect(dayLabel(noon - 400 * day, noon)).toContain("2023");
  });

  test("a minute before midnight is yesterday a minute after it", () => {
    const midnight = new Date(2024, 4, 15, 0, 0).getTime();

    expect(dayLabel(midnight - 60_000, midnight + 60_000)).toBe("Yesterday");
  });

  test("the list shows the time of today and the day of before", () => {
    expect(shortTime(noon, noon)).toBe("12:00");
    expect(shortTime(noon - day, noon)).toBe("Yesterday");
    expect(shortTime(0, noon)).toBe("");
  });
});

describe("Sentences", () => {
  test("an operation says who did what, and speaks of the reader as you", () => {
    expect(
      operationText(
        operation("bob", { kind: "members_added", userIds: ["carol", "alice", "dave"] }),
        "alice",
      ),
    ).toBe("bob added carol, you and dave");
    expect(
      operationText(operation("alice", { kind: "conversation_renamed", title: "Trip" }), "alice"),
    ).toBe("You renamed the group to “Trip”");
    expect(
      operationText(operation("bob", { kind: "members_removed", userIds: ["bob"] }), "alice"),
    ).toBe("bob left");
  });

  test("a preview names the sender in groups only, on one line", () => {
    const preview = message({ content: { kind: "text", text: "one\n two" } });

    expect(previewText(conversation({ preview }), "alice")).toBe("one two");
    expect(previewText(conversation({ type: "group", preview }), "alice")).toBe("bob: one two");
    expect(previewText(conversation({ type: "group", preview }), "bob")).toBe("one two");
  });

  test("a chat with one user has that user's name", () => {
    expect(titleOf(conversation({}))).toBe("bob");
    expect(titleOf(conversation({ type: "group", title: "Trip" }))).toBe("Trip");
  });

  test("initials come from the first two words", () => {
    expect(initials("ada lovelace king")).toBe("AL");
    expect(initials("bob")).toBe("B");
    expect(initials("  ")).toBe("?");
  });
});

describe("Links", () => {
  test("are cut out without the full stop after them", () => {
    expect(linkParts("see https://example.com/a?b=c. Bye")).toEqual([
      { text: "see " },
      { text: "https://example.com/a?b=c", href: "https://example.com/a?b=c" },
      { text: ". Bye" },
    ]);
  });

  test("are only of the web: nothing that could run", () => {
    const text = "javascript:alert(1) data:text/html,x ftp://example.com";

    expect(linkParts(text)).toEqual([{ text }]);
  });
});
