// Tells the server how far the user has read: the newest position of each conversation, kept over a
// lost connection, one request at a time.
import { Backoff, type BackoffOptions } from "./backoff.js";
import type { Body, BodyCase, BodyInit } from "./connection.js";
import { toFlareError } from "./errors.js";

interface Asker {
  connected: boolean;
  ask(body: BodyInit, expected: readonly BodyCase[]): Promise<Body>;
}

export class ReadCursors {
  private readonly pending = new Map<string, number>();
  private flushing = false;

  constructor(
    private readonly link: Asker,
    private readonly backoff: BackoffOptions,
  ) {}

  note(conversationId: string, seq: number): void {
    this.pending.set(conversationId, Math.max(seq, this.pending.get(conversationId) ?? 0));
    void this.flush();
  }

  async flush(): Promise<void> {
    if (this.flushing) return;
    this.flushing = true;
    const backoff = new Backoff(this.backoff);
    try {
      while (this.link.connected) {
        const next = this.pending.entries().next();
        if (next.done) return;
        const [conversationId, seq] = next.value;
        try {
          await this.link.ask({ case: "read", value: { conversationId, seq: BigInt(seq) } }, [
            "done",
          ]);
        } catch (cause) {
          const error = toFlareError(cause);
          if (error.retry) {
            const waitMs = error.retryAfterMs || backoff.nextMs();
            await new Promise((resolve) => setTimeout(resolve, waitMs));
            continue;
          }
          // Refused, so we are no longer a member: there is nothing to tell.
        }
        if (this.pending.get(conversationId) === seq) this.pending.delete(conversationId);
      }
    } finally {
      this.flushing = false;
    }
  }
}
