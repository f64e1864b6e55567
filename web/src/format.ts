// Texts the page derives from what the client knows. Pure: the time and the reader are arguments.
import type { Content, Conversation, Message } from "flare-im-client";

const dayMs = 86_400_000;

function startOfDay(timeMs: number): number {
  return new Date(timeMs).setHours(0, 0, 0, 0);
}

/** Whole days between two local dates; a day that has 23 or 25 hours is one day too. */
function daysBetween(earlierMs: number, laterMs: number): number {
  return Math.round((startOfDay(laterMs) - startOfDay(earlierMs)) / dayMs);
}

export function sameDay(aMs: number, bMs: number): boolean {
  return startOfDay(aMs) === startOfDay(bMs);
}

export function clockTime(timeMs: number): string {
  return new Date(timeMs).toLocaleTimeString("en", {
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
  });
}

export function dayLabel(timeMs: number, nowMs: number): string {
  const days = daysBetween(timeMs, nowMs);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  const date = new Date(timeMs);
  if (days > 1 && days < 7) return date.toLocaleDateString("en", { weekday: "long" });
  const sameYear = date.getFullYear() === new Date(nowMs).getFullYear();
  return date.toLocaleDateString("en", {
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  });
}

/** For the conversation list: the time today, a weekday this week, else a date. */
export function shortTime(timeMs: number, nowMs: number): string {
  if (timeMs === 0) return "";
  const days = daysBetween(timeMs, nowMs);
  if (days <= 0) return clockTime(timeMs);
  if (days === 1) return "Yesterday";
  const date = new Date(timeMs);
  if (days < 7) return date.toLocaleDateString("en", { weekday: "short" });
  return date.toLocaleDateString("en", { day: "numeric", month: "short" });
}

export function titleOf(conversation: Conversation): string {
  if (conversation.title !== "") return conversation.title;
  if (conversation.type === "single") return conversation.peerId || "Saved messages";
  return "Group";
}

function listOf(names: readonly string[], me: string): string {
  const shown = names.map((name) => (name === me ? "you" : name));
  if (shown.length <= 1) return shown.join("");
  return `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`;
}

/** A change of the conversation, as a sentence. */
export function operationText(message: Message, me: string): string {
  if (message.content.kind !== "operation") return "";
  const { operation } = message.content;
  const who = message.senderId === me ? "You" : message.senderId;
  switch (operation.kind) {
    case "conversation_created":
      return operation.type === "single" ? "Chat started" : `${who} created “${operation.title}”`;
    case "members_added":
      return `${who} added ${listOf(operation.userIds, me)}`;
    case "members_removed": {
      const [only] = operation.userIds;
      if (operation.userIds.length === 1 && only === message.senderId) return `${who} left`;
      return `${who} removed ${listOf(operation.userIds, me)}`;
    }
    case "conversation_renamed":
      return `${who} renamed the group to “${operation.title}”`;
    default:
      return "The conversation was changed";
  }
}

export function contentText(content: Content): string {
  if (content.kind === "text") return content.text;
  if (content.kind === "custom") return `[${content.type}]`;
  return "[message]";
}

export function previewText(conversation: Conversation, me: string): string {
  const { preview } = conversation;
  if (!preview) return "";
  if (preview.content.kind === "operation") return operationText(preview, me);
  const text = contentText(preview.content).replace(/\s+/g, " ");
  // Ours carry a tick, which says enough.
  const named = conversation.type !== "single" && preview.senderId !== me;
  return named ? `${preview.senderId}: ${text}` : text;
}

export function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter((word) => word !== "");
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? "");
  return letters.join("").toUpperCase() || "?";
}

/** The same name has the same colour everywhere. */
export function hueOf(name: string): number {
  let hash = 2_166_136_261;
  for (const character of name)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619);
  return (hash >>> 0) % 360;
}

export interface TextPart {
  text: string;
  href?: string;
}

/** Splits out web addresses. Only http and https: a message must not be able to run a script. */
export function linkParts(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"]+[^\s<>".,:;!?)\]}']/g)) {
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: match[0], href: match[0] });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}
