// Line icons, drawn here so that the page loads nothing.
import type { ComponentChildren } from "preact";
import type { MessageStatus } from "../rows";

function Icon({
  children,
  size = 20,
  box = "0 0 24 24",
}: {
  children: ComponentChildren;
  size?: number;
  box?: string;
}) {
  return (
    <svg
      width={size}
      height={size}
      viewBox={box}
      fill="none"
      stroke="currentColor"
      stroke-width="1.9"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const ChatIcon = () => (
  <Icon>
    <path d="M20 11.5a7.5 7.5 0 0 1-11.2 6.5L4 19.5l1.5-4.4A7.5 7.5 0 1 1 20 11.5z" />
    <path d="M12.5 8.5v6M9.5 11.5h6" />
  </Icon>
);
export const GroupIcon = () => (
  <Icon>
    <circle cx="9" cy="8" r="3.5" />
    <path d="M2.5 19.5c.5-3.5 3.2-5.5 6.5-5.5s6 2 6.5 5.5M18 8v6M15 11h6" />
  </Icon>
);
export const LeaveIcon = () => (
  <Icon>
    <path d="M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M10 16l4-4-4-4M14 12H4" />
  </Icon>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M18.4 5.6l-1.1 1.1M6.7 17.3l-1.1 1.1" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z" />
  </Icon>
);
export const AutoIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8" />
    <path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" />
  </Icon>
);
export const BackIcon = () => (
  <Icon>
    <path d="M15 5l-7 7 7 7" />
  </Icon>
);
export const SendIcon = () => (
  <Icon>
    <path d="M4 12 20 4l-4.5 16-4-6.5L4 12zM11.5 13.5 20 4" />
  </Icon>
);
export const DownIcon = () => (
  <Icon>
    <path d="M6 9l6 6 6-6" />
  </Icon>
);
export const InfoIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 11v5M12 8v.01" />
  </Icon>
);
export const SearchIcon = () => (
  <Icon size={18}>
    <circle cx="11" cy="11" r="6" />
    <path d="M20 20l-4.5-4.5" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="M6 6l12 12M18 6 6 18" />
  </Icon>
);

const statusNames: Record<MessageStatus, string> = {
  sending: "Sending",
  accepted: "Sent",
  delivered: "Delivered",
  read: "Read",
  failed: "Not sent",
};

/** Clock, one tick, two ticks, two blue ticks. */
export function StatusIcon({ status }: { status: MessageStatus }) {
  return (
    <span
      class={`status status-${status}`}
      role="img"
      aria-label={statusNames[status]}
      title={statusNames[status]}
      data-testid="message-status"
    >
      <Icon size={16} box="0 0 18 18">
        {status === "sending" && (
          <>
            <circle cx="9" cy="9" r="5.5" stroke-width="1.5" />
            <path d="M9 6v3l2 1.5" stroke-width="1.5" />
          </>
        )}
        {status === "accepted" && <path d="M4 9.5 7.5 13 14 5.5" stroke-width="1.7" />}
        {(status === "delivered" || status === "read") && (
          <path d="M1 9.5 4.5 13 11 5.5M8.5 12.2l.9.8L16 5.5" stroke-width="1.7" />
        )}
        {status === "failed" && (
          <>
            <circle cx="9" cy="9" r="6" stroke-width="1.5" />
            <path d="M9 5.8v3.7M9 12v.01" stroke-width="1.7" />
          </>
        )}
      </Icon>
    </span>
  );
}
