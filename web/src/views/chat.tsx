// The chat itself: the list, the open conversation and the dialogs, and which of them is shown.
import type { FlareClient } from "flare-im-client";
import { useEffect, useState } from "preact/hooks";
import { useClientChanges, useOnline } from "../hooks";
import { ConnectionBanner } from "./banner";
import { GroupDetails, NewChat, NewGroup } from "./dialogs";
import { Pane } from "./pane";
import { Sidebar } from "./sidebar";

/** A conversation, or a user we may not have talked to yet. */
export type Target = { conversationId: string } | { userId: string };

type OpenDialog = "chat" | "group" | "details";

export function Chat({ client, onLogout }: { client: FlareClient; onLogout(): void }) {
  useClientChanges(client);
  const [target, setTarget] = useState<Target>();
  const [dialog, setDialog] = useState<OpenDialog>();
  const conversations = client.conversations();
  const peerIds = conversations
    .map((conversation) => conversation.peerId)
    .filter((id) => id !== "");
  const wanted = target && "userId" in target ? [target.userId] : [];
  const online = useOnline(client, [...new Set([...wanted, ...peerIds])].sort());
  const me = client.session?.userId ?? "";

  // Where a first message has made the conversation, it takes the user's place.
  const found = target && "userId" in target ? client.conversationWith(target.userId) : undefined;
  const open: Target | undefined = found ? { conversationId: found.conversationId } : target;
  const openId = open && "conversationId" in open ? open.conversationId : undefined;

  const unread = conversations.reduce((sum, conversation) => sum + conversation.unread, 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Flare` : "Flare";
  }, [unread]);

  const close = () => setDialog(undefined);
  const show = (chosen: Target) => {
    setTarget(chosen);
    close();
  };
  return (
    <div class="app" data-open={open !== undefined}>
      <ConnectionBanner state={client.state} onRetry={() => client.networkChanged()} />
      <Sidebar
        client={client}
        me={me}
        conversations={conversations}
        online={online}
        openId={openId}
        onOpen={(conversationId) => setTarget({ conversationId })}
        onNewChat={() => setDialog("chat")}
        onNewGroup={() => setDialog("group")}
        onLogout={onLogout}
      />
      {open ? (
        <Pane
          // A user's pane becomes its conversation's without losing what is being written.
          key={
            openId && found
              ? `user ${found.peerId}`
              : (openId ?? `user ${"userId" in open ? open.userId : ""}`)
          }
          client={client}
          me={me}
          target={open}
          online={online}
          onBack={() => setTarget(undefined)}
          onDetails={() => setDialog("details")}
        />
      ) : (
        <section class="empty-pane">
          <img src="./icon.svg" alt="" width="72" height="72" />
          <p>
            {conversations.length > 0 ? "Choose a conversation." : "Start your first conversation."}
          </p>
          <button class="primary" type="button" onClick={() => setDialog("chat")}>
            New chat
          </button>
        </section>
      )}
      {dialog === "chat" && (
        <NewChat me={me} onChoose={(userId) => show({ userId })} onClose={close} />
      )}
      {dialog === "group" && (
        <NewGroup
          client={client}
          me={me}
          known={[...new Set(peerIds)]}
          onCreated={(conversationId) => show({ conversationId })}
          onClose={close}
        />
      )}
      {dialog === "details" && openId && (
        <GroupDetails client={client} me={me} conversationId={openId} onClose={close} />
      )}
    </div>
  );
}
