// What the message pane shows, line by line: messages with and without a place, days, system lines
// and the mark where the unread ones begin.
import type { DeliveryStatus, Message, OutgoingMessage } from "flare-im-client";
import { contentText, dayLabel, operationText, sameDay } from "./format";

export type MessageStatus = "sending" | DeliveryStatus | "failed";

export interface MessageRow {
  kind: "message";
  key: string;
  clientMessageId: string;
  senderId: string;
  own: boolean;
  text: string;
  timeMs: number;
  seq: number;
  /** Ours only. */
  status?: MessageStatus;
  error?: string;
  /** First and last of a run of one sender. */
  opens: boolean;
  closes: boolean;
}

export type Row =
  | MessageRow
  | { kind: "day"; key: string; label: string }
  | { kind: "system"; key: string; text: string }
  | { kind: "unread"; key: string };

export interface RowsInput {
  me: string;
  nowMs: number;
  messages: readonly Message[];
  outgoing: readonly OutgoingMessage[];
  statusOf(message: Message): DeliveryStatus;
  /** The reader had read up to here when the conversation was opened, and there was more. */
  unreadAfterSeq: number | undefined;
  /** messages[0] is not the first there is. */
  hasOlder: boolean;
}

/** A pause this long starts a new run of bubbles. */
const runPauseMs = 5 * 60_000;

export function toRows(input: RowsInput): Row[] {
  const rows: Row[] = [];
  let lastTimeMs: number | undefined;
  // Above the first message we have, nobody knows whether the mark belongs there.
  let markPending = input.unreadAfterSeq !== undefined;
  let afterKnown = !input.hasOlder;
  const day = (timeMs: number) => {
    if (lastTimeMs === undefined || !sameDay(lastTimeMs, timeMs)) {
      rows.push({
        kind: "day",
        key: `day ${new Date(timeMs).toDateString()}`,
        label: dayLabel(timeMs, input.nowMs),
      });
    }
    lastTimeMs = timeMs;
  };
  for (const message of input.messages) {
    day(message.timeMs);
    const own = message.senderId === input.me;
    if (message.content.kind === "operation") {
      afterKnown = true;
      rows.push({ kind: "system", key: message.messageId, text: operationText(message, input.me) });
      continue;
    }
    if (markPending && !own && message.seq > (input.unreadAfterSeq ?? 0)) {
      if (afterKnown) rows.push({ kind: "unread", key: "unread" });
      markPending = false;
    }
    afterKnown = true;
    pushMessage(rows, {
      kind: "message",
      // The key a message of ours had before it got its place, so that its bubble stays the same
      // element.
      key: message.clientMessageId
        ? `${message.senderId} ${message.clientMessageId}`
        : message.messageId,
      clientMessageId: message.clientMessageId,
      senderId: message.senderId,
      own,
      text: contentText(message.content),
      timeMs: message.timeMs,
      seq: message.seq,
      ...(own ? { status: input.statusOf(message) } : {}),
      opens: true,
      closes: true,
    });
  }
  for (const message of input.outgoing) {
    day(message.timeMs);
    pushMessage(rows, {
      kind: "message",
      key: `${input.me} ${message.clientMessageId}`,
      clientMessageId: message.clientMessageId,
      senderId: input.me,
      own: true,
      text: contentText(message.content),
      timeMs: message.timeMs,
      seq: 0,
      status: message.state,
      ...(message.error ? { error: message.error.message } : {}),
      opens: true,
      closes: true,
    });
  }
  return rows;
}

function pushMessage(rows: Row[], row: MessageRow): void {
  const before = rows[rows.length - 1];
  if (
    before?.kind === "message" &&
    before.senderId === row.senderId &&
    row.timeMs - before.timeMs < runPauseMs
  ) {
    before.closes = false;
    row.opens = false;
  }
  rows.push(row);
}
