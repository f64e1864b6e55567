import { hueOf, initials } from "../format";

export function Avatar({
  name,
  size = 46,
  online = false,
}: {
  name: string;
  size?: number;
  online?: boolean;
}) {
  return (
    <span
      class="avatar"
      style={{ "--hue": String(hueOf(name)), "--size": `${size}px` }}
      aria-hidden="true"
    >
      {initials(name)}
      {online && <span class="online-dot" />}
    </span>
  );
}
