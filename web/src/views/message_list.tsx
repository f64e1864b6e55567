// The scrolling part: older messages load as it nears its top without a jump, new ones keep it at
// its end when it was there.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { clockTime, hueOf, linkParts } from "../format";
import type { MessageRow, Row } from "../rows";
import { Avatar } from "./avatar";
import { DownIcon, StatusIcon } from "./icons";

interface Props {
  rows: readonly Row[];
  group: boolean;
  hasOlder: boolean;
  onLoadOlder(): Promise<boolean>;
  onAtEnd(atEnd: boolean): void;
  onRetry(clientMessageId: string): void;
  onDiscard(clientMessageId: string): void;
}

/** So far from the top, older messages are asked for: before the reader gets there. */
const loadWithinPixels = 400;
/** So near the end counts as at the end. */
const endWithinPixels = 40;

export function MessageList({
  rows,
  group,
  hasOlder,
  onLoadOlder,
  onAtEnd,
  onRetry,
  onDiscard,
}: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const before = useRef({ height: 0, firstKey: "", lastKey: "" });
  const atEnd = useRef(true);
  const loading = useRef(false);
  const [shownAtEnd, setShownAtEnd] = useState(true);
  const [failed, setFailed] = useState(false);

  const noteEnd = (value: boolean) => {
    atEnd.current = value;
    setShownAtEnd(value);
    onAtEnd(value);
  };
  const toEnd = () => {
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
    noteEnd(true);
  };
  const load = async () => {
    if (loading.current || !hasOlder) return;
    loading.current = true;
    try {
      await onLoadOlder();
      setFailed(false);
    } catch {
      setFailed(true);
    } finally {
      loading.current = false;
    }
  };

  const firstKey = rows.find((row) => row.kind === "message" || row.kind === "system")?.key ?? "";
  const last = rows[rows.length - 1];
  const lastKey = last?.key ?? "";

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const known = before.current;
    const opened = known.lastKey === "" && lastKey !== "";
    const ownNew = lastKey !== known.lastKey && last?.kind === "message" && last.own;
    const mark = opened ? element.querySelector<HTMLElement>("[data-testid=unread-mark]") : null;
    if (mark && element.scrollHeight - mark.offsetTop > element.clientHeight) {
      // More is unread than fits: begin where the reader stopped.
      element.scrollTop = mark.offsetTop - 60;
      noteEnd(false);
    } else if (atEnd.current || ownNew || opened) {
      toEnd();
    } else if (firstKey !== known.firstKey) {
      element.scrollTop += element.scrollHeight - known.height;
    }
    before.current = { height: element.scrollHeight, firstKey, lastKey };
  }, [firstKey, lastKey, rows.length]);

  // Also when the first messages do not fill the pane, and after each page that was not enough.
  useEffect(() => {
    const element = scroller.current;
    if (element && !failed && element.scrollTop < loadWithinPixels) void load();
  }, [firstKey, hasOlder]);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const scrolled = () => {
    const element = scroller.current;
    if (!element) return;
    const end = element.scrollHeight - element.scrollTop - element.clientHeight < endWithinPixels;
    if (end !== atEnd.current) noteEnd(end);
    if (element.scrollTop < loadWithinPixels) void load();
  };

  return (
    <div class="messages-frame">
      <div
        class="messages"
        ref={scroller}
        onScroll={scrolled}
        role="log"
        aria-live="polite"
        aria-label="Messages"
        tabIndex={0}
        data-testid="messages"
      >
        <div class="messages-inner">
          {hasOlder && (
            <div class="older" data-testid="older">
              {failed ? (
                <button class="plain" type="button" onClick={() => void load()}>
                  Load older messages
                </button>
              ) : (
                <span class="spinner" role="img" aria-label="Loading older messages" />
              )}
            </div>
          )}
          {rows.map((row) => {
            switch (row.kind) {
              case "day":
                return (
                  <div key={row.key} class="day" data-testid="day">
                    <span>{row.label}</span>
                  </div>
                );
              case "system":
                return (
                  <div key={row.key} class="system" data-testid="system-line">
                    <span>{row.text}</span>
                  </div>
                );
              case "unread":
                return (
                  <div key={row.key} class="unread-mark" data-testid="unread-mark">
                    <span>New messages</span>
                  </div>
                );
              default:
                return (
                  <Bubble
                    key={row.key}
                    row={row}
                    group={group}
                    onRetry={onRetry}
                    onDiscard={onDiscard}
                  />
                );
            }
          })}
        </div>
      </div>
      {!shownAtEnd && (
        <button
          class="to-end"
          type="button"
          aria-label="To the newest message"
          title="To the newest message"
          onClick={toEnd}
          data-testid="to-end"
        >
          <DownIcon />
        </button>
      )}
    </div>
  );
}

interface BubbleProps {
  row: MessageRow;
  group: boolean;
  onRetry(clientMessageId: string): void;
  onDiscard(clientMessageId: string): void;
}

function Bubble({ row, group, onRetry, onDiscard }: BubbleProps) {
  const { own, opens, closes, status } = row;
  const classes = ["message", own ? "own" : "other", opens ? "opens" : "", closes ? "closes" : ""];
  const showSender = group && !own;
  return (
    <div
      class={classes.join(" ")}
      data-testid="message"
      data-seq={row.seq || undefined}
      data-own={own}
      data-status={status}
      data-sender={row.senderId}
    >
      {showSender && (
        <span class="message-avatar">{closes && <Avatar name={row.senderId} size={30} />}</span>
      )}
      <div class="bubble">
        {showSender && opens && (
          <span class="sender" style={{ "--hue": String(hueOf(row.senderId)) }}>
            {row.senderId}
          </span>
        )}
        <span class="text" data-testid="message-text">
          {linkParts(row.text).map((part, index) =>
            part.href ? (
              <a key={index} href={part.href} target="_blank" rel="noopener noreferrer">
                {part.text}
              </a>
            ) : (
              part.text
            ),
          )}
        </span>
        <span class="meta">
          <time dateTime={new Date(row.timeMs).toISOString()}>{clockTime(row.timeMs)}</time>
          {status && <StatusIcon status={status} />}
        </span>
      </div>
      {status === "failed" && (
        <div class="failure" role="alert" data-testid="message-failure">
          <span>Not sent{row.error ? `: ${row.error}` : "."}</span>
          <button class="plain" type="button" onClick={() => onRetry(row.clientMessageId)}>
            Try again
          </button>
          <button class="plain" type="button" onClick={() => onDiscard(row.clientMessageId)}>
            Delete
          </button>
        </div>
      )}
    </div>
  );
}
