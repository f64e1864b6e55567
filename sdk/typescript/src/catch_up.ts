// Brings the chats up to date with the server: a sync after each connect, history for each hole.
import type { Chats } from "./chats.js";
import { Backoff, type BackoffOptions } from "./backoff.js";
import { FlareError, toFlareError } from "./errors.js";
import type { SyncedConversation } from "./gen/flare/client/v1/frame_pb.js";
import type { Link } from "./link.js";
import { toMessage } from "./model.js";
import type { Store } from "./store.js";

const conversationsPerPage = 50;
const messagesPerConversation = 30;
const historyPage = 200;
/**
 * A hole wider than this is not filled at once: the timeline starts over at its newest messages.
 */
const fillMax = 1_000;
/** Answers and pushes travel separate ways, so most holes close by themselves in a moment. */
const gapGraceMs = 150;

export class CatchUp {
  digest = 0n;
  /** The first sync of this client has been done: what comes later is news. */
  private everSynced = false;
  private syncing: Promise<void> | undefined;
  private syncAgain = false;
  private readonly filling = new Set<string>();

  constructor(
    private readonly link: Link,
    private readonly chats: Chats,
    private readonly store: Store,
    private readonly backoff: BackoffOptions,
    private readonly onCaughtUp: () => void,
  ) {}

  /** After a (re)connect. Fails when the sync does. */
  async connected(): Promise<void> {
    await this.syncOnce(this.digest);
    this.fillGaps();
    // Pushed during the sync, and not in it.
    for (const [, timeline] of this.chats.allTimelines())
      if (timeline.waitsForSync) return this.syncSoon();
  }

  /**
   * A push named a conversation we do not know. The digest is left out: we know that we lack
   * something.
   */
  syncSoon(): void {
    if (this.syncing) {
      this.syncAgain = true;
      return;
    }
    this.syncing = this.syncOnce(0n)
      .then(
        () => this.fillGaps(),
        () => {},
      ) // a lost connection syncs anyway when it is back
      .finally(() => {
        this.syncing = undefined;
        if (this.syncAgain) {
          this.syncAgain = false;
          this.syncSoon();
        }
      });
  }

  fillGaps(): void {
    for (const [conversationId, timeline] of this.chats.allTimelines()) {
      if (timeline.hasGap) void this.fillGap(conversationId);
    }
  }

  /** Closes the holes of one conversation, in the order they are. */
  async fillGap(conversationId: string): Promise<void> {
    if (this.filling.has(conversationId)) return;
    this.filling.add(conversationId);
    const backoff = new Backoff(this.backoff);
    const timeline = this.chats.timeline(conversationId);
    try {
      while (timeline.hasGap && this.link.connected) {
        await pause(gapGraceMs);
        const gap = timeline.takeGap();
        if (!gap) continue;
        try {
          await this.fetchRange(conversationId, gap.fromSeq, gap.toSeq);
        } catch (cause) {
          const error = toFlareError(cause);
          if (gap.toSeq === 0) timeline.openGap();
          if (!error.retry) return timeline.dropHeld(); // we may not read there any more
          await pause(error.retryAfterMs || backoff.nextMs());
        }
      }
    } finally {
      this.filling.delete(conversationId);
    }
  }

  private async syncOnce(digest: bigint): Promise<void> {
    const positions = [...this.chats.allTimelines()]
      .filter(([, timeline]) => timeline.high > 0)
      .map(([conversationId, timeline]) => ({ conversationId, seq: BigInt(timeline.high) }));
    let pageToken = "";
    let newDigest = digest;
    do {
      const answer = await this.link.ask(
        {
          case: "sync",
          value: {
            digest,
            positions,
            conversationsMax: conversationsPerPage,
            messagesMax: messagesPerConversation,
            pageToken,
          },
        },
        ["syncResult"],
      );
      if (answer.case !== "syncResult") throw new FlareError("INTERNAL", "sync: unexpected answer");
      const result = answer.value;
      if (result.unchanged) {
        return this.caughtUp();
      }
      for (const synced of result.conversations) await this.take(synced);
      for (const id of result.leftConversationIds) this.chats.markLeft(id);
      pageToken = result.nextPageToken;
      newDigest = result.digest;
    } while (pageToken !== "");
    this.digest = newDigest;
    this.store.saveDigest(newDigest.toString());
    this.caughtUp();
  }

  private caughtUp(): void {
    this.everSynced = true;
    this.onCaughtUp();
  }

  private async take(synced: SyncedConversation): Promise<void> {
    const conversationId = synced.view?.conversationId;
    if (!conversationId) return;
    const timeline = this.chats.timeline(conversationId);
    const firstSeq = Number(synced.messages[0]?.seq ?? 0);
    let replace = timeline.high === 0;
    if (!replace && synced.more && firstSeq > timeline.high + 1) {
      replace = firstSeq - timeline.high > fillMax;
      if (!replace) await this.fetchRange(conversationId, timeline.high + 1, firstSeq - 1);
    }
    this.chats.applySynced(synced, replace, this.everSynced);
  }

  /** toSeq 0: up to the newest. */
  private async fetchRange(conversationId: string, fromSeq: number, toSeq: number): Promise<void> {
    for (let next = fromSeq; ;) {
      const page = await this.link.call(
        {
          case: "history",
          value: {
            conversationId,
            fromSeq: BigInt(next),
            toSeq: BigInt(toSeq),
            limit: historyPage,
          },
        },
        "historyPage",
      );
      const messages = page.messages.map(toMessage);
      const last = messages[messages.length - 1]?.seq ?? 0;
      const more = page.more && last > 0;
      this.chats.applyHistory(conversationId, messages, more || toSeq === 0 ? last : toSeq);
      if (!more) return;
      next = last + 1;
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
