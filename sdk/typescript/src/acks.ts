// Tells the server how far messages have reached this device: cumulative, bundled, at most one
// frame every hundred milliseconds.
import type { BodyInit } from "./connection.js";

const bundleMs = 100;
/** The server takes no more of one frame. */
const positionsMax = 200;

export class DeliveryAcks {
  private readonly pending = new Map<string, number>();
  /** Sent on this connection. They may be lost with it, so a new connection repeats them. */
  private readonly sent = new Map<string, number>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly link: { connected: boolean; push(body: BodyInit): void }) {}

  note(conversationId: string, seq: number): void {
    if (seq <= (this.sent.get(conversationId) ?? 0)) return;
    if (seq <= (this.pending.get(conversationId) ?? 0)) return;
    this.pending.set(conversationId, seq);
    this.schedule();
  }

  connected(): void {
    for (const [conversationId, seq] of this.sent) {
      this.pending.set(conversationId, Math.max(seq, this.pending.get(conversationId) ?? 0));
    }
    this.sent.clear();
    this.schedule();
  }

  private schedule(): void {
    if (this.pending.size > 0) this.timer ??= setTimeout(() => this.flush(), bundleMs);
  }

  private flush(): void {
    this.timer = undefined;
    if (!this.link.connected) return; // connected() starts the timer again
    const all = [...this.pending];
    this.pending.clear();
    for (let from = 0; from < all.length; from += positionsMax) {
      const positions = all.slice(from, from + positionsMax).map(([conversationId, seq]) => {
        this.sent.set(conversationId, seq);
        return { conversationId, seq: BigInt(seq) };
      });
      this.link.push({ case: "deliverAck", value: { positions } });
    }
  }
}
