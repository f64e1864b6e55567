import { describe, expect, test } from "vitest";
import { Backoff } from "../src/backoff.js";
import type { Message } from "../src/index.js";
import { Timeline } from "../src/timeline.js";

function at(seq: number): Message {
  return {
    conversationId: "c",
    messageId: String(seq),
    senderId: "bob",
    clientMessageId: "",
    timeMs: 0,
    content: { kind: "text", text: String(seq) },
    metadata: {},
    seq,
  };
}

function seqs(messages: readonly Message[]): number[] {
  return messages.map((message) => message.seq);
}

describe("Timeline", () => {
  test("holds what lies beyond a hole and says what is missing", () => {
    const timeline = new Timeline();
    timeline.reset([at(1), at(2)], true);

    expect(timeline.receive(at(5), 4)).toEqual([]);
    expect(timeline.takeGap()).toEqual({ fromSeq: 3, toSeq: 4 });
    expect(seqs(timeline.fill([at(3), at(4)], 4))).toEqual([3, 4, 5]);
    expect(timeline.hasGap).toBe(false);
  });

  test("a seq this user may not see is no hole", () => {
    const timeline = new Timeline();
    timeline.reset([at(1)], true);

    expect(seqs(timeline.receive(at(4), 1))).toEqual([4]);
  });

  test("a range that holds nothing visible closes the hole", () => {
    const timeline = new Timeline();
    timeline.reset([at(1)], true);
    timeline.receive(at(4));

    expect(seqs(timeline.fill([], 3))).toEqual([4]);
  });

  test("repeats change nothing", () => {
    const timeline = new Timeline();
    timeline.reset([at(1)], true);
    timeline.receive(at(2), 1);

    expect(timeline.receive(at(2), 1)).toEqual([]);
    expect(seqs(timeline.messages)).toEqual([1, 2]);
  });

  test("before the first sync everything waits, then what the sync lacks follows", () => {
    const timeline = new Timeline();

    expect(timeline.receive(at(3), 2)).toEqual([]);
    expect(timeline.waitsForSync).toBe(true);
    expect(seqs(timeline.reset([at(1), at(2)], true))).toEqual([3]);
  });

  test("a gap opened while another is fetched is not lost", () => {
    const timeline = new Timeline();
    timeline.reset([at(1)], true);
    timeline.openGap();
    timeline.takeGap();

    timeline.openGap();
    timeline.fill([at(2)], 2);

    expect(timeline.takeGap()).toEqual({ fromSeq: 3, toSeq: 0 });
  });

  test("older pages go in front, without what is there already", () => {
    const timeline = new Timeline();
    timeline.reset([at(5), at(6)], false);

    timeline.prepend([at(3), at(4), at(5)], false);

    expect(seqs(timeline.messages)).toEqual([3, 4, 5, 6]);
    expect(timeline.low).toBe(3);
  });
});

describe("Backoff", () => {
  test("doubles up to its maximum and starts over after a success", () => {
    const backoff = new Backoff({ baseMs: 100, maxMs: 1_000, random: () => 1 });

    const waits = Array.from({ length: 6 }, () => backoff.nextMs());
    backoff.reset();

    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(backoff.nextMs()).toBe(100);
  });

  test("jitter takes up to half away, so that no wait is nothing", () => {
    const backoff = new Backoff({ baseMs: 100, maxMs: 1_000, random: () => 0 });

    expect(backoff.nextMs()).toBe(50);
  });
});
