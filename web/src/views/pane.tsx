// One open conversation: header, messages, composer. Marks as read what somebody is looking at.
import type { FlareClient } from "flare-im-client";
import { useEffect, useRef, useState } from "preact/hooks";
import { titleOf } from "../format";
import { useAttention, useNow } from "../hooks";
import { toRows } from "../rows";
import { Avatar } from "./avatar";
import type { Target } from "./chat";
import { Composer } from "./composer";
import { BackIcon, InfoIcon } from "./icons";
import { MessageList } from "./message_list";

interface Props {
  client: FlareClient;
  me: string;
  target: Target;
  online: ReadonlySet<string>;
  onBack(): void;
  onDetails(): void;
}

/** In larger groups the list of members costs too much to ask for it so often. */
const followedMembersMax = 100;
const followEveryMs = 4_000;

export function Pane({ client, me, target, online, onBack, onDetails }: Props) {
  const conversationId = "conversationId" in target ? target.conversationId : "";
  const conversation = conversationId ? client.conversation(conversationId) : undefined;
  const title = conversation ? titleOf(conversation) : "userId" in target ? target.userId : "…";
  const group = conversation !== undefined && conversation.type !== "single";
  const nowMs = useNow(60_000);
  const attention = useAttention();
  const [atEnd, setAtEnd] = useState(true);

  // Where the unread messages began when the conversation was opened.
  const opened = useRef<{ unreadAfterSeq: number | undefined } | undefined>(undefined);
  if (!opened.current && conversation) {
    opened.current = { unreadAfterSeq: conversation.unread > 0 ? conversation.readSeq : undefined };
  }

  const lastSeq = conversation?.lastSeq ?? 0;
  useEffect(() => {
    if (conversationId && attention && atEnd) client.markRead(conversationId);
  }, [client, conversationId, attention, atEnd, lastSeq]);

  // In a group the ticks need to know how far each member is, and nobody pushes that: ask, again
  // and again while a tick may change and somebody looks.
  const connected = client.state.phase === "online";
  const messages = conversationId ? client.messages(conversationId) : [];
  const lastOwn = messages.findLast(
    (message) => message.senderId === me && message.content.kind !== "operation",
  );
  const ticksMove =
    group &&
    attention &&
    conversation.memberCount <= followedMembersMax &&
    lastOwn !== undefined &&
    client.statusOf(lastOwn) !== "read";
  useEffect(() => {
    if (!group || !connected) return;
    const load = () => void client.loadMembers(conversationId).catch(() => {});
    load();
    if (!ticksMove) return;
    const timer = setInterval(load, followEveryMs);
    return () => clearInterval(timer);
  }, [client, conversationId, group, connected, ticksMove]);

  const hasOlder = conversationId !== "" && client.hasOlder(conversationId);
  const rows = toRows({
    me,
    nowMs,
    messages,
    outgoing: conversationId
      ? client.outgoing(conversationId)
      : client.outgoingTo("userId" in target ? target.userId : ""),
    statusOf: (message) => client.statusOf(message),
    unreadAfterSeq: opened.current?.unreadAfterSeq,
    hasOlder,
  });
  const peerId = conversation?.peerId || ("userId" in target ? target.userId : "");
  // Without a connection nobody knows.
  const presence = !connected ? "\u00a0" : online.has(peerId) ? "online" : "offline";
  return (
    <section class="pane" aria-label={`Conversation with ${title}`}>
      <header class="pane-header">
        <button
          class="icon back"
          type="button"
          aria-label="Back to the list"
          onClick={onBack}
          data-testid="back"
        >
          <BackIcon />
        </button>
        <Avatar name={title} size={40} online={online.has(peerId)} />
        <div class="pane-title">
          <h2 data-testid="chat-title">{title}</h2>
          <p data-testid="chat-subtitle">
            {group ? `${conversation.memberCount} members` : presence}
          </p>
        </div>
        {group && (
          <button
            class="icon"
            type="button"
            title="Group details"
            aria-label="Group details"
            onClick={onDetails}
            data-testid="group-details"
          >
            <InfoIcon />
          </button>
        )}
      </header>
      <MessageList
        rows={rows}
        group={group}
        hasOlder={hasOlder}
        onLoadOlder={() => client.loadOlder(conversationId)}
        onAtEnd={setAtEnd}
        onRetry={(id) => client.retry(id)}
        onDiscard={(id) => client.discard(id)}
      />
      {conversation?.left ? (
        <p class="left-note" data-testid="left-note">
          You are no longer a member of this group.
        </p>
      ) : (
        <Composer
          draftKey={peerId ? `user ${peerId}` : conversationId}
          name={title}
          onSend={(text) => {
            const to = conversationId ? { conversationId } : { userId: peerId };
            // A refusal shows at the message itself.
            client.sendText(to, text).catch(() => {});
          }}
        />
      )}
    </section>
  );
}
