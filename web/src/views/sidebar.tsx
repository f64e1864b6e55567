import type { Conversation, FlareClient } from "flare-im-client";
import { useState } from "preact/hooks";
import { previewText, shortTime, titleOf } from "../format";
import { useNow, useTheme } from "../hooks";
import { Avatar } from "./avatar";
import {
  AutoIcon,
  ChatIcon,
  GroupIcon,
  LeaveIcon,
  MoonIcon,
  SearchIcon,
  StatusIcon,
  SunIcon,
} from "./icons";

interface Props {
  client: FlareClient;
  me: string;
  conversations: readonly Conversation[];
  online: ReadonlySet<string>;
  openId: string | undefined;
  onOpen(conversationId: string): void;
  onNewChat(): void;
  onNewGroup(): void;
  onLogout(): void;
}

export function Sidebar(props: Props) {
  const { client, me, conversations, online, openId, onOpen } = props;
  const [filter, setFilter] = useState("");
  const [theme, nextTheme] = useTheme();
  const nowMs = useNow(30_000);
  const wanted = filter.trim().toLowerCase();
  const shown = conversations.filter((conversation) =>
    titleOf(conversation).toLowerCase().includes(wanted),
  );
  return (
    <aside class="sidebar">
      <header class="sidebar-header">
        <Avatar name={me || "?"} size={38} />
        <span class="me" data-testid="me">
          {me || "…"}
        </span>
        <button
          class="icon"
          type="button"
          title="New chat"
          aria-label="New chat"
          onClick={props.onNewChat}
          data-testid="new-chat"
        >
          <ChatIcon />
        </button>
        <button
          class="icon"
          type="button"
          title="New group"
          aria-label="New group"
          onClick={props.onNewGroup}
          data-testid="new-group"
        >
          <GroupIcon />
        </button>
        <button
          class="icon"
          type="button"
          title={`Colours: ${theme}`}
          aria-label={`Colours: ${theme}`}
          onClick={nextTheme}
          data-testid="theme"
        >
          {theme === "auto" ? <AutoIcon /> : theme === "light" ? <SunIcon /> : <MoonIcon />}
        </button>
        <button
          class="icon"
          type="button"
          title="Log out"
          aria-label="Log out"
          onClick={props.onLogout}
          data-testid="logout"
        >
          <LeaveIcon />
        </button>
      </header>
      <label class="search">
        <SearchIcon />
        <input
          type="search"
          placeholder="Search conversations"
          aria-label="Search conversations"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
          data-testid="filter"
        />
      </label>
      <nav
        class="conversations"
        aria-label="Conversations"
        data-testid="conversation-list"
        onKeyDown={moveFocus}
      >
        {shown.map((conversation) => (
          <Item
            key={conversation.conversationId}
            client={client}
            me={me}
            conversation={conversation}
            online={online.has(conversation.peerId)}
            open={conversation.conversationId === openId}
            nowMs={nowMs}
            onOpen={onOpen}
          />
        ))}
        {shown.length === 0 && (
          <p class="nothing">
            {wanted === "" ? "No conversations yet." : "Nothing has this name."}
          </p>
        )}
      </nav>
    </aside>
  );
}

interface ItemProps {
  client: FlareClient;
  me: string;
  conversation: Conversation;
  online: boolean;
  open: boolean;
  nowMs: number;
  onOpen(conversationId: string): void;
}

function Item({ client, me, conversation, online, open, nowMs, onOpen }: ItemProps) {
  const { conversationId, unread, preview } = conversation;
  const title = titleOf(conversation);
  const own =
    preview?.senderId === me && preview.content.kind !== "operation" ? preview : undefined;
  return (
    <button
      class="conversation"
      type="button"
      aria-current={open ? "true" : undefined}
      onClick={() => onOpen(conversationId)}
      data-testid="conversation"
      data-conversation-id={conversationId}
      data-title={title}
    >
      <Avatar name={title} online={online} />
      <span class="conversation-title" data-testid="conversation-title">
        {title}
      </span>
      <span
        class={unread > 0 ? "conversation-time fresh" : "conversation-time"}
        data-testid="conversation-time"
      >
        {shortTime(conversation.lastTimeMs, nowMs)}
      </span>
      <span
        class={unread > 0 ? "conversation-preview" : "conversation-preview wide"}
        data-testid="conversation-preview"
      >
        {own && <StatusIcon status={client.statusOf(own)} />}
        <span>{previewText(conversation, me)}</span>
      </span>
      {unread > 0 && (
        <span class="badge" aria-label={`${unread} unread`} data-testid="unread-badge">
          {unread > 999 ? "999+" : unread}
        </span>
      )}
    </button>
  );
}

/** Arrow keys walk the list. */
function moveFocus(event: KeyboardEvent): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const current = document.activeElement;
  const next =
    event.key === "ArrowDown" ? current?.nextElementSibling : current?.previousElementSibling;
  if (next instanceof HTMLButtonElement) {
    event.preventDefault();
    next.focus();
  }
}
