// Messages of ours on their way. One of each conversation is in flight at a time, so a message that
// must be tried again is never overtaken; every try carries the same client_message_id, so it is
// never doubled.
import { Backoff, type BackoffOptions } from "./backoff.js";
import { FlareError, toFlareError } from "./errors.js";
import type { Message, OutgoingMessage } from "./model.js";

/** The server has the message. `message` is there when it said where. */
export interface Sent {
  conversationId: string;
  clientMessageId: string;
  messageId: string;
  timeMs: number;
  seq?: number;
}

export interface OutboxNeeds {
  online(): boolean;
  /** One try. */
  send(message: OutgoingMessage): Promise<Sent>;
  onChange(message: OutgoingMessage): void;
  onSent(message: OutgoingMessage, sent: Sent): void;
  onRemoved(message: OutgoingMessage): void;
  backoff: BackoffOptions;
}

/**
 * Refusals that a retry might help; after so many it is the user's decision. Lost connections do
 * not count.
 */
const triesMax = 10;

interface Waiter {
  resolve(sent: Sent): void;
  reject(error: FlareError): void;
}

export class Outbox {
  private readonly entries = new Map<string, OutgoingMessage>();
  private readonly waiters = new Map<string, Waiter>();
  private readonly busyLanes = new Set<string>();

  constructor(private readonly needs: OutboxNeeds) {}

  /** In the order sent, failed ones included. */
  all(): OutgoingMessage[] {
    return [...this.entries.values()];
  }

  /** Messages a former client left behind. */
  restore(messages: readonly OutgoingMessage[]): void {
    for (const message of messages) this.entries.set(message.clientMessageId, message);
  }

  /** Resolves when the server has the message; fails when it was refused or discarded. */
  add(message: OutgoingMessage): Promise<Sent> {
    this.entries.set(message.clientMessageId, message);
    const done = new Promise<Sent>((resolve, reject) => {
      this.waiters.set(message.clientMessageId, { resolve, reject });
    });
    this.needs.onChange(message);
    void this.drain(laneOf(message));
    return done;
  }

  /** Tries a failed message again, under the same id. */
  retry(clientMessageId: string): void {
    const message = this.entries.get(clientMessageId);
    if (message?.state !== "failed") return;
    message.state = "sending";
    delete message.error;
    this.needs.onChange(message);
    void this.drain(laneOf(message));
  }

  /** Gives a failed message up. */
  discard(clientMessageId: string): void {
    const message = this.entries.get(clientMessageId);
    if (message?.state === "failed") this.remove(message);
  }

  /**
   * The message has its place in a timeline: its story here is over, whatever became of the answer.
   */
  placed(message: Message): void {
    const entry = this.entries.get(message.clientMessageId);
    if (!entry) return;
    const { conversationId, clientMessageId, messageId, timeMs, seq } = message;
    this.settle(clientMessageId, { conversationId, clientMessageId, messageId, timeMs, seq });
    this.remove(entry);
  }

  /** A connection is there: go on with what waits. */
  start(): void {
    for (const message of this.entries.values()) void this.drain(laneOf(message));
  }

  private async drain(lane: string): Promise<void> {
    if (this.busyLanes.has(lane)) return;
    this.busyLanes.add(lane);
    const backoff = new Backoff(this.needs.backoff);
    let tries = 0;
    try {
      for (;;) {
        const message = this.first(lane);
        if (!message || !this.needs.online()) return;
        try {
          const sent = await this.needs.send(message);
          tries = 0;
          // A push may have brought it while we waited for the answer.
          if (!this.entries.has(message.clientMessageId)) continue;
          message.state = "accepted";
          message.conversationId = sent.conversationId;
          message.timeMs = sent.timeMs;
          this.settle(message.clientMessageId, sent);
          this.needs.onChange(message);
          this.needs.onSent(message, sent);
        } catch (cause) {
          const error = toFlareError(cause);
          if (!this.needs.online()) return;
          if (!this.entries.has(message.clientMessageId)) continue;
          if (error.retry && ++tries < triesMax) {
            const waitMs = error.retryAfterMs || backoff.nextMs();
            await new Promise((resolve) => setTimeout(resolve, waitMs));
            continue;
          }
          tries = 0;
          message.state = "failed";
          message.error = { code: error.code, message: error.message };
          this.waiters.get(message.clientMessageId)?.reject(error);
          this.waiters.delete(message.clientMessageId);
          this.needs.onChange(message);
        }
      }
    } finally {
      this.busyLanes.delete(lane);
    }
  }

  private first(lane: string): OutgoingMessage | undefined {
    for (const message of this.entries.values()) {
      if (message.state === "sending" && laneOf(message) === lane) return message;
    }
    return undefined;
  }

  private settle(clientMessageId: string, sent: Sent): void {
    this.waiters.get(clientMessageId)?.resolve(sent);
    this.waiters.delete(clientMessageId);
  }

  private remove(message: OutgoingMessage): void {
    this.entries.delete(message.clientMessageId);
    this.waiters.get(message.clientMessageId)?.reject(new FlareError("CANCELLED", "discarded"));
    this.waiters.delete(message.clientMessageId);
    this.needs.onRemoved(message);
  }
}

function laneOf(message: OutgoingMessage): string {
  return message.toUserId ? `user ${message.toUserId}` : `conversation ${message.conversationId}`;
}
