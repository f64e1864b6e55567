// What this client knows: conversations, their timelines, how far the others are. Each apply
// function takes one thing the server said and tells the listener what changed. Nothing here waits
// or asks.
import {
  toConversation,
  toMessage,
  type Conversation,
  type DeliveryStatus,
  type Member,
  type Message,
} from "./model.js";
import type { Receipt, SyncedConversation } from "./gen/flare/client/v1/frame_pb.js";
import type { ConversationView } from "./gen/flare/model/v1/message_pb.js";
import type { Store, StoredConversation } from "./store.js";
import { Timeline } from "./timeline.js";

export interface ChatsListener {
  /** A message has its place; each once, in the order of its conversation. */
  onPlaced(message: Message, live: boolean): void;
  onConversation(conversationId: string): void;
  onTimeline(conversationId: string): void;
}

interface Progress {
  joinSeq: number;
  deliveredSeq: number;
  readSeq: number;
}

export class Chats {
  userId = "";
  private readonly conversations = new Map<string, Conversation>();
  private readonly timelines = new Map<string, Timeline>();
  private readonly memberLists = new Map<string, Map<string, Member>>();
  private readonly peers = new Map<string, Progress>();

  constructor(
    private readonly store: Store,
    private readonly listener: ChatsListener,
  ) {}

  restore(stored: readonly StoredConversation[]): void {
    for (const { conversation, messages, highSeq, complete } of stored) {
      const id = conversation.conversationId;
      this.conversations.set(id, conversation);
      this.timelines.set(id, Timeline.restore(messages, highSeq, complete));
    }
  }

  list(): Conversation[] {
    return [...this.conversations.values()].sort((a, b) => b.lastTimeMs - a.lastTimeMs);
  }

  find(conversationId: string): Conversation | undefined {
    return this.conversations.get(conversationId);
  }

  findWith(userId: string): Conversation | undefined {
    for (const conversation of this.conversations.values()) {
      if (conversation.type === "single" && conversation.peerId === userId) return conversation;
    }
    return undefined;
  }

  timeline(conversationId: string): Timeline {
    let timeline = this.timelines.get(conversationId);
    if (!timeline) this.timelines.set(conversationId, (timeline = new Timeline()));
    return timeline;
  }

  allTimelines(): Iterable<[string, Timeline]> {
    return this.timelines;
  }

  members(conversationId: string): Member[] | undefined {
    const members = this.memberLists.get(conversationId);
    return members && [...members.values()];
  }

  conversationsWithMembers(): string[] {
    return [...this.memberLists.keys()];
  }

  /** How far a message of ours has come: as far as the last of the others. */
  statusOf(message: Message): DeliveryStatus {
    const others: Progress[] = [];
    const peer = this.peers.get(message.conversationId);
    if (peer) others.push(peer);
    for (const member of this.memberLists.get(message.conversationId)?.values() ?? []) {
      if (member.userId !== this.userId) others.push(member);
    }
    const concerned = others.filter((other) => other.joinSeq <= message.seq);
    if (concerned.length === 0) return "accepted";
    if (concerned.every((other) => other.readSeq >= message.seq)) return "read";
    const has = (other: Progress) => Math.max(other.deliveredSeq, other.readSeq) >= message.seq;
    return concerned.every(has) ? "delivered" : "accepted";
  }

  // ---- what the server said

  applyMessage(message: Message, prevSeq?: number): void {
    this.placed(
      message.conversationId,
      this.timeline(message.conversationId).receive(message, prevSeq),
      true,
    );
  }

  applyHistory(conversationId: string, messages: readonly Message[], toSeq: number): void {
    const timeline = this.timeline(conversationId);
    this.placed(conversationId, timeline.fill(messages, toSeq), true);
  }

  applyOlder(conversationId: string, messages: readonly Message[], complete: boolean): void {
    const timeline = this.timeline(conversationId);
    timeline.prepend(messages, complete);
    this.saveRun(conversationId, timeline);
    this.listener.onTimeline(conversationId);
  }

  /**
   * The last step of a synced conversation: `replace` starts the timeline over, otherwise the
   * messages follow what is there. `live`: the application has not just been started, so these are
   * news.
   */
  applySynced(synced: SyncedConversation, replace: boolean, live: boolean): void {
    const messages = synced.messages.map(toMessage);
    const view = synced.view;
    if (!view) return;
    const timeline = this.timeline(view.conversationId);
    const first = !this.conversations.has(view.conversationId);
    this.applyView(view);
    const id = view.conversationId;
    const placed = replace ? timeline.reset(messages, !synced.more) : timeline.fill(messages, 0);
    if (replace) {
      this.saveRun(id, timeline);
      const known = new Set(placed);
      for (const message of timeline.messages) {
        if (!known.has(message)) this.listener.onPlaced(message, live && first);
      }
      this.placed(id, placed, live, Number(view.lastSeq), false);
    } else {
      this.placed(id, placed, live, Number(view.lastSeq));
    }
    this.listener.onTimeline(id);
    this.listener.onConversation(id);
  }

  /** We were removed while away. */
  markLeft(conversationId: string): void {
    const conversation = this.conversations.get(conversationId);
    if (!conversation || conversation.left) return;
    conversation.left = true;
    this.listener.onConversation(conversationId);
  }

  /** The server's picture of a conversation; what has been pushed since stays on top of it. */
  applyView(view: ConversationView): void {
    const conversation = toConversation(view);
    const id = conversation.conversationId;
    const known = this.conversations.get(id);
    const timeline = this.timeline(id);
    if (known) {
      conversation.left = known.left && conversation.lastSeq <= known.lastSeq;
      if (known.lastSeq > conversation.lastSeq) {
        conversation.lastSeq = known.lastSeq;
        conversation.lastTimeMs = known.lastTimeMs;
        if (known.preview) conversation.preview = known.preview;
        const news = timeline.messages.filter((message) => message.seq > Number(view.lastSeq));
        conversation.unread += news.filter((message) => this.counts(message)).length;
      }
    }
    this.conversations.set(id, conversation);
    if (
      conversation.type === "single" &&
      conversation.peerId &&
      conversation.peerId !== this.userId
    ) {
      this.advancePeer(id, Number(view.peerDeliveredSeq), Number(view.peerReadSeq));
    }
    // We read on while the server wrote its answer.
    if (known && known.readSeq > conversation.readSeq) this.applyOwnRead(id, known.readSeq);
    this.store.saveConversation(conversation);
    this.listener.onConversation(id);
  }

  applyReceipt(receipt: Receipt): void {
    const { conversationId, userId } = receipt;
    const deliveredSeq = Number(receipt.deliveredSeq);
    const readSeq = Number(receipt.readSeq);
    if (userId === this.userId) {
      if (readSeq > 0) this.applyOwnRead(conversationId, readSeq);
      return;
    }
    const conversation = this.conversations.get(conversationId);
    if (conversation?.type === "single") this.advancePeer(conversationId, deliveredSeq, readSeq);
    const member = this.memberLists.get(conversationId)?.get(userId);
    if (member) {
      member.deliveredSeq = Math.max(member.deliveredSeq, deliveredSeq);
      member.readSeq = Math.max(member.readSeq, readSeq);
    }
    this.listener.onTimeline(conversationId);
  }

  /** Returns whether the cursor moved; it only moves forward. */
  applyOwnRead(conversationId: string, seq: number): boolean {
    const conversation = this.conversations.get(conversationId);
    if (!conversation || seq <= conversation.readSeq) return false;
    const timeline = this.timeline(conversationId);
    conversation.readSeq = seq;
    if (seq >= conversation.lastSeq) conversation.unread = 0;
    else if (timeline.low <= seq + 1) {
      const after = timeline.messages.filter((message) => message.seq > seq);
      conversation.unread = after.filter((message) => this.counts(message)).length;
    }
    this.store.saveConversation(conversation);
    this.listener.onConversation(conversationId);
    return true;
  }

  applyMembers(conversationId: string, members: readonly Member[]): void {
    this.memberLists.set(conversationId, new Map(members.map((member) => [member.userId, member])));
    this.listener.onTimeline(conversationId);
    this.listener.onConversation(conversationId);
  }

  private advancePeer(conversationId: string, deliveredSeq: number, readSeq: number): void {
    const known = this.peers.get(conversationId) ?? { joinSeq: 0, deliveredSeq: 0, readSeq: 0 };
    this.peers.set(conversationId, {
      joinSeq: 0,
      deliveredSeq: Math.max(known.deliveredSeq, deliveredSeq),
      readSeq: Math.max(known.readSeq, readSeq),
    });
  }

  /** coveredSeq: the view already counts messages up to here. */
  private placed(
    id: string,
    messages: readonly Message[],
    live: boolean,
    coveredSeq = 0,
    save = true,
  ): void {
    if (messages.length === 0) return;
    const conversation = this.conversations.get(id);
    const timeline = this.timeline(id);
    if (save) {
      const { high: highSeq, complete } = timeline;
      this.store.saveMessages(id, messages, { highSeq, complete, replace: false });
    }
    for (const message of messages) {
      if (conversation && message.seq > coveredSeq) this.follow(conversation, message);
      this.listener.onPlaced(message, live);
    }
    if (conversation) this.store.saveConversation(conversation);
    this.listener.onTimeline(id);
    this.listener.onConversation(id);
  }

  private saveRun(id: string, timeline: Timeline): void {
    const { high: highSeq, complete } = timeline;
    this.store.saveMessages(id, timeline.messages, { highSeq, complete, replace: true });
  }

  /** Keeps the view true as messages are pushed, without asking for it again. */
  private follow(conversation: Conversation, message: Message): void {
    if (message.seq <= conversation.lastSeq) return;
    conversation.lastSeq = message.seq;
    conversation.lastTimeMs = message.timeMs;
    conversation.preview = message;
    if (this.counts(message) && message.seq > conversation.readSeq) conversation.unread += 1;
    if (message.content.kind !== "operation") return;
    const { operation } = message.content;
    const members = this.memberLists.get(conversation.conversationId);
    if (operation.kind === "conversation_renamed") {
      conversation.title = operation.title;
    } else if (operation.kind === "members_added") {
      conversation.memberCount += operation.userIds.length;
      if (operation.userIds.includes(this.userId)) conversation.left = false;
      for (const userId of members ? operation.userIds : []) {
        members?.set(userId, {
          userId,
          role: "member",
          joinSeq: message.seq,
          readSeq: 0,
          deliveredSeq: 0,
          joinedTimeMs: message.timeMs,
        });
      }
    } else if (operation.kind === "members_removed") {
      conversation.memberCount -= operation.userIds.length;
      if (operation.userIds.includes(this.userId)) conversation.left = true;
      for (const userId of operation.userIds) members?.delete(userId);
    }
  }

  private counts(message: Message): boolean {
    return message.senderId !== this.userId && message.content.kind !== "operation";
  }
}
