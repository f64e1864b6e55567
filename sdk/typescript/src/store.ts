// What a client remembers between connections and, with a store that persists, between runs. The
// client loads once at its start and writes through; it never reads a store to answer the
// application.
import type { Conversation, Message, OutgoingMessage } from "./model.js";

export interface StoredConversation {
  conversation: Conversation;
  /** A run without holes, in order of seq, ending at highSeq. */
  messages: Message[];
  highSeq: number;
  complete: boolean;
}

export interface StoredState {
  /** The last SyncResult's, as decimal text: it has 64 bits. */
  digest: string;
  conversations: StoredConversation[];
  /** In the order they were sent. */
  outgoing: OutgoingMessage[];
}

/**
 * All calls come in order, one state a user. A store may drop messages from the old end of a
 * conversation, never from the middle.
 */
export interface Store {
  load(): Promise<StoredState>;
  saveDigest(digest: string): void;
  saveConversation(conversation: Conversation): void;
  /** Adds messages at the end of a run, or replaces the run when `replace` is set. */
  saveMessages(
    conversationId: string,
    messages: readonly Message[],
    position: { highSeq: number; complete: boolean; replace: boolean },
  ): void;
  saveOutgoing(message: OutgoingMessage): void;
  removeOutgoing(clientMessageId: string): void;
}

/**
 * Keeps everything in memory: a new client given the same store continues where the last one
 * stopped.
 */
export class MemoryStore implements Store {
  private digest = "0";
  private readonly conversations = new Map<string, StoredConversation>();
  private readonly outgoing = new Map<string, OutgoingMessage>();

  async load(): Promise<StoredState> {
    return {
      digest: this.digest,
      conversations: [...this.conversations.values()].map((stored) => ({
        ...stored,
        conversation: { ...stored.conversation },
        messages: [...stored.messages],
      })),
      outgoing: [...this.outgoing.values()].map((message) => ({ ...message })),
    };
  }

  saveDigest(digest: string): void {
    this.digest = digest;
  }

  saveConversation(conversation: Conversation): void {
    const stored = this.conversations.get(conversation.conversationId);
    if (stored) stored.conversation = { ...conversation };
    else {
      this.conversations.set(conversation.conversationId, {
        conversation: { ...conversation },
        messages: [],
        highSeq: 0,
        complete: false,
      });
    }
  }

  saveMessages(
    conversationId: string,
    messages: readonly Message[],
    position: { highSeq: number; complete: boolean; replace: boolean },
  ): void {
    const stored = this.conversations.get(conversationId);
    if (!stored) return;
    if (position.replace) stored.messages = [...messages];
    else stored.messages.push(...messages);
    stored.highSeq = position.highSeq;
    stored.complete = position.complete;
  }

  saveOutgoing(message: OutgoingMessage): void {
    this.outgoing.set(message.clientMessageId, { ...message });
  }

  removeOutgoing(clientMessageId: string): void {
    this.outgoing.delete(clientMessageId);
  }
}
